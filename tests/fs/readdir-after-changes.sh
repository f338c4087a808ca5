# SPDX-License-Identifier: Apache-2.0
# A listing shows each change at once, however often it was listed before.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

names()
{
	t_eq "$1" "$(echo $(ls -A "$MNT/dir"))" "names $2"
}
names "a b c hl3 sub up" "at first"
names "a b c hl3 sub up" "again"
echo x >"$MNT/dir/new"
names "a b c hl3 new sub up" "after create"
rm "$MNT/dir/a"
names "b c hl3 new sub up" "after unlink"
mv "$MNT/dir/b" "$MNT/dir/b2"
names "b2 c hl3 new sub up" "after rename"
mv "$MNT/dir/c" "$MNT/c"
names "b2 hl3 new sub up" "after rename to another directory"
mv "$MNT/file" "$MNT/dir/file"
names "b2 file hl3 new sub up" "after rename from another directory"
mkdir "$MNT/dir/d"
ln "$MNT/big" "$MNT/dir/big"
ln -s x "$MNT/dir/l"
names "b2 big d file hl3 l new sub up" "after mkdir, link, symlink"
rmdir "$MNT/dir/d"
fsop rename "$MNT/dir/file" "$MNT/dir/sub" RENAME_EXCHANGE
names "b2 big file hl3 l new sub up" "after rmdir and exchange"
fsop =d stat "$MNT/dir/file" type , =f stat "$MNT/dir/sub" type
echo more >>"$MNT/dir/up2"
names "b2 big file hl3 l new sub up up2" "after >>"
fsdir check "$MNT" >/dev/null
