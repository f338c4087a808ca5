# SPDX-License-Identifier: Apache-2.0
# Archives made to harm, header by header: each is refused in one line that says
# why, or accepted whole; nothing changes outside the template, nothing stays of
# what was refused, and memory is bounded.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/steps.bash"
begin
t_need python3 gzip

MEMORY=400000	# KiB of address space
[ -z "$(nm -D "$BUILD/mkstencil" 2>/dev/null | grep __asan)" ] ||
	MEMORY=unlimited

begin_steps
store_state >"$T/without"
mkdir "$T/tars"
python3 "$TOP/tests/mkimage/hostile_tars.py" "$T/tars" >"$T/cases"
echo before >"$T/victim"

limited()
{
	RC=0
	(
		ulimit -v $MEMORY
		mk -q --max-size=64G build new "$1" >"$T/out" 2>"$T/err"
	) || RC=$?
}

n=0
while read -r file words; do
	limited "$T/tars/$file"
	[ "$RC" -le 1 ] || t_fail "$file: status $RC: $(cat "$T/err")"
	if [ "$words" = ok ]; then
		t_eq 0 $RC "$file: status: $(cat "$T/err")"
	fi
	[ "$words" = ok ] || [ -z "$words" ] || t_eq 1 $RC "$file: status; $(cat "$T/err")"
	if [ $RC = 0 ]; then
		t_eq "" "$(cat "$T/err")" "$file: accepted, and words"
		t_manifest_sound new
		verified "$file"
		forget new
	else
		t_eq 1 "$(wc -l <"$T/err")" "$file: lines: $(cat "$T/err")"
		grep -q "^mkstencil: ..*$words" "$T/err" ||
			t_fail "$file: no '$words' in: $(cat "$T/err")"
		LC_ALL=C grep -q '[[:cntrl:]]' "$T/err" &&
			t_fail "$file: control characters in a message"
		t_eq "" "$(cat "$T/out")" "$file: words on stdout"
	fi
	t_state "$T/without" "$file"
	[ -z "${words#"${words%%[! ]*}"}" ] && echo "$file: $RC $(cut -c-120 "$T/err")"
	t_eq before "$(cat "$T/victim")" "$file: the file outside"
	n=$((n + 1))
done <"$T/cases"
echo "$n archives"
