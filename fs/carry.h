/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a break carries over besides data: owner, mode, times, attributes.
 *
 * Thread safety: no state.  Errors: negative errno; nothing is skipped, an
 * attribute that cannot be carried fails the break.
 */
#ifndef STENCIL_FS_CARRY_H
#define STENCIL_FS_CARRY_H

#include "fs/stage.h"

/* All attributes of `from`, which lies in a foreign layer or not, but the
 * layers' own marks.  ACLs and capabilities
 * are attributes. */
int carry_xattrs(const struct fs *fs, const struct place *from, bool foreign,
		 int to_fd);

/* Owner, mode, attributes and, last, times. */
int carry_all(const struct place *from, bool foreign, const struct stat *st,
	      struct staged *to);

#endif
