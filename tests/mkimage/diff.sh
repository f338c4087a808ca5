# SPDX-License-Identifier: Apache-2.0
# diff names what was added, deleted and changed between two versions, and in
# what; hard links are no change by themselves.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq

make_rich "$T/a"
mkdir "$T/a/links"
for g in 1 2 3 4; do
	echo "$g" >"$T/a/links/$g-a"
	ln "$T/a/links/$g-a" "$T/a/links/$g-b"
	ln "$T/a/links/$g-a" "$T/a/links/$g-c"
done
ln -s target "$T/a/links/s-a"
cp -dP --preserve=links "$T/a/links/s-a" "$T/a/links/s-b"
ln -f "$T/a/links/s-a" "$T/a/links/s-b"
mkdir "$T/a/gone" "$T/a/sub" "$T/a/sub-x"
echo >"$T/a/gone/file"
cp -a "$T/a" "$T/b"
mk -q build a "$T/a" >/dev/null
mk -q build same "$T/b" >/dev/null
t_eq "" "$(mk diff a same)" "no difference"
t_eq "[]" "$(mk diff a same --json | jq -c .)" "no difference"

cd "$T/b"
echo changed >file
touch -r "$T/a/file" file
chmod 0600 empty
chown 3:4 attrs
touch -h -d 2022-02-02 link
setfattr -n user.new -v x twin1
ln -sfn elsewhere dangling
touch -h -r "$T/a/dangling" dangling
rm twin2 disk
mkdir twin2
mknod disk b 8 18
touch -r "$T/a/disk" disk
rm -r gone
mkdir new sub/new
echo >new/file
: >"tab	x"
rm links/1-a				# the group's first name goes
ln links/2-b links/2-0			# a new first name comes
cp -p links/3-b x; mv x links/3-b	# one leaves the group, as a copy
echo other >x; touch -r links/4-a x; cat x >links/4-a; touch -r x links/4-a
ln -f links/4-a x; rm x			# the content of all names
rm links/s-a				# a symbolic link's first name
touch -r "$T/a" .
for d in . links sub; do touch -r "$T/a/$d" "$d"; done
cd "$T"
mk -q build b "$T/b" >/dev/null

cat >"$T/want" <<'END'
C /attrs (owner)
C /dangling (content)
C /disk (content)
C /empty (mode)
C /file (content)
D /gone
D /gone/file
C /link (time)
D /links/1-a
A /links/2-0
C /links/3-b (links)
C /links/4-a (content)
C /links/4-b (content)
C /links/4-c (content)
D /links/s-a
A /new
A /new/file
A /sub/new
A /tab\tx
C /twin1 (xattrs)
C /twin2 (type)
END
# The other name of /link is the same inode.
mk diff a b | grep -v '^C /dir/link-again (time)$' >"$T/out"
diff -u "$T/want" "$T/out" || t_fail "what diff says"

# The other way round
mk diff b a >"$T/back"
t_eq "$(mk diff a b | sed 's/^A/X/; s/^D/A/; s/^X/D/' | sort)" \
	"$(sort "$T/back")" "from b to a"
mk diff --json a b >"$T/json"
jq -e '(map(select(.path == "/links/4-a")) ==
	[{change: "C", what: ["content"], path: "/links/4-a"}]) and
	any(.change == "A" and .path == "/tab\tx" and .what == [])' "$T/json" \
	>/dev/null || t_fail "$(cat "$T/json")"

# Versions of one name, by prefixes
mk -q build a "$T/b" >/dev/null
va=$(mk --json list | jq -r '.[] | select(.name == "a" and (.current | not)) | .version')
t_eq "$(mk diff same b)" "$(mk diff "a@${va:0:8}" a)" "two versions"

t_refuses "no such template" diff a nothing
t_refuses "no such template" diff nothing a
rc=0
mk diff a 'x:y' 2>/dev/null || rc=$?
t_eq 2 "$rc" "status of a bad name"
echo garbage >>"$STORE/templates/b/current/manifest"
rc=0
mk diff a b >/dev/null 2>"$T/err" || rc=$?
t_eq 1 "$rc" "status with a damaged manifest"
grep -q "^mkstencil: b: manifest, line $(wc -l \
	<"$STORE/templates/b/current/manifest"): " "$T/err" ||
	t_fail "$(cat "$T/err")"
