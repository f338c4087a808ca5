# SPDX-License-Identifier: Apache-2.0
# A default ACL and a set-GID bit above the store reach no file of a template,
# also not one that was put together aside: first shared with the pool, and then
# found to have another name.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin

mkdir "$T/above" "$T/a"
setfacl -d -m u:1234:rwx "$T/above"
chown :1234 "$T/above"
chmod g+s "$T/above"
STORE=$T/above/store
export STENCIL_STORE=$STORE
for f in 1 2 3; do
	echo "file $f" >"$T/a/$f"
done
cp -a "$T/a" "$T/b"
mk build a "$T/a" >/dev/null
ln "$T/b/1" "$T/b/z"
ln "$T/b/2" "$T/b/other"
mk build b "$T/b" >/dev/null
getfacl --omit-header --skip-base "$STORE/templates" 2>/dev/null | grep -q 1234 ||
	t_fail "the store has inherited nothing, this proves nothing"
mk verify >/dev/null || t_fail "$(mk verify)"
for f in 1 z 2 other 3; do
	t_eq "$(getfacl -cpn "$T/b/$f")" "$(getfacl -cpn "$(root_of b)/$f")" "$f"
done
