/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Names and structures that stand on disk in a layer: the private area, a
 * template's tree, an overlayfs or container-engine layer.  Included by user
 * space and by the kernel module, so: no functions, fixed-width little-endian
 * fields, sizes asserted.  docs/formats.md describes them in prose.
 *
 * Sources: Linux Documentation/filesystems/overlayfs.rst and fs/overlayfs
 * (attribute names, struct ovl_fb and struct ovl_metacopy as the on-disk
 * contract); the OCI image specification's layer chapter (.wh. names).
 */
#ifndef STENCIL_BASE_LAYER_FORMAT_H
#define STENCIL_BASE_LAYER_FORMAT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <linux/types.h>
#include <assert.h>
#endif

/* overlayfs's attributes, without their namespace prefix. */
#define LAYER_OPAQUE "opaque"	  /* "y": hides the layers below; "x": may hold
				     whiteouts that are attributes */
#define LAYER_REDIRECT "redirect" /* path or name in the layers below */
#define LAYER_METACOPY "metacopy" /* no data here: data is below */
#define LAYER_ORIGIN "origin"	  /* struct layer_handle of what was broken */
#define LAYER_IMPURE "impure"	  /* "y": directory holds broken files */
#define LAYER_NLINK "nlink"	  /* "U+n" or "L+n": links in the union */
#define LAYER_WHITEOUT "whiteout" /* on an empty regular file: a whiteout */
#define LAYER_UPPER "upper"	  /* on the index: handle of its upper root */

#define LAYER_NS_TRUSTED "trusted.overlay."
#define LAYER_NS_USER "user.overlay."
#define LAYER_NS_FUSE "user.fuseoverlayfs."
/* "overlay." once more after the prefix: an attribute that a container set. */
#define LAYER_NS_ESCAPE "overlay."

/* Ours.  Never visible or settable through a mount. */
#define STENCIL_NS_TRUSTED "trusted.stencil."
#define STENCIL_NS_USER "user.stencil."
#define STENCIL_SHA1 "sha1"   /* 40 hex digits: the content's SHA-1 */
#define STENCIL_LINKS "links" /* "N HEX": a hard-link group of N names; HEX
				 identifies the set of names */
#define STENCIL_INO "ino"     /* decimal: the st_ino to report */
#define STENCIL_RDEV "rdev"   /* "0:0" on an empty regular file: a container's
				 own character device 0/0, not a whiteout */

/* AUFS names, as in OCI layers. */
#define LAYER_WH_PREFIX ".wh."
#define LAYER_WH_OPAQUE ".wh..wh..opq"

/* A file handle as overlayfs stores it (struct ovl_fb). */
#define LAYER_HANDLE_VERSION 0
#define LAYER_HANDLE_MAGIC 0xfb
#define LAYER_HANDLE_BIG_ENDIAN 0x01
#define LAYER_HANDLE_PATH_UPPER 0x04

struct layer_handle {
	__u8 version;
	__u8 magic;
	__u8 len; /* of the whole, header included */
	__u8 flags;
	__u8 type; /* the file system's handle type */
	__u8 uuid[16];
	__u8 fid[]; /* len - 21 bytes */
} __attribute__((packed));

#define LAYER_HANDLE_MAX (21 + 128)

#ifndef __KERNEL__
static_assert(sizeof(struct layer_handle) == 21, "layer_handle is on disk");
#endif

#endif
