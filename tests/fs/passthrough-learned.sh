# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# A path that one container broke is coherent in those mounted later on the
# same template; others, and changes of attributes, do not count.
. "${0%/*}/../lib.sh"
begin
t_union_only
t_not_on overlayfs "has no classes"
in_mode template || t_skip "lowers have no list"
make_lower
echo "more data" >"$LOWER/usr/lib/more"
mount_fs
passes_through || t_skip "nothing passes through"

echo X >>"$MNT/usr/lib/data"
chmod 600 "$MNT/usr/lib/more"
echo X >>"$MNT/file"		# coherent anyway
t_eq usr/lib/data "$(tr '\0' '\n' <"$STORE"/templates/t0/current/mutable)" \
	"the list"
mount_second
exec 3<"$MNT2/usr/lib/data" 4<"$MNT2/usr/lib/more"
printf USR | dd of="$MNT2/usr/lib/data" conv=notrunc status=none
printf MORE | dd of="$MNT2/usr/lib/more" conv=notrunc status=none
t_eq "USR data" "$(cat <&3)" "a reader of the path that is known as mutable"
t_eq "more data" "$(cat <&4)" "a reader of the other"
exec 3<&- 4<&-
# It has a limit, and what is no list harms nobody.
umount_fs "$MNT2"
head -c 3000000 /dev/urandom >"$STORE"/templates/t0/current/mutable
mount_second
t_eq "USR data" "$(cat "$MNT2/usr/lib/data")" "content with a damaged list"
fsop truncate "$MNT2/usr/bin/prog" 0
t_eq 3000000 "$(stat -c %s "$STORE"/templates/t0/current/mutable)" \
	"size of a list that is too long"
rm "$STORE"/templates/t0/current/mutable
