# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# A shared read-only mapping made before the break sees what is written later.
. "${0%/*}/../lib.sh"
begin
t_not_on overlayfs "old mappings stay on the lower file there"
make_lower
mount_fs

fsop open r "$MNT/file" O_RDONLY , mmap m r 0 4096 PROT_READ MAP_SHARED , \
	=template mget m 0 8 , open w "$MNT/file" O_WRONLY , \
	pwrite w 0 written! , =written! mget m 0 8
