// SPDX-License-Identifier: Apache-2.0
#include "mkimage/memo_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"

#define STATE "state"
#define STATE_NEW "state.new"
#define HEAD "stencil-memo 1 "
#define CONDEMNED HEAD "damaged\n"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define CHUNK (256 * 1024)
#define TEXT_MAX 256

static int lock(int fd, int how)
{
	while (flock(fd, how))
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* "clean SIZE HASH\n" of the environment's file.  -ENOENT. */
static int describe_clean(int dirfd, char text[static TEXT_MAX])
{
	_cleanup_fd int fd = openat(dirfd, MEMO_DATA,
				    O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					    O_CLOEXEC);
	_cleanup_free char *buf = malloc(CHUNK);
	XXH3_state_t *hash;
	uint64_t size = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	hash = XXH3_createState();
	if (!buf || !hash) {
		XXH3_freeState(hash);
		return -ENOMEM;
	}
	XXH3_64bits_reset(hash);
	while ((n = fileio_read_full(fd, buf, CHUNK)) > 0) {
		XXH3_64bits_update(hash, buf, (size_t)n);
		size += (uint64_t)n;
	}
	snprintf(text, TEXT_MAX, HEAD "clean %" PRIu64 " %016" PRIx64 "\n",
		 size, (uint64_t)XXH3_64bits_digest(hash));
	XXH3_freeState(hash);
	return n < 0 ? (int)n : 0;
}

/* "dirty BOOT\n" */
static int describe_dirty(char text[static TEXT_MAX])
{
	_cleanup_bytes struct bytes boot = BYTES_INIT;
	int r = fileio_read_file(AT_FDCWD, BOOT_ID, 64, &boot);

	if (!r)
		snprintf(text, TEXT_MAX, HEAD "dirty %s", boot.data);
	return r;
}

/* Whole or not at all, but for a power cut, after which it does not match. */
static int write_state(int dirfd, const char *text)
{
	_cleanup_fd int fd = openat(dirfd, STATE_NEW,
				    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
					    O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = fileio_write_all(fd, text, strlen(text));
	if (r)
		return r;
	return renameat(dirfd, STATE_NEW, dirfd, STATE) ? -errno : 0;
}

/* Why what is there cannot be used: NULL if it can, or if nothing is there. */
static int find_fault(int dirfd, const char **ret)
{
	_cleanup_bytes struct bytes state = BYTES_INIT;
	char dirty[TEXT_MAX], clean[TEXT_MAX];
	int r = fileio_read_file(dirfd, STATE, TEXT_MAX, &state), nothing;

	if (r == -ENOMEM)
		return r;
	nothing = faccessat(dirfd, MEMO_DATA, F_OK, AT_SYMLINK_NOFOLLOW);
	*ret = NULL;
	if (nothing && errno == ENOENT && r == -ENOENT)
		return 0;
	*ret = "damaged, or not a memo";
	if (r || !state.data)
		return 0;
	r = describe_dirty(dirty);
	if (r)
		return r;
	if (!strcmp(state.data, dirty)) {
		*ret = NULL;
	} else if (!strncmp(state.data, dirty, strlen(HEAD "dirty "))) {
		*ret = "was being written when the machine went down";
	} else {
		r = describe_clean(dirfd, clean);
		if (r == -ENOMEM)
			return r;
		if (!r && !strcmp(state.data, clean))
			*ret = NULL;
	}
	return 0;
}

static int discard(int dirfd)
{
	static const char *const names[] = { MEMO_DATA, MEMO_COPY, STATE,
					      STATE_NEW };
	int r = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !r; i++) {
		r = fileio_remove_tree(dirfd, names[i]);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/* With the exclusive lock. */
static int prepare(int dirfd)
{
	const char *fault;
	int r = find_fault(dirfd, &fault);

	if (!r && fault) {
		log_warning(0, "the store's memo: %s; thrown away, the next builds read all files",
			    fault);
		r = discard(dirfd);
	}
	/* Who held it is gone. */
	if (!r)
		r = fileio_remove_tree(dirfd, MEMO_LOCK);
	if (r && r != -ENOENT)
		return r;
	/* Before LMDB makes its file: one without a state is not ours. */
	if (faccessat(dirfd, MEMO_DATA, F_OK, AT_SYMLINK_NOFOLLOW))
		return memo_state_dirty(dirfd);
	return 0;
}

int memo_state_enter(int dirfd)
{
	int r = lock(dirfd, LOCK_EX | LOCK_NB);

	if (r == -EWOULDBLOCK)
		return lock(dirfd, LOCK_SH);
	if (!r)
		r = prepare(dirfd);
	return r ? r : 1;
}

/* Not one step, but what another does in between is memo_state_enter() too,
 * and finds all in order. */
int memo_state_share(int dirfd)
{
	return lock(dirfd, LOCK_SH);
}

int memo_state_dirty(int dirfd)
{
	char text[TEXT_MAX];
	int r = describe_dirty(text);

	return r ? r : write_state(dirfd, text);
}

int memo_state_condemn(int dirfd)
{
	return write_state(dirfd, CONDEMNED);
}

int memo_state_leave(int dirfd)
{
	_cleanup_bytes struct bytes state = BYTES_INIT;
	char text[TEXT_MAX];
	int r = lock(dirfd, LOCK_EX | LOCK_NB);

	if (r)
		return r == -EWOULDBLOCK ? 0 : r;
	r = fileio_read_file(dirfd, STATE, TEXT_MAX, &state);
	if (!r && state.data &&
	    !strncmp(state.data, HEAD "dirty ", strlen(HEAD "dirty "))) {
		r = describe_clean(dirfd, text);
		if (!r)
			r = write_state(dirfd, text);
	}
	(void)flock(dirfd, LOCK_UN); /* closing would do it too */
	return r;
}
