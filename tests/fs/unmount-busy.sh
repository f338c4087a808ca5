# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# A mount that goes while 50 processes work in it: each ends with success or
# an error, none hangs, and the daemon exits with status 0 and no complaint.
# By umount -l with the daemon told to end, by fusermount3 -u, by umount, by an
# abort of the connection, by kill -9 of the daemon; $UNMOUNT_ROUNDS times each
# (default 4).
. "${0%/*}/../lib.sh"
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "has no daemon that could go"

ROUNDS=${UNMOUNT_ROUNDS:-4}
WORKERS=50
mkdir -p "$LOWER/d"
for ((i = 0; i < 20; i++)); do head -c 300000 /dev/zero >"$LOWER/d/big$i"; done

# In place of lib.sh's: in the foreground, to have its exit status.
run_daemon()
{
	local mnt=$1
	shift

	STENCIL_MOUNT=$mnt "$1" -f "${@:2}" 2>"$T/daemon.err" &
	DAEMON=$!
	until mountpoint -q "$mnt"; do
		kill -0 "$DAEMON" || t_fail "no mount: $(cat "$T/daemon.err")"
	done
}

# All kinds of requests, until something fails because the mount has gone.
worker()
{
	local n i=0

	cd "$MNT/d" || exit 0
	while [ -e "$T/go" ]; do
		n=$((i++ % 20))
		cat "big$n" >/dev/null && echo x >>"big$n" &&
			echo new >"new$1.$i" && ls -l >/dev/null &&
			mv "new$1.$i" "moved$1" && touch "big$n" &&
			rm "moved$1" || break
	done
	exit 0
} 2>/dev/null

# Ends the mount while they work; the daemon's pid is $1.
by_detach() { umount -l "$MNT"; kill "$1"; }
by_fusermount() { until_not_busy fusermount3 -u "$MNT"; }
by_umount() { until_not_busy umount "$MNT"; }
by_kill() { kill -9 "$1"; umount -l "$MNT"; }
by_abort()
{
	mountpoint -q /sys/fs/fuse/connections ||
		mount -t fusectl fusectl /sys/fs/fuse/connections
	echo 1 >"/sys/fs/fuse/connections/$(mountpoint -d "$MNT" |
		cut -d: -f2)/abort"
	umount -l "$MNT"
}

# While they work it is busy: so they are told to end, and the last of them
# may still be in the middle of something.
until_not_busy()
{
	rm -f "$T/go"
	until "$@" 2>/dev/null; do :; done
}

once()
{
	local how=$1 workers=() w status=0 expected=0

	touch "$T/go"
	mount_fs
	forget_mount "$MNT"
	for ((w = 0; w < WORKERS; w++)); do
		worker "$w" &
		workers+=($!)
	done
	# In the middle of it, at another point each time.
	sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
	"by_$how" "$DAEMON"
	fsop waitdead "$DAEMON" 60000 || t_fail "$how: the daemon lives"
	rm -f "$T/go"
	for w in "${workers[@]}"; do
		fsop waitdead "$w" 60000 ||
			t_fail "$how: a process hangs: $(cat "/proc/$w/stack")"
	done
	wait "${workers[@]}"
	wait "$DAEMON" || status=$?
	[ "$how" != kill ] || expected=137
	t_eq "$expected" "$status" "$how: the daemon's exit status"
	# It is told to end after its mount has lost its place.
	[ "$how" != detach ] || sed -i '/cannot be reached to sync it$/d' \
		"$T/daemon.err"
	t_eq "" "$(cat "$T/daemon.err")" "$how: the daemon's words"
}

for ((r = 0; r < ROUNDS; r++)); do
	# The last leaves nothing in the work directory.
	for how in kill detach fusermount abort umount; do
		once "$how"
	done
done
