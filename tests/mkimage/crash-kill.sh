# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# kill -9 at any moment of a build or a removal: no half template is listed,
# what is listed is whole, and the next build cleans up and succeeds.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq

make_rich "$T/src"
for i in $(seq 300); do
	mkdir "$T/src/dir$i"
	echo "$i" >"$T/src/dir$i/a"
	echo same >"$T/src/dir$i/b"
	ln "$T/src/dir$i/a" "$T/src/dir$i/c"
done
start=${EPOCHREALTIME/./}
mk -q build whole "$T/src" >/dev/null
took=$((${EPOCHREALTIME/./} - start))
want=$(version_of whole)
make_tar "$T/src.tar" "$T/src"

check_list()
{
	local v
	mk --json list >"$T/list"
	for v in $(jq -r '.[] | .name + "/" + .version' "$T/list"); do
		t_eq "${v#*/}" "$(sha256sum <"$STORE/templates/$v/manifest" |
			cut -d' ' -f1)" "manifest of $v"
		t_eq "$(wc -l <"$STORE/templates/$v/manifest")" \
			"$(find "$STORE/templates/$v/root/" -printf '%i\n' | wc -l)" \
			"entries of $v"
	done
	jq -e --arg v "$want" 'all(.version == $v)' "$T/list" >/dev/null ||
		t_fail "what is listed: $(cat "$T/list")"
}

killed=0
for i in $(seq 40); do
	case $((i % 4)) in
	0)	mk -q rm kill >/dev/null 2>&1 || true
		mk_background -q build kill "$T/src.tar" >/dev/null & ;;
	1)	mk_background -q build kill "$T/src" >/dev/null & ;;
	2)	mk -q rm kill >/dev/null 2>&1 || true
		mk_background -q build kill "$T/src" >/dev/null & ;;
	3)	mk_background -q rm kill >/dev/null 2>&1 & ;;
	esac
	pid=$!
	sleep "$(awk -v us=$((RANDOM * took / 32768)) 'BEGIN { print us / 1e6 }')"
	kill -9 $pid 2>/dev/null || true
	rc=0
	wait $pid 2>/dev/null || rc=$?
	[ $rc != 137 ] || killed=$((killed + 1))
	check_list
	cmp "$(root_of whole)/dir7/a" "$T/src/dir7/a"
done
echo "$killed killed of 40"
[ $killed -gt 5 ] || t_fail "only $killed were killed in time"

mk -q build kill "$T/src" >/dev/null
check_list
t_no_remains
template_tree "$T/src" >"$T/want"
template_tree "$(root_of kill)/" | diff -u "$T/want" - >/dev/null ||
	t_fail "the template differs from its source"
mk -q rm kill
mk -q rm whole
t_no_remains
t_eq 0 "$(find "$STORE/pool" -type f | wc -l)" "the pool is empty"

# A signal that can be caught: nothing is left at once.
mkdir "$T/slow"
mkfifo "$T/pipe"
mk_background -q build slow - <"$T/pipe" 2>"$T/err" &
pid=$!
exec 3>"$T/pipe"
head -c 500000 "$T/src.tar" >&3
while ! compgen -G "$STORE/templates/.build-*/root/*" >/dev/null; do
	sleep 0.1
done
kill -TERM $pid
rc=0
wait $pid || rc=$?
exec 3>&-
t_eq 1 "$rc" "status of an interrupted build"
grep -q "interrupted" "$T/err"
t_eq 1 "$(wc -l <"$T/err")" "lines: $(cat "$T/err")"
t_no_remains
