# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Mappings: private ones of the template's file, shared ones of the copy.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data; do
	fsop open r "$MNT/$f" O_RDONLY , \
		mmap p r 0 4096 'PROT_READ|PROT_WRITE' MAP_PRIVATE , \
		mput p 0 XXXX , =XXXX mget p 0 4
	cmp "$LOWER/$f" "$MNT/$f"
	fsop open r "$MNT/$f" O_RDONLY , mmap s r 0 4096 PROT_READ MAP_SHARED , \
		"=$(head -c 5 "$LOWER/$f")" mget s 0 5 , \
		'!EACCES' mmap w r 0 4096 'PROT_READ|PROT_WRITE' MAP_SHARED
	fsop open w "$MNT/$f" O_RDWR , \
		mmap w w 0 4096 'PROT_READ|PROT_WRITE' MAP_SHARED , \
		mput w 0 map , =map pread w 0 3 , \
		open r "$MNT/$f" O_RDONLY , =map pread r 0 3 , \
		pwrite w 0 io , =iop mget w 0 3 , msync w , munmap w
	t_eq iop "$(head -c 3 "$MNT/$f")" "content after the mapping"
done
# A mapping outlives its descriptor and its name.
fsop open w "$MNT/dir/a" O_RDWR , mmap m w 0 4096 'PROT_READ|PROT_WRITE' MAP_SHARED , \
	close w , mput m 0 Z , msync m , open r "$MNT/dir/a" O_RDONLY , =Z pread r 0 1 , \
	unlink "$MNT/dir/a" , mput m 0 Y , =Y pread r 0 1 , munmap m
remount_fs
for f in file usr/lib/data; do
	t_eq iop "$(head -c 3 "$MNT/$f")" "content after a remount"
done
