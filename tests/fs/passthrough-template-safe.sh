# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# A template's file is never written, nor its time of access moved, whatever
# is open while somebody writes to the path, and by whatever way.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "has no template"
make_lower
for i in {1..8}; do
	head -c 8192 /dev/zero | tr '\0' "$i" >"$LOWER/usr/lib/f$i"
	head -c 8192 /dev/zero | tr '\0' "$i" >"$LOWER/dir/f$i"
done
ln "$LOWER/usr/lib/f7" "$LOWER/usr/lib/f7.other"
touch -a -d 2001-01-01 "$LOWER"/{usr/lib,dir}/f?
mount_fs
where=$LOWER
[ "$UNDER_TEST" = stencilfs ] && in_mode template &&
	where=$STORE/templates/t0/current/root
atimes=$(stat -c %X "$where"/{usr/lib,dir}/f?)

rw='PROT_READ|PROT_WRITE'
for d in usr/lib dir; do
	fsop open r "$MNT/$d/f1" O_RDONLY , =1111 pread r 0 4 , \
		mmap m r 0 4096 PROT_READ MAP_SHARED , =1111 mget m 0 4 , \
		open w "$MNT/$d/f1" O_RDWR , pwrite w 0 new , \
		mmap n w 0 4096 "$rw" MAP_SHARED , mput n 100 mapped , msync n , \
		pwrite w 4096 more , ftruncate w 5000 , close w
	fsop open r "$MNT/$d/f2" O_RDONLY , open w "$MNT/$d/f2" 'O_WRONLY|O_APPEND' , \
		write w tail , open r2 "$MNT/$d/f2" O_RDONLY , =tail pread r2 8192 10
	fsop open r "$MNT/$d/f3" O_RDONLY , open w "$MNT/$d/f3" 'O_WRONLY|O_TRUNC' , \
		write w short , close w , open r2 "$MNT/$d/f3" O_RDONLY , \
		=short pread r2 0 10
	fsop open r "$MNT/$d/f4" O_RDONLY , truncate "$MNT/$d/f4" 10 , \
		=10 stat "$MNT/$d/f4" size , open w "$MNT/$d/f4" O_RDWR , \
		mmap n w 0 4096 "$rw" MAP_SHARED , mput n 0 mapped
	# Attributes first, the data afterwards.
	fsop open r "$MNT/$d/f5" O_RDONLY , fchmod r 0640 , =5555 pread r 0 4 , \
		open r2 "$MNT/$d/f5" O_RDONLY , open w "$MNT/$d/f5" O_RDWR , \
		pwrite w 0 new , =new pread w 0 3
	# What was opened before writes after.
	fsop open w "$MNT/$d/f6" O_RDWR , open r "$MNT/$d/f6" O_RDONLY , \
		pwrite w 0 new , =new pread r 0 3 , \
		mmap n w 0 4096 "$rw" MAP_SHARED , mput n 0 map , =map pread r 0 3
	fsop open r "$MNT/$d/f8" O_RDONLY , open w "$MNT/$d/f8" O_RDWR , \
		fallocate w 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE' 0 4096 , \
		open s "$MNT/file" O_RDONLY , =4 copyrange s 0 w 4096 4 , \
		=temp pread w 4096 4
done
fsop open r "$MNT/usr/lib/f7" O_RDONLY , open w "$MNT/usr/lib/f7.other" O_RDWR , \
	pwrite w 0 both , open r2 "$MNT/usr/lib/f7" O_RDONLY , =both pread r2 0 4
cat "$MNT"/usr/lib/* >/dev/null
# check_end compares digests; the template's own mark says the same.
t_eq "$atimes" "$(stat -c %X "$where"/{usr/lib,dir}/f?)" "times of access"
if [ "$where" != "$LOWER" ]; then
	for f in "$where"/{usr/lib,dir}/f?; do
		t_eq "$(sha1sum <"$f" | cut -c1-40)" \
			"$(getfattr --only-values -n trusted.stencil.sha1 "$f")" \
			"digest of $f"
	done
fi
