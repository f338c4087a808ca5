# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Programs run from the template, from a copy, and while they are replaced.
. "${0%/*}/../lib.sh"
begin
make_lower
cp /bin/cat "$LOWER/usr/bin/cat"
cp /bin/sleep "$LOWER/usr/bin/sleep"
mount_fs

t_eq ran "$("$MNT/usr/bin/prog")" "a script of the template"
t_eq "template file" "$("$MNT/usr/bin/cat" "$MNT/file")" "a program of the template"
"$MNT/usr/bin/cat" <"$MNT/fifo" >out &
pid=$!
exec 4>"$MNT/fifo"
# Its text cannot be written to, but it can be replaced.
until [ "$(readlink /proc/$pid/exe)" = "$MNT/usr/bin/cat" ]; do
	sleep 0.01
done
cp /bin/true "$MNT/usr/bin/cat.new"
mv "$MNT/usr/bin/cat.new" "$MNT/usr/bin/cat"
echo through >&4
exec 4>&-
wait "$pid"
t_eq through "$(cat out)" "output of the program that was replaced"
t_eq "" "$("$MNT/usr/bin/cat" "$MNT/file")" "output of the new program"
chmod 4755 "$MNT/usr/bin/sleep"
cp "$MNT/usr/bin/sleep" "$MNT/usr/bin/copy"
"$MNT/usr/bin/sleep" 0
"$MNT/usr/bin/copy" 0
chmod -x "$MNT/usr/bin/copy"
if "$MNT/usr/bin/copy" 0 2>/dev/null; then
	t_fail "a file without x runs"
fi
