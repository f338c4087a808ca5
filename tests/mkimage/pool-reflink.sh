# SPDX-License-Identifier: Apache-2.0
# Where only the content agrees, the second file shares the first one's blocks
# (on a file system that can), with metadata of its own.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need filefrag setcap
use_disk xfs 400M private

mkdir "$T/a"
head -c 3000001 /dev/urandom >"$T/a/big"
cp "$T/a/big" "$T/a/linked"
ln "$T/a/linked" "$T/a/linked2"
touch -d 2020-01-01 "$T/a/big" "$T/a/linked"
cp -a "$T/a" "$T/b"
setcap cap_net_raw+ep "$T/b/big"
chown 3:4 "$T/b/linked"
chmod 4755 "$T/b/linked"
mk build a "$T/a" >/dev/null
mk build b "$T/b" >/dev/null
A=$(root_of a) B=$(root_of b)
blocks() { filefrag -v "$1" | awk '/^ *0:/ { print $4 }'; }
for f in linked big; do
	cmp "$A/$f" "$B/$f"
	[ "$(inode "$A/$f")" != "$(inode "$B/$f")" ] || t_fail "one inode: $f"
	t_eq "$(blocks "$A/$f")" "$(blocks "$B/$f")" "first block of $f"
done
t_eq "$(blocks "$A/big")" "$(blocks "$A/linked")" "twins share blocks too"
t_eq "cap_net_raw=ep" "$(getcap "$B/big" | sed 's/.* //')" "capability"
t_eq 3:4:4755 "$(stat -c %u:%g:%a "$B/linked")" "owner and mode"
t_eq "$(inode "$B/linked")" "$(inode "$B/linked2")" "hard link"
t_eq "$(stat -c %y "$T/b/big")" "$(stat -c %y "$B/big")" "time"
template_tree "$T/b" >"$T/want"
template_tree "$B/" | diff -u "$T/want" - || t_fail "b differs from its source"
mk rm a >/dev/null
cmp "$B/big" "$T/b/big"
t_no_remains
