# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# A break that does not fit fails with ENOSPC and changes nothing.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
head -c 30000000 /dev/urandom >"$LOWER/huge"
head -c 4000000 /dev/urandom >"$LOWER/fits"
use_disk ext4 16M private
mount_fs

before=$(private_kb)
"$BUILD/tests/fs/fsop" '!ENOSPC' open w "$MNT/huge" O_RDWR 2>err ||
	fsop open w "$MNT/huge" O_RDWR , '!ENOSPC' pwrite w 0 X
fsop '!ENOSPC' open w "$MNT/huge" 'O_WRONLY|O_APPEND' 2>err ||
	fsop open w "$MNT/huge" 'O_WRONLY|O_APPEND' , '!ENOSPC' write w X
t_errno ENOSPC truncate "$MNT/huge" 29999999
cmp "$LOWER/huge" "$MNT/huge"
fsop =30000000 stat "$MNT/huge" size
leftover=$(find "$WORK" -type f ! -path '*/index/*')
t_eq "" "$leftover" "leftovers in the work directory"
used=$(($(private_kb) - before))
[ "$used" -lt 100 ] || t_fail "$used kB are left of breaks that failed"
# What fits works afterwards, and attributes need no room for data.
fsop chmod "$MNT/huge" 0600 , open w "$MNT/fits" O_RDWR , pwrite w 0 FITS , \
	=FITS pread w 0 4
cmp "$LOWER/huge" "$MNT/huge"
remount_fs
cmp "$LOWER/huge" "$MNT/huge"
fsop =0600 stat "$MNT/huge" mode , open r "$MNT/fits" O_RDONLY , =FITS pread r 0 4
fsop open w "$MNT/huge" 'O_WRONLY|O_TRUNC' , write w small
t_eq small "$(cat "$MNT/huge")" "content after O_TRUNC"
