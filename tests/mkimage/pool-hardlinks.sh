# SPDX-License-Identifier: Apache-2.0
# Hard links of the source stay hard links; a group of N names carries
# trusted.stencil.links, and is shared with templates that have the same group.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin

mkdir -p "$T/a/dir"
echo linked >"$T/a/one"
ln "$T/a/one" "$T/a/two"
ln "$T/a/one" "$T/a/dir/three"
echo outside >"$T/a/half"
ln "$T/a/half" "$T/outside"
echo single >"$T/a/single"
find "$T/a" -exec touch -d 2020-01-01 {} +
cp -a "$T/a" "$T/b"
: >"$T/b/extra"
cp -a "$T/a" "$T/c"
mv "$T/c/two" "$T/c/zwei"
cp -a "$T/a" "$T/d"
rm "$T/d/two"
for t in a b c d; do
	mk build "$t" "$T/$t" >/dev/null
done
A=$(root_of a) B=$(root_of b) C=$(root_of c) D=$(root_of d)
links() { getfattr --only-values -n trusted.stencil.links "$1"; }

t_eq "$(inode "$A/one")" "$(inode "$A/two")" "one group"
t_eq "$(inode "$A/one")" "$(inode "$A/dir/three")" "one group"
want=$(printf '/dir/three\0/one\0/two\0' | sha256sum | cut -c1-16)
t_eq "3 $want" "$(links "$A/one")" "the attribute"
want=$(printf '/dir/three\0/one\0' | sha256sum | cut -c1-16)
t_eq "2 $want" "$(links "$D/one")" "the attribute of two"
for f in half single; do
	! links "$A/$f" 2>/dev/null || t_fail "$f has one name in the template"
done

t_eq "$(inode "$A/one")" "$(inode "$B/dir/three")" "the same group is shared"
for t in "$C" "$D"; do
	[ "$(inode "$A/one")" != "$(inode "$t/one")" ] ||
		t_fail "another group, and one inode"
done
# Three names each in a and b, and the pool's.
t_eq 7 "$(stat -c %h "$A/one")" "links"
t_eq "$(inode "$A/single")" "$(inode "$D/single")" "a single file is shared"

# The manifest: the first name in full, the others with '@'.
grep -q '^/dir/three 7 100644 3 ' "$STORE/templates/a/current/manifest"
grep -q '^/one 7 @100644 3 .* /dir/three - ' "$STORE/templates/a/current/manifest"
grep -q '^/two 7 @100644 3 .* /dir/three - ' "$STORE/templates/a/current/manifest"
! grep stencil "$STORE/templates/a/current/manifest" ||
	t_fail "our attributes in the manifest"

# A link that is replaced later in an archive.
tar --create --file "$T/e.tar" --directory "$T/a" ./dir/three ./one ./two
echo other >"$T/two"
tar --append --file "$T/e.tar" --directory "$T" two
mk build e "$T/e.tar" >/dev/null
E=$(root_of e)
t_eq "$(inode "$E/one")" "$(inode "$E/dir/three")" "two are left"
t_eq "2 $want" "$(links "$E/one")" "two are left"
t_eq other "$(cat "$E/two")" "the third is new"
for t in a b c d e; do
	mk rm "$t" >/dev/null
done
t_no_remains
