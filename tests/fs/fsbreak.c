// SPDX-License-Identifier: Apache-2.0
/*
 * fsbreak DIR FILES: many threads break the files DIR/f0, f1, ... (each `SIZE`
 * bytes of "B", mode 0644), one after the other, while others read, stat and
 * list.  At every moment: the name is there once, its inode number and size
 * never change, no byte is anything but "B" or a writer's mark.  In the end
 * every mark is there.  Status 1 with a reason otherwise.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SIZE 262144
#define WRITERS 4
#define STEP (SIZE / WRITERS)

static const char *dir;
static char path[4096];
static int nfiles;
static ino_t ino;
static atomic_bool done;
static pthread_barrier_t barrier;

static void fail(const char *what, long long got)
{
	fprintf(stderr, "fsbreak: %s: %s: %lld%s%s\n", path, what, got,
		errno ? ": " : "", errno ? strerror(errno) : "");
	_exit(1);
}

static void check_stat(const struct stat *st)
{
	errno = 0;
	if (st->st_size != SIZE)
		fail("st_size changed", st->st_size);
	if (st->st_ino != ino)
		fail("st_ino changed", st->st_ino);
	if (st->st_nlink != 1)
		fail("st_nlink changed", st->st_nlink);
	if (!S_ISREG(st->st_mode))
		fail("no regular file", st->st_mode);
}

static void write_mark(int index)
{
	int fd = open(path, index % 2 ? O_RDWR : O_WRONLY);

	if (fd < 0)
		fail("open for writing", index);
	if (pwrite(fd, "W", 1, (off_t)index * STEP) != 1)
		fail("write", index);
	if (close(fd))
		fail("close", index);
}

static void change_attributes(int index)
{
	if (index == 0 && chmod(path, 0640))
		fail("chmod", index);
	if (index == 1 && lsetxattr(path, "user.x", "y", 1, 0))
		fail("setxattr", index);
}

static void read_file(void)
{
	static _Thread_local char buf[SIZE + 1];
	int fd = open(path, O_RDONLY);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		fail("open for reading", 0);
	if (fstat(fd, &st))
		fail("fstat", 0);
	check_stat(&st);
	n = pread(fd, buf, sizeof(buf), 0);
	if (n != SIZE)
		fail("bytes read", n);
	for (int i = 0; i < SIZE; i++)
		if (buf[i] != 'B' && !(buf[i] == 'W' && i % STEP == 0))
			fail("a byte of no writer at offset", i);
	close(fd);
}

static void stat_file(void)
{
	struct stat st;

	if (lstat(path, &st))
		fail("stat", 0);
	check_stat(&st);
}

static void list_dir(void)
{
	const char *name = strrchr(path, '/') + 1;
	DIR *d = opendir(dir);
	struct dirent *e;
	int seen = 0, all = 0;

	if (!d)
		fail("opendir", 0);
	while ((e = readdir(d))) {
		all += e->d_name[0] != '.';
		if (strcmp(e->d_name, name))
			continue;
		seen++;
		if (e->d_ino != ino)
			fail("d_ino changed", e->d_ino);
	}
	errno = 0;
	if (seen != 1)
		fail("times in one listing", seen);
	if (all != nfiles)
		fail("names in the directory", all);
	closedir(d);
}

static void *breaker(void *arg)
{
	int index = (int)(long)arg;

	pthread_barrier_wait(&barrier);
	if (index < WRITERS)
		write_mark(index);
	else
		change_attributes(index - WRITERS);
	return NULL;
}

static void *watcher(void *arg)
{
	int index = (int)(long)arg;

	pthread_barrier_wait(&barrier);
	do {
		if (index % 3 == 0)
			read_file();
		else if (index % 3 == 1)
			stat_file();
		else
			list_dir();
	} while (!atomic_load(&done));
	return NULL;
}

#define BREAKERS (WRITERS + 2)
#define WATCHERS 6

static void one_file(int index)
{
	pthread_t breakers[BREAKERS], watchers[WATCHERS];
	struct stat st;
	char c;
	int fd;

	snprintf(path, sizeof(path), "%s/f%d", dir, index);
	if (lstat(path, &st))
		fail("stat", 0);
	ino = st.st_ino;
	atomic_store(&done, false);
	pthread_barrier_init(&barrier, NULL, BREAKERS + WATCHERS);
	for (long i = 0; i < WATCHERS; i++)
		pthread_create(&watchers[i], NULL, watcher, (void *)i);
	for (long i = 0; i < BREAKERS; i++)
		pthread_create(&breakers[i], NULL, breaker, (void *)i);
	for (int i = 0; i < BREAKERS; i++)
		pthread_join(breakers[i], NULL);
	atomic_store(&done, true);
	for (int i = 0; i < WATCHERS; i++)
		pthread_join(watchers[i], NULL);
	pthread_barrier_destroy(&barrier);

	read_file();
	fd = open(path, O_RDONLY);
	for (int i = 0; i < WRITERS; i++) {
		errno = 0;
		if (pread(fd, &c, 1, (off_t)i * STEP) != 1 || c != 'W')
			fail("lost the mark of writer", i);
	}
	close(fd);
	if (lstat(path, &st) || (st.st_mode & 07777) != 0640)
		fail("lost the chmod: mode", st.st_mode & 07777);
	if (lgetxattr(path, "user.x", &c, 1) != 1)
		fail("lost the attribute", 0);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: fsbreak DIR FILES\n");
		return 2;
	}
	dir = argv[1];
	nfiles = atoi(argv[2]);
	for (int i = 0; i < nfiles; i++)
		one_file(i);
	return 0;
}
