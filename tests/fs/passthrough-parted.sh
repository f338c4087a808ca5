# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# What the kernel has open in the template by itself goes on with the
# template's content when the path is written; the path shows the new file,
# with the same st_ino, and attributes are those of the path's file.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
for i in {0..9}; do
	echo "old content $i" >"$LOWER/usr/lib/f$i"
done
mount_fs
passes_through || t_skip "nothing passes through"
lib=$MNT/usr/lib

# f0: open(2) to write; f1: O_TRUNC; f2: truncate(2).
for i in 0 1 2; do
	ino=$(fsop stat "$lib/f$i" ino)
	exec 3<"$lib/f$i"
	case $i in
	0)	fsop open w "$lib/f0" O_RDWR , pwrite w 0 NEW , =NEW pread w 0 3 ;;
	1)	echo NEW >"$lib/f1" ;;
	2)	fsop truncate "$lib/f2" 3 , open w "$lib/f2" O_RDWR , pwrite w 0 NEW ;;
	esac
	t_eq "old content $i" "$(cat <&3)" "old descriptor of f$i"
	fsop =14 fstat 3 size , "=$ino" fstat 3 ino
	fsop open r "$lib/f$i" O_RDONLY , =NEW pread r 0 3 , "=$ino" fstat r ino
	# Both ways, attributes are one.
	fsop fchmod 3 0640 , =0640 fstat 3 mode , =0640 stat "$lib/f$i" mode , \
		chmod "$lib/f$i" 0604 , =0604 stat "$lib/f$i" mode , \
		=0604 fstat 3 mode , fsetxattr 3 user.a b , \
		=b getxattr "$lib/f$i" user.a , =b fgetxattr 3 user.a , \
		fchown 3 5 6 , "=5 6" stat "$lib/f$i" uid,gid
	exec 3<&-
done
t_eq "NEW content 0" "$(cat "$lib/f0")" "f0"
t_eq "NEW" "$(cat "$lib/f1")" "f1"
t_eq "3" "$(stat -c %s "$lib/f2")" "size of f2"

# A second break of attributes, then of data, with one held all the time.
exec 3<"$lib/f3"
chmod 600 "$lib/f3"
exec 4<"$lib/f3"
echo NEW >"$lib/f3"
t_eq "old content 3 old content 3 NEW" "$(cat <&3) $(cat <&4) $(cat "$lib/f3")" "f3"
# Renamed and replaced: the descriptors follow nobody.
exec 5<"$lib/f4"
mv "$lib/f4" "$lib/f4.moved"
echo NEW >"$lib/f4.moved"
echo other >"$lib/f4"
t_eq "old content 4 NEW other" \
	"$(cat <&5) $(cat "$lib/f4.moved") $(cat "$lib/f4")" "f4"
# Deleted while it is open.
exec 6<"$lib/f5"
rm "$lib/f5"
fsop =0 fstat 6 nlink , fchmod 6 0600 , =0600 fstat 6 mode
t_eq "old content 5" "$(cat <&6)" "f5, deleted"
# Deleted after they parted.
exec 7<"$lib/f6"
echo NEW >"$lib/f6"
exec 8<"$lib/f6"
rm "$lib/f6"
t_eq "old content 6 NEW" "$(cat <&7) $(cat <&8)" "f6, deleted"
# link(2) of what is open, by the path; then by either name.
exec 9<"$lib/f7"
ln "$lib/f7" "$lib/f7.too"
fsop =2 stat "$lib/f7" nlink
echo NEW >"$lib/f7.too"
t_eq "old content 7 NEW NEW" \
	"$(cat <&9) $(cat "$lib/f7") $(cat "$lib/f7.too")" "f7"
fsop =4 stat "$lib/f7" size
# By exchange, and over another that is open.
exec 3<"$lib/f8" 4<"$lib/f9"
fsop rename "$lib/f8" "$lib/f9" RENAME_EXCHANGE
t_eq "old content 8 old content 9" "$(cat <&3) $(cat <&4)" "f8, f9"
echo NEW >>"$lib/f8"
t_eq "old content 9
NEW" "$(cat "$lib/f8")" "f8 after the exchange"
mv "$lib/f8" "$lib/f9"
t_eq "old content 9
NEW" "$(cat "$lib/f9")" "f9"
exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
remount_fs
t_eq "NEW content 0" "$(cat "$lib/f0")" "f0 after a remount"
t_eq "NEW NEW" "$(cat "$lib/f7") $(cat "$lib/f7.too")" "f7 after a remount"
fsop "=0604 5 6" stat "$lib/f2" mode,uid,gid
