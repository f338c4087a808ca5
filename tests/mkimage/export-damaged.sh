# SPDX-License-Identifier: Apache-2.0
# A damaged template is not exported as a good one, and an export that failed
# or was interrupted leaves nothing, and what was there as it was.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/export.bash"
begin

mkdir "$T/layout"
echo good >"$LOWER/good"
mk -q build good "$LOWER" >/dev/null
mk -q export good "$T/o.tar" >/dev/null
mk -q export good "oci:$T/layout:1" >/dev/null
echo data >"$LOWER/file"
head -c 9000000 /dev/urandom >"$LOWER/large"
mk -q build base "$LOWER" >/dev/null
ROOT=$(root_of base)
TEMPLATE=${ROOT%/root}

state()
{
	(cd "$T" && find . -path ./store -prune -o -path ./out -o -path ./err \
		-o -path ./before -o -path ./after -o ! -type d -printf \
		'%p %i %s %T@ %C@\n' -o -printf '%p\n') | sort
}

# t_damaged WORDS: neither kind of export works, and nothing changes.
t_damaged()
{
	local dest

	state >"$T/before"
	for dest in "$T/o.tar" "$T/new.tar.gz" "oci:$T/layout:1" \
		"oci:$T/new:1"; do
		t_refuses "$1" -q export base "$dest"
	done
	state >"$T/after"
	diff "$T/before" "$T/after" || t_fail "something was left: $1"
}

# One byte, in a file that is read once and in one that is read twice; a file
# that is shorter, that is another, that is not there, that is no file.
for f in file large; do
	unprotect "$ROOT/$f"
	cp -a "$ROOT/$f" "$T/kept"
	printf '\1' | dd of="$ROOT/$f" bs=1 seek=3 conv=notrunc status=none
	t_damaged "/$f: is not what the manifest of .* damaged"
	truncate -s -1 "$ROOT/$f"
	t_damaged "/$f: is not what"
	rm -f "$ROOT/$f"
	t_damaged "/$f: is not what"
	ln -s "$T/kept" "$ROOT/$f"
	t_damaged "/$f: is not what"
	rm -f "$ROOT/$f"
	mkdir "$ROOT/$f"
	t_damaged "/$f: is not what"
	rmdir "$ROOT/$f"
	cp -a "$T/kept" "$ROOT/$f"
	rm "$T/kept"
done
mk -q export base "$T/good.tar" >/dev/null

unprotect "$TEMPLATE/manifest"
cp -a "$TEMPLATE/manifest" "$T/kept"
sed -i 's|^/file 5 100644|/file 5 104755|' "$TEMPLATE/manifest"
t_damaged "the manifest is not that of this version"
head -c 100 "$T/kept" >"$TEMPLATE/manifest"
t_damaged "the manifest is not that of this version"
rm "$TEMPLATE/manifest"
t_damaged "No such file"
cp -a "$T/kept" "$TEMPLATE/manifest"
rm "$T/kept"

# Interrupted, while it works on a file that takes seconds to compress.
head -c 100000000 /dev/urandom >"$LOWER/slow"
mk -q build slow "$LOWER" >/dev/null
interrupted()
{
	local aside='' rc=0

	mk_background -q export slow "$1" 2>"$T/err" &
	until aside=$(find "$T" -name '.tmp-*' -size +0 2>/dev/null) &&
		[ -n "$aside" ]; do
		kill -0 $! || t_fail "it has ended: $(cat "$T/err")"
	done
	kill "-$2" $!
	wait $! || rc=$?
	t_eq 1 "$rc" "status after SIG$2"
	t_eq "mkstencil: slow: interrupted, nothing was exported" \
		"$(cat "$T/err")" "what it says after SIG$2"
}
state >"$T/before"
interrupted "$T/o.tar.bz2" TERM
interrupted "oci:$T/layout:1" TERM
interrupted "oci:$T/new" HUP
state >"$T/after"
diff "$T/before" "$T/after" || t_fail "something was left after a signal"
