# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Two containers have the template's files in one copy of memory; of a file
# that one has broken, it has its own.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "has copies"
make_lower
mount_fs
mount_second
passes_through || [ "$UNDER_TEST" = overlayfs ] ||
	t_skip "nothing passes through"
same_page()
{
	"$BUILD/tests/fs/passthru" pfn "$1" "$2"
}
same_page "$LOWER/file" "$LOWER/file" || t_skip "no page numbers to be seen"
t_ok "shared class" same_page "$MNT/usr/lib/data" "$MNT2/usr/lib/data"
t_ok "shared class" same_page "$MNT/usr/bin/prog" "$MNT2/usr/bin/prog"
chmod 700 "$MNT/usr/lib/data"
t_ok "attributes changed" same_page "$MNT/usr/lib/data" "$MNT2/usr/lib/data"
echo more >>"$MNT/usr/lib/data"
! same_page "$MNT/usr/lib/data" "$MNT2/usr/lib/data" ||
	t_fail "a private file shares its page"
