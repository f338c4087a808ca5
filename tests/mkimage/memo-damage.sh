# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A memo that is damaged, foreign or cannot be made is told once and never
# fails a build; two builds use one at once; a killed build leaves a good one.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin

SRC=$T/src
make_rich "$SRC"
mkdir "$SRC/many"
for i in {1..300}; do
	echo "$i" >"$SRC/many/$i"
done
version=$(mk -q build a "$SRC")
sleep 0.1 # beyond the clock's grain
mk -q build a "$SRC" >/dev/null
cp -a "$STORE/memo" "$T/good"

# again WARNINGS: builds, and says so many lines on stderr.
again()
{
	t_eq "$version" "$(mk -q build a "$SRC" 2>"$T/err")" "the version"
	t_eq "$1" "$(wc -l <"$T/err")" "lines: $(cat "$T/err")"
}

again 0
for at in 0 4096 8192 20000; do
	printf damage | dd of="$STORE/memo/data.mdb" bs=1 seek=$at \
		conv=notrunc status=none
	again 1
	again 0
done
truncate -s 5000 "$STORE/memo/data.mdb"
again 1
again 0
rm "$STORE/memo/state"
again 1
again 0
echo nonsense >"$STORE/memo/lock.mdb"
again 0
rm -r "$STORE/memo"
again 0
rm -r "$STORE/memo"
echo foreign >"$STORE/memo"
again 1
rm "$STORE/memo"
ln -s "$T/good" "$STORE/memo"
again 1
rm "$STORE/memo"

# One of another store: what it says of the pool is not so.
cp -a "$T/good" "$T/other-memo"
mkdir "$T/other"
STORE=$T/other
mk -q build x "$T/good" >/dev/null
rm -r "$STORE/memo"
cp -a "$T/other-memo" "$STORE/memo"
again 0
t_eq "$(template_tree "$SRC")" "$(template_tree "$(root_of a)")" "the tree"

# Two at once.
for i in 1 2 3; do
	mk -q build "b$i" "$SRC" >"$T/out$i" 2>&1 &
done
wait
for i in 1 2 3; do
	t_eq "b$i@${version#*@}" "$(cat "$T/out$i")" "build $i of three at once"
done
again 0
mk -q gc >/dev/null
again 0
