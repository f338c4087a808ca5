# SPDX-License-Identifier: Apache-2.0
# timeout: 600
# kill -9 at any moment of a big file's break: mounted again over the dead
# mount, the path shows the old file or the whole new one, and nothing of the
# copy is left.  CRASH_MB and CRASH_ROUNDS make it longer.
. "${0%/*}/../lib.sh"
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "$UNDER_TEST has no daemon to kill"
mb=${CRASH_MB:-128}
rounds=${CRASH_ROUNDS:-20}

mkdir -p "$LOWER/var"
head -c "${mb}M" /dev/urandom >"$LOWER/var/big"
chmod 640 "$LOWER/var/big"
touch -d '2020-02-02 02:02:02.123456789' "$LOWER/var/big" "$LOWER/var"

digest()
{
	sha1sum <"$1/var/big"
}

change()
{
	fsop open f "$MNT/var/big" O_WRONLY , pwrite f 4096 changed
}

old=$(digest "$LOWER")
before=$(stat -c '%s %a %Y %i' "$LOWER/var/big")
mount_fs
start=${EPOCHREALTIME/./}
change
took=$((${EPOCHREALTIME/./} - start))
new=$(digest "$MNT")
[ "$old" != "$new" ]

crashed=0
for ((i = 0; i < rounds; i++)); do
	umount_fs
	rm -rf "$UPPER" "$WORK"
	mount_fs
	pid=$(daemon_pid "$MNT")
	change 2>/dev/null &
	client=$!
	moment=$((RANDOM * took / 32768))
	sleep "$((moment / 1000000)).$(printf %06d $((moment % 1000000)))"
	kill -9 "$pid"
	fsop waitdead "$pid" 60000
	wait "$client" || crashed=$((crashed + 1))
	forget_mount "$MNT"
	mount_fs
	now=$(digest "$MNT")
	[ "$now" = "$old" ] || t_eq "$new" "$now" "neither old nor new"
	if [ "$now" = "$old" ]; then
		t_eq "$before" "$(stat -c '%s %a %Y %i' "$MNT/var/big")" \
			"the old file's attributes"
	fi
	t_eq big "$(ls -A "$MNT/var")" "names"
	t_eq whiteout "$(ls -A "$WORK/work")" "the work directory"
	change
	t_eq "$new" "$(digest "$MNT")" "changed after all"
done
echo "$crashed of $rounds changes met the crash"
