/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structures that the operations share.  Each field says what protects
 * it; docs/locking.md has the order of the locks and the reasons.
 *
 * Ownership: a struct node lives as long as its reference count, which counts
 * the kernel's look-ups, open files, names of children and work in progress.
 * A struct lower lives as long as its references too.
 */
#ifndef STENCIL_FS_FS_TYPES_H
#define STENCIL_FS_FS_TYPES_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/layer_format.h"
#include "base/table.h"
#include "base/tindex.h"
#include "fs/classes.h"
#include "fs/counters.h"
#include "fs/fdcache.h"
#include "fs/passthrough.h"

/* One read-only directory tree.  Immutable after mount. */
struct layer {
	unsigned index; /* 0 is the topmost */
	int fd;		/* root, O_PATH */
	int guardfd;	/* the same by a read-only mount of our own, or -1 */
	int parentfd;	/* what a template's root stands in, or -1 */
	atomic_bool refused; /* the kernel does not read it by itself */
	dev_t dev;
	uint64_t ino_base; /* added to its inode numbers, see layers.h */
	bool foreign;	   /* not a template of ours: all dialects of whiteouts
			      are read */
	struct tindex *tindex; /* a template's index, or NULL */
	int tindex_error;      /* why not */
	bool has_uuid;
	unsigned char uuid[16];
};

struct lower_names;

/* A position in a layer: a directory or the file of a node.  Immutable but
 * for the descriptor cache and the reference count. */
struct lower {
	atomic_uint refs;
	struct layer *layer;
	struct lower *parent; /* holds a reference; NULL for the root */
	char *merged;	      /* path as the layers above see it, where that
				 differs from the path in the layer */
	uint64_t ino;	      /* as in the layer */
	dev_t dev;
	const struct tindex_entry *entry; /* in the layer's index, if any */
	bool has_xwhiteouts;  /* whiteouts that are attributes may be inside */
	struct lower_names *_Atomic names; /* directories of foreign layers,
					      once a name was missed */
	struct fdslot dir;    /* directories only */
	char name[];
};

/* A name of a node in the container. */
struct alias {
	struct alias *next;
	struct node *parent; /* holds a reference */
	char name[];
};

struct io;
struct listing;
struct fuse_session;
struct transport;

/* What only directories have. */
struct node_dir {
	pthread_rwlock_t names; /* the names in this directory, all layers */
	struct fdslot upper;	/* its private directory, once there is one */
	struct lower **lowers;	/* immutable; top first */
	unsigned nheld;		/* entries in lowers; immutable */
	atomic_uint nlowers;	/* entries that count: nheld, or 0 once the
				   private directory has become opaque */
	struct listing *listing; /* node->lock; NULL: not built or outdated */
	bool impure;		 /* node->lock; the private directory is marked
				    as holding broken files */
};

enum node_flags {
	NODE_UPPER = 1,	   /* has a private inode */
	NODE_METACOPY = 2, /* the private inode has no data: it is in `data` */
	NODE_INDEXED = 4,  /* the private inode has a name in the index */
	NODE_RDEV00 = 8,   /* a container's own device 0/0, see layer_format.h */
};

struct node {
	struct table_entry by_lower; /* the table's shards */
	struct table_entry by_upper; /* the same */
	_Atomic uint64_t id;	     /* what the kernel calls it; changes once
					at most, under busy and lock: io.h */
	_Atomic uint64_t old_id;     /* what it was called before, or 0; set
					before id changes */
	uint64_t ino;		     /* st_ino to report; immutable */
	atomic_ulong refs;
	pthread_mutex_t busy; /* breaks, changes of names and attributes; may be
				 held while data is copied */
	pthread_mutex_t lock; /* the fields below; held for a few instructions */
	uint64_t upper_ino;   /* with NODE_UPPER; for checks */
	unsigned flags;	      /* enum node_flags; set only under busy too */
	bool keyed_lower, keyed_upper; /* which table entries are in use */
	struct fdref *orphan; /* O_PATH or better, while no name is known; or
				 NULL */
	struct alias *aliases;
	atomic_uint epoch;    /* counts changes of where the data is */
	mode_t type;	      /* S_IFMT bits; immutable */
	uint32_t links;	      /* names in the template; immutable */
	struct lower *lower;  /* files: as the layers show it, or NULL; immutable
				 once the node is published */
	struct lower *data;   /* files: where the data is unless private;
				 immutable; may equal lower */
	char *index_name;     /* name in the index if links > 1, or NULL;
				 immutable */
	struct node_dir *dir; /* directories; immutable pointer */
	struct io *io;	      /* lock; its open files, or NULL: none */
	bool in_ring;	      /* its io may be, or has been, in fs->ios; set
				 before it is */
	bool barred;	      /* lock; no passthrough to the template, see io.h */
	bool passed;	      /* lock; the kernel's pages of it may be old */
	atomic_bool mapped;   /* it may change without a request, see io.h */
	unsigned map_opens;   /* lock; how often that has begun */
};

/* Ways of reading in the template, in use or kept, see fs/io.h. */
struct io_ring {
	pthread_mutex_t lock;
	struct io *hand; /* lock; NULL: none */
	atomic_size_t count; /* written under lock */
	size_t max;	 /* beyond it none is kept; immutable after mount */
};

struct fs {
	struct layer *layers; /* top first */
	struct lower **roots; /* of each layer */
	unsigned nlayers;
	int upper_fd;  /* O_PATH, or -1: read-only */
	int work_fd;   /* work/work, where things are built out of sight */
	int index_fd;  /* work/index, or -1 without a private area */
	dev_t upper_dev;
	uint64_t upper_base; /* added to private inode numbers */
	bool is_volatile, templates;
	bool userxattr;	     /* user.overlay. instead of trusted.overlay. */
	uint64_t generation; /* random: handles of other mounts do not fit */
	struct fuse_session *se; /* for notifications; immutable after start */
	const struct transport *transport; /* for the status; the same */
	pthread_mutex_t burials; /* ends of node ids, against look-ups by ids
				    that the kernel does not hold */
	struct slots *nodes; /* id -> struct node */
	struct slots *files; /* fh -> struct file */
	struct table table;  /* identity -> struct node */
	struct fdcache fdcache;
	struct node *root;
	atomic_ulong stage_seq; /* names in the work directory */
	struct counters counters;
	struct passthrough passthrough;
	struct classes classes;
	struct io_ring ios;
	atomic_bool upper_refused; /* as in struct layer, of the private area */
};

#endif
