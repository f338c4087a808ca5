# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the measurements share.  A script reads:
#
#	. "${0%/*}/lib.sh"
#	begin "$@"		# scratch directory, clean-up at the end
#	mount_stencilfs LOWER
#
# $BENCH_TMP is where scratch directories are made (/var/tmp), $BUILD the build
# folder.  Everything that is mounted through here is unmounted at the end.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
PROG=$BUILD/bench
# An option string that all stencilfs mounts here get, ",transport=classic" say.
BENCH_OPTS=${BENCH_OPTS:-}

begin()
{
	set -eu -o pipefail
	export LC_ALL=C TZ=UTC
	[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 1; }
	# In a mount namespace of its own: a container that another program
	# starts meanwhile would take our mounts along and keep them alive.
	[ "${BENCH_NAMESPACE:-}" ] || BENCH_NAMESPACE=y exec unshare --mount \
		--propagation private bash "$0" "$@"
	T=$(mktemp -d "${BENCH_TMP:-/var/tmp}/stencil-bench.XXXXXX")
	MNT=$T/mnt
	STORE=$T/store
	MOUNTED=()
	DAEMONS=()
	TRACE=
	mkdir "$MNT"
	trap finish EXIT
}

finish()
{
	local i

	trap - EXIT
	set +e
	cd /
	[ -z "$TRACE" ] || requests_end
	# shellcheck disable=SC2046
	[ "$(jobs -p)" ] && kill $(jobs -p) 2>/dev/null
	for ((i = ${#MOUNTED[@]} - 1; i >= 0; i--)); do
		umount "${MOUNTED[i]}" 2>/dev/null || umount -l "${MOUNTED[i]}"
	done
	for i in "${DAEMONS[@]}"; do
		wait_gone "$i"
	done
	rm -rf --one-file-system "$T"
}

wait_gone()
{
	local i

	for ((i = 0; i < 3000; i++)); do
		[ -d "/proc/$1" ] || return 0
		sleep 0.02
	done
	echo "process $1 does not end" >&2
}

# The pid of the daemon that said BENCH_MOUNT=$1.
daemon_pid()
{
	(grep -lzsx "BENCH_MOUNT=$1" /proc/[0-9]*/environ || :) |
		cut -d/ -f3 | head -1
}

# mount_stencilfs LOWER [MOUNTPOINT]: with a fresh private area.
mount_stencilfs()
{
	local m=${2:-$MNT}

	mkdir -p "$m" "$m.private" "$m.work"
	BENCH_MOUNT=$m "$BUILD/stencilfs" -o "lowerdir=$1,upperdir=$m.private,workdir=$m.work$BENCH_OPTS" "$m"
	noted "$m"
}

# After a mount: sets PID to the daemon's.
noted()
{
	MOUNTED+=("$1")
	PID=$(daemon_pid "$1")
	[ -z "$PID" ] || DAEMONS+=("$PID")
}

mount_fuse_overlayfs()
{
	local m=${2:-$MNT}

	mkdir -p "$m" "$m.private" "$m.work"
	BENCH_MOUNT=$m fuse-overlayfs -o "lowerdir=$1,upperdir=$m.private,workdir=$m.work" "$m"
	noted "$m"
}

mount_overlayfs()
{
	local m=${2:-$MNT}

	mkdir -p "$m" "$m.private" "$m.work"
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$m.private,workdir=$m.work" "$m"
	MOUNTED+=("$m")
}

# An ordinary directory with a copy of the tree.
mount_plain()
{
	local m=${2:-$MNT}

	cp -a "$1" "$m.private"
	mkdir -p "$m"
	mount --bind "$m.private" "$m"
	MOUNTED+=("$m")
}

umount_one()
{
	local m i left=() pid

	pid=$(daemon_pid "$1")
	umount "$1"
	[ -z "$pid" ] || wait_gone "$pid"
	for m in "${MOUNTED[@]}"; do
		[ "$m" = "$1" ] || left+=("$m")
	done
	MOUNTED=("${left[@]}")
}

# forget_mount MOUNTPOINT: the kernel drops the names, inodes and pages of this
# mount that nobody uses; the layers below stay warm.
forget_mount()
{
	mount -i -o remount,rw "$1" 2>/dev/null || mount -o remount "$1"
}

drop_inodes()
{
	echo 2 >/proc/sys/vm/drop_caches
}

# Sums over /proc/PID/smaps_rollup in KiB.
rss_kb()
{
	awk '/^Rss:/ { print $2 }' "/proc/$1/smaps_rollup"
}

pss_kb()
{
	awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"
}

open_fds()
{
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

has_overlayfs()
{
	grep -qw overlay /proc/filesystems
}

# The kernel's count of what it sends to a FUSE connection.
requests_begin()
{
	local dev

	TRACE=/sys/kernel/tracing
	mountpoint -q "$TRACE" || mount -t tracefs tracefs "$TRACE"
	TRACE=$TRACE/instances/stencil-bench-$$
	[ -d "$TRACE" ] || mkdir "$TRACE"
	dev=$(stat -c %d "$1")
	echo "connection == $(((dev & 0xff) | ((dev >> 12) & 0xfff00)))" \
		>"$TRACE/events/fuse/fuse_request_send/filter"
	echo 1 >"$TRACE/events/fuse/fuse_request_send/enable"
}

requests_reset()
{
	: >"$TRACE/trace"
}

# "LOOKUP OPEN 2*READ RELEASE" since the last reset.
requests()
{
	sed -n 's/.*fuse_request_send: .*opcode [0-9]* (FUSE_\([A-Z_0-9a-z]*\)).*/\1/p' "$TRACE/trace" |
		sort | uniq -c |
		awk '{ printf("%s%s", (NR > 1 ? " " : ""),
			($1 > 1 ? $1 "*" $2 : $2)) }
			END { if (!NR) printf("0") }'
}

requests_count()
{
	grep -c 'fuse_request_send: ' "$TRACE/trace" || :
}

requests_end()
{
	echo 0 >"$TRACE/events/fuse/fuse_request_send/enable"
	rmdir "$TRACE"
	TRACE=
}
