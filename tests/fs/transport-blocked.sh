# SPDX-License-Identifier: Apache-2.0
# However many requests take for ever, others are answered: 60 opens that break
# files of a lower layer whose own daemon is stopped, all made on one CPU, do
# not delay what is asked on that CPU about another layer.
. "${0%/*}/../lib.sh"
STENCIL_MODE=${STENCIL_MODE%+template}	# a lower that is a mount
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "stands on itself"
t_need taskset

MANY=60
mkdir "$T/slow" "$T/slow-lower" "$LOWER/quick"
mkdir "$T/slow-lower/slow"
for ((i = 0; i < MANY; i++)); do echo "$i" >"$T/slow-lower/slow/f$i"; done
for ((i = 0; i < 400; i++)); do echo "$i" >"$LOWER/quick/f$i"; done
run_daemon "$T/slow" "$BUILD/stencilfs" -o "transport=classic,lowerdir=$T/slow-lower" "$T/slow"
MOUNTED+=("$T/slow")
LOWERS=("$T/slow" "$LOWER")
mount_fs
DIGESTED=()	# it is gone when they are looked at
# Known to both, so that only the opens go through the slow one.
ls -l "$MNT/slow" >/dev/null
stat "$MNT/quick" >/dev/null

cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
slow=$(daemon_pid "$T/slow")
kill -STOP "$slow"
breakers=()
for ((i = 0; i < MANY; i++)); do
	taskset -c "$cpu" sh -c 'echo x >>"$1"' - "$MNT/slow/f$i" &
	breakers+=($!)
done
# Names that were never asked for, while they come and when they are there.
for ((i = 0; i < 400; i++)); do
	taskset -c "$cpu" timeout 10 cat "$MNT/quick/f$i" >/dev/null || {
		kill -CONT "$slow"
		t_fail "name $i: not answered"
	}
done
kill -CONT "$slow"
for i in "${breakers[@]}"; do wait "$i"; done
for ((i = 0; i < MANY; i++)); do
	t_eq "$i x" "$(tr '\n' ' ' <"$MNT/slow/f$i" | sed 's/ $//')" "file $i"
done
