# SPDX-License-Identifier: Apache-2.0
# A directory that changes while it is read, whatever changes, and sources that
# are none: one line, nothing left, nothing waits for ever.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/steps.bash"
begin
begin_steps
store_state >"$T/without"
echo victim >"$T/victim"
mkdir -p "$T/outside/dir"
echo secret >"$T/outside/dir/secret"

make_source()
{
	rm -rf "${T:?}/src"
	mkdir -p "$T/src/dir/sub"
	head -c 3000000 /dev/urandom >"$T/src/dir/file"
	echo x >"$T/src/dir/sub/secret"
	echo y >"$T/src/other"
}

# meanwhile WORDS CALL COMMAND...: the command runs while mkstencil is held up
# on its way into the call, with the file (or directory) in question open.
meanwhile()
{
	local words=$1 call=$2 what=$3 i
	shift 3

	make_source
	RC=0
	strace -f -o "$T/calls" -P "$T/src/$what" -e trace="$call" \
		-e inject="$call:delay_enter=1200000:when=1" \
		"$BUILD/mkstencil" --store="$STORE" -q build new "$T/src" \
		>"$T/out" 2>"$T/err" &
	pid=$!
	# Open, and looked at, and held up for a while.
	for ((i = 0; i < 500; i++)); do
		[ -z "$(find /proc/[0-9]*/fd -lname "$T/src/$what" \
			2>/dev/null)" ] || break
		sleep 0.01
	done
	sleep 0.2
	"$@"
	wait $pid || RC=$?
	grep -q DELAYED "$T/calls" || t_fail "$words: not held up: $(cat "$T/calls")"
	t_eq 1 $RC "$words: status; $(cat "$T/err")"
	t_eq 1 "$(wc -l <"$T/err")" "$words: lines: $(cat "$T/err")"
	grep -q "^mkstencil: .*$words" "$T/err" ||
		t_fail "no '$words' in: $(cat "$T/err")"
	t_state "$T/without" "$words"
	t_eq victim "$(cat "$T/victim")" "the file outside"
}

CHANGED="/dir/file: changed while it was read"
grow() { echo more >>"$T/src/dir/file"; }
shrink() { truncate -s 1000 "$T/src/dir/file"; }
empty() { : >"$T/src/dir/file"; }
rewrite() { printf X | dd of="$T/src/dir/file" conv=notrunc status=none; }
meanwhile "$CHANGED" pread64 dir/file grow
meanwhile "$CHANGED" pread64 dir/file shrink
meanwhile "$CHANGED" pread64 dir/file empty
meanwhile "$CHANGED" pread64 dir/file rewrite

# Sources that are no source.
mkfifo "$T/fifo"
t_need timeout
for source in "$T/nothing" "$T/victim" /dev/null "$T/victim/x"; do
	RC=0
	timeout 20 "$BUILD/mkstencil" --store="$STORE" -q build new "$source" \
		>"$T/out" 2>"$T/err" || RC=$?
	t_eq 1 $RC "$source: status; $(cat "$T/err")"
	t_eq 1 "$(wc -l <"$T/err")" "$source: lines: $(cat "$T/err")"
	t_state "$T/without" "$source"
done
# A pipe is read as an archive, to its end.
make_source
make_tar "$T/src.tar" "$T/src"
cat "$T/src.tar" >"$T/fifo" &
mk -q build new "$T/fifo" >/dev/null
wait $!
v=$(version_of new)
mk -q build new "$T/src" >/dev/null
t_eq "$v" "$(version_of new)" "through a named pipe"
forget new
(echo "no archive" >"$T/fifo") &
t_refuses "fifo" -q build new "$T/fifo"
wait $!
t_state "$T/without" "a pipe"

# Pipes, devices and links inside are taken and never opened.
make_source
mkfifo "$T/src/fifo"
mknod "$T/src/zero" c 1 5
ln -s "$T/outside" "$T/src/way"
ln -s loop "$T/src/loop"
timeout 20 "$BUILD/mkstencil" --store="$STORE" -q build new "$T/src" >/dev/null
t_eq "$T/outside" "$(readlink "$(root_of new)/way")" "a link stays one"
[ -p "$(root_of new)/fifo" ] || t_fail "a pipe stays one"
forget new

# The store within the source, the source within the store.
mkdir "$T/disk/around"
cp -a "$T/src/dir" "$T/disk/around"
INNER=$T/disk/around/store
"$BUILD/mkstencil" --store="$INNER" -q build one "$T/disk/around" >/dev/null
"$BUILD/mkstencil" --store="$INNER" -q build two "$T/disk/around" >/dev/null
t_eq "" "$(ls -A "$INNER/templates/two/current/root/store")" "the store itself"
t_eq "dir store" "$(cd "$INNER/templates/one/current/root" && echo *)" "around it"
rm -rf "$T/disk/around"
for source in "$STORE" "$STORE/templates" "$STORE/pool"; do
	RC=0
	timeout 20 "$BUILD/mkstencil" --store="$STORE" -q build new "$source" \
		>"$T/out" 2>"$T/err" || RC=$?
	echo "$source: $RC: $(cat "$T/err")"
	[ $RC != 0 ] || mk -q rm new
	forget_folders
	t_state "$T/without" "$source"
done
