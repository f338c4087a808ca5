# SPDX-License-Identifier: Apache-2.0
# gc frees what nothing refers to, and nothing else; -n frees nothing; what is
# not known stays.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq

make_rich "$T/src"
mk -q build keep "$T/src" >/dev/null
"$BUILD/stencilctl" --store="$STORE" create c1 --template=keep >/dev/null
# But for the memo, which gc makes smaller when it can.
all() { find "$STORE" -path "$STORE/memo" -prune -o -printf '%P %i %n %s\n' | sort; }
all >"$T/clean"
t_eq "0 B freed" "$(mk gc)" "a store without remains"
t_eq "" "$(mk -q gc)" "a store without remains"
mk gc --json | jq -e '. == {removed: [], unknown: [], freed: 0,
	dry_run: false}' >/dev/null
all | diff -u "$T/clean" - || t_fail "gc changed what was whole"

# Remains of each kind
for i in 1 2 3; do head -c 100000 /dev/urandom >"$T/src/blob$i"; done
mk -q build dead "$T/src" >/dev/null
dead=$(realpath "$STORE/templates/dead/current")
mv "$dead" "$STORE/templates/.build-00000000dead"	# a removal killed
rm "$STORE/templates/dead/current"
ln -s nowhere "$STORE/templates/dead/.current"
mkdir "$STORE/templates/empty"
mkdir -p "$STORE/templates/.build-000000000000/"{root,aside}
head -c 50000 /dev/urandom >"$STORE/templates/.build-000000000000/root/half"
p=$STORE/pool/$(getfattr -n trusted.stencil.sha1 --only-values \
	--absolute-names 	"$(root_of keep)/twin1" | sed 's/^../&\//')
cp -p "$p" "$p.5"; mv "$p.5" "$p.2"		# .1 is twin2's
mkdir "$STORE/pool/00" 2>/dev/null || true
mkdir -p "$STORE/containers/.rm-0123456789abcdef/private"
head -c 30000 /dev/zero >"$STORE/containers/.rm-0123456789abcdef/private/x"
mkdir "$STORE/containers/.tmp-0123456789abcdef"
: >"$STORE/containers/.tmp-0123456789abcdef/lock"
for f in "$STORE" "$STORE/containers/c1"; do
	: >"$f/.tmp-00000000000000aa"
	touch -d '2 hours ago' "$f/.tmp-00000000000000aa"
	: >"$f/.tmp-00000000000000bb"	# somebody may be writing it
done
# Nobody's
mkdir "$STORE/mine" "$STORE/containers/-odd"
: >"$STORE/templates/a file"
: >"$STORE/templates/keep/notes"
: >"$STORE/pool/notes"

all >"$T/before"
mk gc -n >"$T/out"
all | diff -u "$T/before" - || t_fail "gc -n changed something"
cut -d: -f1 "$T/out" | sort >"$T/paths"
cat >"$T/want" <<'END'
.tmp-00000000000000aa
containers/-odd
containers/.rm-0123456789abcdef
containers/.tmp-0123456789abcdef
containers/c1/.tmp-00000000000000aa
mine
pool
pool/notes
templates/.build-000000000000
templates/.build-00000000dead
templates/a file
templates/dead/.current
templates/empty
templates/keep/notes
END
grep -v ' would be freed$' "$T/paths" | LC_ALL=C sort | diff -u "$T/want" - ||
	t_fail "what gc -n tells"
mk gc --json --dry-run >"$T/json"
jq -e '.dry_run and (.unknown | map(.path) | sort) == ["containers/-odd",
	"mine", "pool/notes", "templates/a file", "templates/keep/notes"]' \
	"$T/json" >/dev/null || t_fail "$(cat "$T/json")"
would=$(jq .freed "$T/json")
[ "$would" -ge 380000 ] && [ "$would" -le 600000 ] ||
	t_fail "$would bytes would be freed"

# One that somebody works on is not touched.
exec 4<"$STORE/templates/.build-000000000000"
flock -x 4
exec 5<"$STORE/containers/.tmp-0123456789abcdef/lock"
flock -x 5
mk gc --json >"$T/json"
jq -e '.dry_run | not' "$T/json" >/dev/null
[ -e "$STORE/templates/.build-000000000000/root/half" ]
[ -e "$STORE/containers/.tmp-0123456789abcdef" ]
exec 4<&- 5<&-
before=$(jq .freed "$T/json")
mk gc --json >"$T/json"
t_eq "templates/.build-000000000000 containers/.tmp-0123456789abcdef" \
	"$(jq -r '[.removed[].path] | join(" ")' "$T/json")" "the rest"
# The file of no template has the content of one of the dead template's, and
# went with that, uncounted.
[ $((before + $(jq .freed "$T/json") + 4096)) -ge "$would" ] ||
	t_fail "less freed than foretold"
rm -r "$STORE/mine" "$STORE/containers/-odd" "$STORE/templates/a file" \
	"$STORE/templates/keep/notes" "$STORE/pool/notes" \
	"$STORE/.tmp-00000000000000bb" \
	"$STORE/containers/c1/.tmp-00000000000000bb"
find "$STORE" -path "$STORE/memo" -prune -o ! -path "$STORE" -printf '%P %i %n %s\n' | grep -v '^pool [0-9]' |
	sort >"$T/after"
grep -v -e '^ ' -e '^pool [0-9]' "$T/clean" |
	sed 's/^\(containers\|templates\) .*/\1/' >"$T/want"
sed 's/^\(containers\|templates\) .*/\1/' "$T/after" | diff -u "$T/want" - ||
	t_fail "gc left or took more than it should"
t_eq "" "$(mk -q verify)" "verify afterwards"
