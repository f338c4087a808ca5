# SPDX-License-Identifier: Apache-2.0
# show tells own bytes from shared ones, exactly, with hard links and twins; what
# it says a removal frees is what it frees.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq

mkdir "$T/a"
head -c 100000 /dev/urandom >"$T/a/common"
ln "$T/a/common" "$T/a/common2"
cp -p "$T/a/common" "$T/a/twin"
head -c 70000 /dev/urandom >"$T/a/own"
ln "$T/a/own" "$T/a/own2"
ln -s own "$T/a/link"
: >"$T/a/empty"
mk -q build a "$T/a" >/dev/null

sizes() { mk show --json "$1" | jq -c '[.own_bytes, .shared_bytes, .bytes]'; }
t_eq "[270000,0,270000]" "$(sizes a)" "alone"
cp -a "$T/a" "$T/b"
rm "$T/b/own" "$T/b/own2"
head -c 50000 /dev/urandom >"$T/b/new"
mk -q build b "$T/b" >/dev/null
t_eq "[70000,200000,270000]" "$(sizes a)" "a beside b"
t_eq "[50000,200000,250000]" "$(sizes b)" "b"
# Two files of one content without hard links: one is the others' twin, and the
# second is a file of its own.
cp -a "$T/b" "$T/c"
rm "$T/c/common2"
mk -q build c "$T/c" >/dev/null
t_eq "[100000,150000,250000]" "$(sizes c)" "c"
mk show a >"$T/out"
grep -q '^own:  *68 KiB (70000 bytes)$' "$T/out" || t_fail "$(cat "$T/out")"
grep -q '^shared:  *195 KiB (200000 bytes)$' "$T/out"
grep -q '^used by:  *none$' "$T/out"

for t in a c b; do
	frees=$(mk show --json $t | jq .frees)
	t_eq "$frees" "$(mk rm --json $t | jq .freed)" "freed by rm $t"
done

# list counts containers
mk -q build a "$T/a" >/dev/null
mk -q build b "$T/b" >/dev/null
ctl() { "$BUILD/stencilctl" --store="$STORE" "$@"; }
ctl -q create c1 --template=a
ctl -q create c2 --template=a:b
t_eq "a 2,b 1" "$(mk list --json |
	jq -r 'map("\(.name) \(.container_count)") | join(",")')" "containers"
mk list | grep -q '^\* a  .* 264 KiB     2  '

# A damaged tree has no such sizes, and the rest is shown.
rm "$(root_of a)/own"
mk show --json a 2>"$T/err" | jq -e '.bytes == 270000 and
	(has("own_bytes") | not)' >/dev/null
grep -q "a@.*damaged" "$T/err"
