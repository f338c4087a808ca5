# SPDX-License-Identifier: Apache-2.0
# Every attribute of the template's file is on the copy.
. "${0%/*}/../lib.sh"
begin
t_need setfacl
make_lower
for i in {1..20}; do
	setfattr -n "user.number$i" -v "value $i" "$LOWER/attrs"
done
setfattr -n user.binary -v 0x00ff00fe0a "$LOWER/attrs"
setfattr -n security.test -v sec "$LOWER/attrs"
setfacl -m u:1000:rw,g:1001:r "$LOWER/attrs"
mount_fs

want=$(cd "$LOWER" && getfattr -d -m - -e hex attrs)
t_eq "$want" "$(cd "$MNT" && getfattr -d -m - -e hex attrs)" "before the break"
echo more >>"$MNT/attrs"
t_eq "$want" "$(cd "$MNT" && getfattr -d -m - -e hex attrs)" "after the break"
remount_fs
t_eq "$want" "$(cd "$MNT" && getfattr -d -m - -e hex attrs)" "after a remount"
