# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# A warm open, read and close is one OPEN and a RELEASE; a create with one
# write is CREATE, WRITE and RELEASE.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs
requests_begin

for f in usr/lib/data file; do
	cat "$MNT/$f" >/dev/null
	requests_reset
	fsop open r "$MNT/$f" O_RDONLY , "=$(head -c 3 "$LOWER/$f")" pread r 0 3 , close r
	fsop open r "$MNT/$f" O_RDONLY , mmap m r 0 4096 PROT_READ MAP_SHARED , \
		close r , "=$(head -c 3 "$LOWER/$f")" mget m 0 3
	# The RELEASE is not waited for.
	for _ in {1..50}; do
		[ "$(requests | grep -c FUSE_RELEASE)" = 2 ] && break
		sleep 0.02
	done
	t_eq "FUSE_OPEN FUSE_OPEN FUSE_RELEASE FUSE_RELEASE" \
		"$(echo $(requests | sort))" "requests of two warm opens of $f"
done
# The first close in the life of a mount asks whether there is FLUSH.
fsop open w "$MNT/dir/first" 'O_CREAT|O_WRONLY' , close w
# With O_EXCL the kernel looks again, whatever it knows.
fsop '!ENOENT' stat "$MNT/dir/new"
requests_reset
fsop open w "$MNT/dir/new" 'O_CREAT|O_WRONLY' , write w 'x*50000' , close w
for _ in {1..50}; do
	[ "$(requests | grep -c FUSE_RELEASE)" = 1 ] && break
	sleep 0.02
done
# Before the first write to an inode the kernel looks for capabilities.  What
# it writes by itself then is no request.
want="FUSE_CREATE FUSE_GETXATTR FUSE_RELEASE FUSE_WRITE"
! passes_through || want="FUSE_CREATE FUSE_GETXATTR FUSE_RELEASE"
t_eq "$want" "$(echo $(requests | sort))" "requests of a create with one write"
requests_end
