/* SPDX-License-Identifier: Apache-2.0 */
/*
 * START HERE: fs/ops.c maps each operation of the kernel to its handler.  The
 * table itself is declared in fs/fs.h.
 */
#ifndef STENCIL_FS_OPS_H
#define STENCIL_FS_OPS_H

#include "fs/fs.h"

#endif
