# SPDX-License-Identifier: Apache-2.0
# In a stack of 40 lower directories a name that is not there costs one failing
# call and not 40, once the directories have been read.
# timeout: 300
. "${0%/*}/../lib.sh"
begin
in_mode template && t_skip "is about lowerdir="
t_union_only
t_not_on overlayfs "its calls cannot be counted"
t_need strace

LOWERS=()
for i in $(seq 40); do
	mkdir -p "$T/l$i/dir"
	echo "$i" >"$T/l$i/dir/file$i"
	LOWERS+=("$T/l$i")
done
touch "$T/l7/dir/.wh.file30"
mount_fs
[ ! -e "$MNT/dir/file30" ]
[ ! -e "$MNT/dir/first" ]

pid=$(daemon_pid "$MNT")
strace -f -qq -e trace=newfstatat,faccessat,faccessat2 -o "$T/trace" -p "$pid" &
strace=$!
while grep -q '^TracerPid:[[:space:]]0$' /proc/"$pid"/task/*/status; do
	sleep 0.05
done
for i in $(seq 100); do
	[ ! -e "$MNT/dir/absent$i" ]
done
for i in $(seq 40); do
	[ "$i" = 30 ] || [ -e "$MNT/dir/file$i" ]
done
kill "$strace"
wait "$strace" || :
calls=$(grep -c 'newfstatat\|faccessat' "$T/trace" || :)
echo "$calls calls"
# 100 in the last layer, whose names nobody hides and nobody collected; 39 that
# find their file; the whiteout; the kernel's GETATTR of the directory.
[ "$calls" -le 150 ] || t_fail "$calls calls"
t_eq "$(seq 40 | grep -vx 30)" "$(ls "$MNT/dir" | tr -d a-z | sort -n)" "names"
