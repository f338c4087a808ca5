# SPDX-License-Identifier: Apache-2.0
# The command line: exit status, messages, text and JSON, options before and
# behind the command, where the store is.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq
MK=$BUILD/mkstencil

status()
{
	local want=$1 rc=0
	shift
	"$@" >"$T/out" 2>"$T/err" || rc=$?
	t_eq "$want" "$rc" "status of $*"
	[ "$want" = 0 ] || grep -q '^mkstencil: ' "$T/err" ||
		t_fail "no message of $*"
}
status 2 "$MK"
status 2 mk frobnicate
status 2 mk build name
status 2 mk build name a b
status 2 mk list extra
status 2 mk --frobnicate list
status 2 mk build -x name "$LOWER"
for name in .hidden -- ../up 'a b' 'a@b' 'a:b' '' /abs trailing/ "$(printf %0129d 1)"; do
	status 2 mk build -- "$name" "$LOWER"
done
status 2 mk show 'a:b'
status 2 mk show 'a@xyz'
status 2 mk rm 'a@12'
status 1 mk list
[ ! -e "$STORE" ] || t_fail "reading made a store"
status 1 mk show base
status 0 mk --help
for word in build list show rm --store --json; do
	grep -q -e "$word" "$T/out" || t_fail "--help does not name $word"
done
status 0 mk list --help
status 0 mk --version
grep -q '^mkstencil [0-9]' "$T/out"

echo data >"$LOWER/file"
status 0 mk build base "$LOWER"
t_eq "base@$(version_of base)" "$(cat "$T/out")" "what build prints"
[ ! -s "$T/err" ] || t_fail "words on stderr: $(cat "$T/err")"
status 0 mk list
t_eq 2 "$(wc -l <"$T/out")" "lines"
grep -q "^\* base  $(version_of base | cut -c1-12) .* 5 B " "$T/out"
status 0 mk show base
grep -q "^version:    $(version_of base)$" "$T/out"
grep -q "^path:       $STORE/templates/base/$(version_of base)$" "$T/out"

# JSON, wherever the option stands
"$MK" --json --store="$STORE" list >"$T/1"
"$MK" list --store="$STORE" --json >"$T/2"
STENCIL_STORE=$STORE "$MK" list --json >"$T/3"
cmp "$T/1" "$T/2"
cmp "$T/1" "$T/3"
jq -e --arg v "$(version_of base)" 'length == 1 and .[0].name == "base" and
	.[0].version == $v and .[0].current == true and .[0].files == 1 and
	.[0].bytes == 5 and .[0].entries == 2 and .[0].built > 1600000000' \
	"$T/1" >/dev/null
mk show --json base | jq -e '.containers == [] and (.source | startswith("dir:/"))' \
	>/dev/null
mk build --json base "$LOWER" | jq -e '.existed == true' >/dev/null
echo more >"$LOWER/file2"
mk build --json base "$LOWER" |
	jq -e '.existed == false and .files == 2 and .shared_files == 1' >/dev/null
mk rm --json base | jq -e '.removed | length == 2' >/dev/null
t_eq "[]" "$(mk list --json | jq -c .)" "an empty list"
t_eq "" "$(mk list)" "an empty list"

# A full disk behind stdout is told.
status 1 sh -c "exec '$MK' --help >/dev/full"
