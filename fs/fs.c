/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/carry.h"
#include "fs/file.h"
#include "fs/index.h"
#include "fs/io.h"
#include "fs/marks.h"
#include "fs/node.h"
#include "fs/stage.h"
#include "fs/transport.h"

/* Of the descriptors that the process may have, directories take a part; the
 * rest is for open files. */
static size_t dir_limit(void)
{
	struct rlimit rl;
	size_t limit = 256;

	if (!getrlimit(RLIMIT_NOFILE, &rl)) {
		limit = rl.rlim_cur / 4;
		if (limit > 4096)
			limit = 4096;
		if (limit < 16)
			limit = 16;
	}
	return limit;
}

static int open_subdir(int dirfd, const char *name, int *ret)
{
	int fd;

	if (mkdirat(dirfd, name, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(dirfd, name,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret = fd;
	return 0;
}

static int open_work(struct fs *fs, const char *path)
{
	_cleanup_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	/* What is built there must get its place by rename(2). */
	if (st.st_dev != fs->upper_dev)
		return -EXDEV;
	r = open_subdir(fd, "work", &fs->work_fd);
	if (!r)
		r = open_subdir(fd, "index", &fs->index_fd);
	if (!r)
		r = stage_clean(fs);
	if (!r)
		r = index_clean(fs);
	return r ? r : stage_probe(fs);
}

/* A new container's root looks like the template's. */
static int adopt_root(struct fs *fs)
{
	struct place from = { .dirfd = fs->layers[0].fd };
	struct staged to = { .fs = fs, .fd = fs->upper_fd, .is_dir = true };
	_cleanup_marks struct marks m = { 0 };
	struct stat st;
	struct timespec ts[2];
	char path[FILEIO_PROC_PATH];
	int r = marks_read(fs, fs->upper_fd, NULL, MARKS_PRIVATE, &m);

	if (r || m.has_ino)
		return r;
	r = place_stat(&from, &st);
	if (!r)
		r = stage_set_attr(&to, st.st_uid, st.st_gid, st.st_mode);
	if (!r)
		r = carry_xattrs(fs, &from, false, fs->upper_fd);
	if (r)
		return r;
	ts[0] = st.st_atim;
	ts[1] = st.st_mtim;
	fileio_proc_path(path, fs->upper_fd, NULL);
	if (utimensat(AT_FDCWD, path, ts, 0))
		return -errno;
	/* Last: it says that the rest is done. */
	return marks_set_ino(fs, fs->upper_fd, NULL, lower_ino(fs->roots[0]));
}

static int open_private(struct fs *fs, const struct fs_config *cfg,
			const char **ret_what)
{
	struct stat st;
	int r;

	*ret_what = cfg->upper;
	fs->upper_fd = open(cfg->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fs->upper_fd < 0 || fstat(fs->upper_fd, &st))
		return -errno;
	fs->upper_dev = st.st_dev;
	if (st.st_dev != fs->layers[fs->nlayers - 1].dev)
		fs->upper_base = (uint64_t)1023 << LAYERS_INO_SHIFT;
	if (cfg->templates) {
		r = adopt_root(fs);
		if (r)
			return r;
	}
	*ret_what = cfg->work;
	r = open_work(fs, cfg->work);
	if (r == -EOPNOTSUPP)
		*ret_what = "whiteouts or extended attributes in the private "
			    "area (overlayfs has none)";
	return r;
}

static int init(struct fs *fs, const struct fs_config *cfg,
		const char **ret_what)
{
	uint32_t generation;
	int r;

	fs->upper_fd = fs->work_fd = fs->index_fd = -1;
	fs->is_volatile = cfg->is_volatile;
	fs->templates = cfg->templates;
	fs->userxattr = geteuid() != 0;
	if (getrandom(&generation, sizeof(generation), 0) !=
	    sizeof(generation))
		return -EIO;
	fs->generation = generation | 1;
	pthread_mutex_init(&fs->burials, NULL);
	fdcache_init(&fs->fdcache, dir_limit());
	r = table_init(&fs->table);
	if (!r)
		r = slots_new(&fs->nodes, NODE_ROOT_ID + 1);
	if (!r)
		r = slots_new(&fs->files, 1);
	passthrough_configure(fs, cfg->passthrough);
	io_init(fs);
	if (!r)
		r = layers_open(fs, cfg->lowers, cfg->nlowers, ret_what);
	if (!r)
		r = classes_open(fs, cfg->shared, cfg->coherent);
	if (!r && cfg->upper)
		r = open_private(fs, cfg, ret_what);
	if (!r)
		r = node_make_root(fs);
	return r;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void release_file(uint64_t fh, void *arg)
{
	file_release(arg, fh);
}

static void release(struct fs *fs)
{
	/* Of a connection that was aborted. */
	if (fs->files)
		slots_foreach(fs->files, release_file, fs);
	if (fs->nodes)
		node_free_all(fs);
	classes_close(fs);
	if (fs->layers)
		layers_close(fs);
	close_if(fs->upper_fd);
	close_if(fs->work_fd);
	close_if(fs->index_fd);
	slots_free(fs->nodes);
	slots_free(fs->files);
	table_release(&fs->table);
	fdcache_release(&fs->fdcache);
	pthread_mutex_destroy(&fs->burials);
	pthread_mutex_destroy(&fs->ios.lock);
	free(fs);
}

int fs_open(const struct fs_config *cfg, struct fs **ret,
	    const char **ret_what)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	const char *what = "memory";
	int r;

	if (!fs)
		return -ENOMEM;
	r = init(fs, cfg, &what);
	if (r) {
		*ret_what = what;
		release(fs);
		return r;
	}
	*ret = fs;
	return 0;
}

void fs_attach(struct fs *fs, struct fuse_session *se)
{
	fs->se = se;
}

void fs_set_transport(struct fs *fs, const struct transport *t)
{
	fs->transport = t;
}

int fs_close(struct fs *fs)
{
	int fd, r = 0;

	if (fs->work_fd >= 0)
		r = stage_clean(fs);
	if (fs->upper_fd >= 0 && !fs->is_volatile) {
		fd = openat(fs->upper_fd, ".",
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if ((fd < 0 || syncfs(fd)) && !r)
			r = -errno;
		close_if(fd);
	}
	release(fs);
	return r;
}

int fs_status_json(struct fs *fs, struct bytes *ret)
{
	const char *reason = atomic_load(&fs->passthrough.reason);
	bool on = passthrough_on(&fs->passthrough);
	int r = bytes_addf(
		ret,
		"{\"transport\":\"%s\",\"transport_reason\":\"%s\","
		"\"nodes\":%zu,\"open_files\":%zu,\"layers\":%u,"
		"\"private\":%s,\"passthrough\":{\"on\":%s,\"ids\":%u%s%s%s},",
		transport_name(fs->transport), transport_reason(fs->transport),
		slots_count(fs->nodes) + 1, slots_count(fs->files),
		fs->nlayers, fs->upper_fd >= 0 ? "true" : "false",
		on ? "true" : "false", atomic_load(&fs->passthrough.ids),
		reason ? ",\"reason\":\"" : "", reason ?: "",
		reason ? "\"" : "");

	if (!r)
		r = counters_json(&fs->counters, ret);
	return r ? r : bytes_adds(ret, "}");
}
