# SPDX-License-Identifier: Apache-2.0
# rm refuses what a container stands on and says who; versions, `current` and
# the pool follow what is removed.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq

mkdir "$T/src"
for i in 1 2 3; do
	echo "$i" >"$T/src/file"
	head -c 100000 /dev/urandom >"$T/src/blob"
	version[i]=$(mk -q build group/app "$T/src")
	version[i]=${version[i]#*@}
	sleep 1.1	# versions are ordered by the second of their making
done
mk -q build base "$LOWER" >/dev/null
ctl() { "$BUILD/stencilctl" --store="$STORE" "$@"; }
ctl create c1 --template="base:group/app@${version[1]}" >/dev/null
ctl create c2 --template="base" >/dev/null

t_refuses "base@[0-9a-f]*: in use by c1, c2" rm base
t_refuses "group/app@${version[1]}: in use by c1" rm "group/app@${version[1]}"
t_refuses "in use by c1" rm group/app
t_eq 4 "$(mk --json list | jq length)" "nothing was removed"
t_eq "c1" "$(mk show --json "group/app@${version[1]}" | jq -r '.containers[]')" \
	"show says who uses it"

# The current version goes: the newest of the others takes its place.
t_eq "${version[3]}" "$(version_of group/app)" "current"
mk -q rm "group/app@${version[3]:0:12}"
t_eq "${version[2]}" "$(version_of group/app)" "current"
t_eq 2 "$(cat "$(root_of group/app)/file")" "its content"
mk --json rm "group/app@${version[2]}" | jq -e '.freed > 90000' >/dev/null
t_eq "${version[1]}" "$(version_of group/app)" "current"
t_no_remains

ctl rm c1
mk -q rm group/app
[ ! -e "$STORE/templates/group%app" ] || t_fail "the name is left"
t_refuses "no such template" rm group/app
t_refuses "no such template" rm "base@000000000000"
t_refuses "in use by c2" rm base
ctl rm c2
mk -q rm base
t_no_remains
t_eq 0 "$(find "$STORE/pool" -type f | wc -l)" "the pool is empty"

# Damage to one is no reason to hide the others, and it can be removed.
mk -q build good "$LOWER" >/dev/null
mk -q build bad "$LOWER" >/dev/null
echo garbage >"$STORE/templates/bad/current/info.json"
t_eq good "$(mk --json list 2>"$T/err" | jq -r '.[].name'; true)" "what is listed"
grep -q "bad@.*info.json" "$T/err"
t_refuses "bad@" show bad
mk -q rm bad
rm "$STORE/templates/good/current/info.json"
mk -q rm good
t_no_remains

# A record that cannot be read is no reason to remove.
mk -q build base "$LOWER" >/dev/null
ctl create c3 --template=base >/dev/null
echo garbage >"$STORE/containers/c3/container.json"
t_refuses "" rm base
