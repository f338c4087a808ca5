# SPDX-License-Identifier: Apache-2.0
# Two files with the same SHA-1 and different bytes, in one template and in
# two: each stays itself, and the versions differ.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin

data=$TOP/../shared/data
[ -r "$data/same-sha1-1.bin" ] || t_skip "no colliding pair at $data"
t_eq "$(sha1sum <"$data/same-sha1-1.bin")" "$(sha1sum <"$data/same-sha1-2.bin")" \
	"SHA-1 of the pair"

install -D -m 644 "$data/same-sha1-1.bin" "$T/one/f"
install -D -m 644 "$data/same-sha1-2.bin" "$T/two/f"
mkdir "$T/both"
cp "$T/one/f" "$T/both/a"
cp "$T/two/f" "$T/both/b"
find "$T/one" "$T/two" "$T/both" -exec touch -d 2020-01-01 {} +
for t in one two both; do
	mk build "$t" "$T/$t" >/dev/null
done
[ "$(version_of one)" != "$(version_of two)" ] || t_fail "the same version"
cmp "$(root_of one)/f" "$T/one/f"
cmp "$(root_of two)/f" "$T/two/f"
cmp "$(root_of both)/a" "$T/one/f"
cmp "$(root_of both)/b" "$T/two/f"
t_eq "$(inode "$(root_of one)/f")" "$(inode "$(root_of both)/a")" "shared"
t_eq "$(inode "$(root_of two)/f")" "$(inode "$(root_of both)/b")" "shared"
mk rm one >/dev/null
cmp "$(root_of two)/f" "$T/two/f"
cmp "$(root_of both)/a" "$T/one/f"
mk rm both >/dev/null
cmp "$(root_of two)/f" "$T/two/f"
t_no_remains
