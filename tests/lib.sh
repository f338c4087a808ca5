# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What behaviour tests share.  A test reads:
#
#	. "${0%/*}/../lib.sh"
#	begin				# scratch directory, traps
#	make_lower			# a small tree in $LOWER
#	mount_fs			# a container on it at $MNT
#	fsop '=0644' stat "$MNT/file" mode
#
# Passing the last line passes the test: the exit trap then unmounts, waits
# for the daemons, and fails the test if a template's tree has changed or the
# work directory holds leftovers.  A command that fails fails the test.
#
# $UNDER_TEST chooses what is mounted: stencilfs (the default), overlayfs (the
# kernel's) or plain (a copy of the tree in an ordinary directory).  The other
# two prove the tests, and show where they differ from stencilfs on purpose:
# t_not_on says why.
#
# $STENCIL_MODE, words joined by "+", says how: "classic" or "uring" (the
# transport), "template" (lowers become templates of a store), "off" (without
# passthrough).

LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=${LIB_DIR%/*}
export UNDER_TEST=${UNDER_TEST:-stencilfs}
STENCIL_MODE=${STENCIL_MODE:-classic}
BUILD=${STENCIL_BUILD:-$TOP/build}
OVERLAY_OPTS=redirect_dir=on,metacopy=on,index=on

# shellcheck source=tests/lib_trees.bash
. "$LIB_DIR/lib_trees.bash"

#
# Beginning and end
#

begin()
{
	if [ -z "${STENCIL_TMP:-}" ]; then
		# Started by hand: the runner makes the scratch directory.
		local name

		name=$(basename "$(dirname "$(realpath "$0")")")/$(basename "$0")
		exec "$TOP/tests/run" --build="$BUILD" --exact "${name%.sh}"
	fi
	set -eEu -o pipefail
	umask 022
	export LC_ALL=C TZ=UTC
	T=$STENCIL_TMP
	cd "$T"
	LOWER=$T/lower
	LOWERS=("$LOWER")	# top first
	MNT=$T/mnt
	MNT2=$T/mnt2
	UPPER=$T/private
	UPPER2=$T/private2
	WORK=$T/work
	WORK2=$T/work2
	STORE=$T/store
	MOUNTED=()		# mount points, in order
	DISKS=()		# loop mounts below them
	WORKS=()		# work directories to look at in the end
	DIGESTED=()		# trees that must not change
	mkdir -p "$LOWER"
	trap 't_trap $? "$BASH_COMMAND"' ERR
	trap 'finish $?' EXIT
	[ "$UNDER_TEST" = overlayfs ] && ! grep -qw overlay /proc/filesystems &&
		t_skip "the kernel has no overlayfs"
	[ "$(id -u)" = 0 ] || t_skip "needs root"
}

# The line of the test itself, however deep in functions of this file.
where()
{
	echo "${0##*/}:${BASH_LINENO[-2]}"
}

t_trap()
{
	[ "$T_QUIET" ] || echo "FAIL: $(where): \`$2' gave status $1" >&2
	T_QUIET=y
}
T_QUIET=

finish()
{
	local rc=$1

	trap - EXIT ERR
	set +e
	exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
	cd "$T" || exit 1
	# shellcheck disable=SC2046
	[ "$(jobs -p)" ] && kill $(jobs -p) 2>/dev/null
	wait
	if [ "$rc" = 0 ]; then
		(set -e; check_end) || rc=1
	fi
	local m
	for m in "${MOUNTED[@]}" $(printf '%s\n' "${DISKS[@]}" | tac); do
		mountpoint -q "$m" && umount -l "$m"
	done
	exit "$rc"
}

check_end()
{
	local w leftover

	while [ ${#MOUNTED[@]} -gt 0 ]; do
		umount_at "${MOUNTED[-1]}"
		unset 'MOUNTED[-1]'
	done
	check_lowers
	for w in "${WORKS[@]}"; do
		# An index (of hard links) is part of overlayfs's format.
		leftover=$(find "$w" -mindepth 1 ! -type d ! -path '*/index/*')
		[ -z "$leftover" ] || t_fail "left in the work directory: $leftover"
	done
	for w in $(printf '%s\n' "${DISKS[@]}" | tac); do
		umount "$w"
	done
}

t_fail()
{
	echo "FAIL: $(where): $*" >&2
	T_QUIET=y
	exit 1
}

# The reason is the last line of the output.
t_skip()
{
	T_QUIET=y
	echo "$*"
	exit 77
}

# t_eq WANT GOT WHAT
t_eq()
{
	[ "$1" = "$2" ] && return
	echo "FAIL: $(where): $3" >&2
	printf 'expected: %s\n     got: %s\n' "$1" "$2" >&2
	T_QUIET=y
	exit 1
}

# t_ok WHAT COMMAND...
t_ok()
{
	local what=$1
	shift
	"$@" && return
	echo "FAIL: $(where): $what: \`$*' failed" >&2
	T_QUIET=y
	exit 1
}

# t_errno ERRNO[|ERRNO] OPERATION ARGS...: an operation of fsop that must fail.
t_errno()
{
	fsop "!$1" "${@:2}"
}

# t_not_on NAME WHY: skips where another file system differs on purpose.
t_not_on()
{
	[ "$UNDER_TEST" != "$1" ] || t_skip "$1: $2"
}

t_union_only()
{
	t_not_on plain "has no layers"
}

t_need()
{
	local c

	for c; do
		command -v "$c" >/dev/null || t_skip "needs the program $c"
	done
}

in_mode()
{
	[[ +$STENCIL_MODE+ = *+$1+* ]]
}

fsop()
{
	"$BUILD/tests/fs/fsop" "$@"
}

fsdir()
{
	"$BUILD/tests/fs/fsdir" "$@"
}

#
# Other file systems to stand on
#

# use_disk xfs|ext4 SIZE [private]: an image mounted at $T/disk holds the
# private area, and unless `private`, the lower tree too.
use_disk()
{
	[ -z "${3:-}" ] || ! in_mode template ||
		t_skip "a store is on one file system"
	t_need "mkfs.$1"
	mkdir -p "$T/disk"
	truncate -s "$2" "$T/disk.img"
	case $1 in
	xfs)	mkfs.xfs -q -m reflink=1 "$T/disk.img" ;;
	ext4)	mkfs.ext4 -q -m 0 -O ^has_journal "$T/disk.img" ;;
	esac
	mount -o loop "$T/disk.img" "$T/disk" ||
		t_skip "cannot mount a loop device with $1"
	DISKS+=("$T/disk")
	UPPER=$T/disk/private
	UPPER2=$T/disk/private2
	WORK=$T/disk/work
	WORK2=$T/disk/work2
	STORE=$T/disk/store
	[ "${3:-}" ] && return
	LOWER=$T/disk/lower
	LOWERS=("$LOWER")
	mkdir -p "$LOWER"
}

#
# Mounting
#

join()
{
	local IFS=$1
	shift
	echo "$*"
}

# mount_fs [OPTIONS]: the first container, at $MNT.
mount_fs()
{
	[ -d "$MNT" ] || mkdir "$MNT"
	mount_at "$MNT" c1 "$UPPER" "$WORK" "${1:-}"
	[ "$STORED" ] && UPPER=$STORED/private WORK=$STORED/work
	MOUNTED+=("$MNT")
}

# Another container on the same template, at $MNT2.
mount_second()
{
	[ -d "$MNT2" ] || mkdir "$MNT2"
	mount_at "$MNT2" c2 "$UPPER2" "$WORK2" "${1:-}"
	[ "$STORED" ] && UPPER2=$STORED/private WORK2=$STORED/work
	MOUNTED+=("$MNT2")
}

# No private area.
mount_readonly()
{
	local lowers

	mkdir -p "$MNT"
	digest_lowers "${LOWERS[@]}"
	lowers=$(join : "${LOWERS[@]}")
	case $UNDER_TEST in
	stencilfs)
		run_daemon "$MNT" "$BUILD/stencilfs" \
			-o "lowerdir=$lowers$(mode_opts)${1:+,$1}" "$MNT" ;;
	overlayfs)
		# The kernel wants two lowers where there is no upper.
		mkdir -p "$T/nothing"
		mount -t overlay overlay -o "lowerdir=$lowers:$T/nothing" "$MNT"
		;;
	plain)
		mount --bind "$LOWER" "$MNT"
		mount -o remount,bind,ro "$MNT" ;;
	esac
	MOUNTED+=("$MNT")
}

# mount_at MOUNTPOINT ID UPPER WORK OPTIONS
mount_at()
{
	local lowers

	STORED=
	if [ "$UNDER_TEST" = stencilfs ] && in_mode template; then
		mount_stored "$@"
		return
	fi
	mkdir -p "$4"
	if [ ! -d "$3" ]; then
		# The root's attributes are the private area's, as in overlayfs.
		mkdir "$3"
		chmod --reference="${LOWERS[0]}" "$3"
		chown --reference="${LOWERS[0]}" "$3"
		touch -r "${LOWERS[0]}" "$3"
	fi
	digest_lowers "${LOWERS[@]}"
	[[ " ${WORKS[*]} " = *" $4 "* ]] || WORKS+=("$4")
	lowers=$(join : "${LOWERS[@]}")
	case $UNDER_TEST in
	stencilfs)
		run_daemon "$1" "$BUILD/stencilfs" -o "lowerdir=$lowers,upperdir=$3,workdir=$4$(mode_opts)${5:+,$5}" "$1" ;;
	overlayfs)
		mount -t overlay overlay -o "lowerdir=$lowers,upperdir=$3,workdir=$4,$OVERLAY_OPTS" "$1"
		[ "${5:-}" != ro ] || mount -o remount,ro "$1" ;;
	plain)
		local i
		for ((i = ${#LOWERS[@]} - 1; i >= 0; i--)); do
			cp -a "${LOWERS[i]}/." "$3"
		done
		mount --bind "$3" "$1" ;;
	*)	t_fail "UNDER_TEST=$UNDER_TEST?" ;;
	esac
}

# As mount_at, from a store: each lower becomes a template.  Sets STORED to
# the container's directory.
mount_stored()
{
	local i stack=() root

	for ((i = ${#LOWERS[@]} - 1; i >= 0; i--)); do
		[ -d "$STORE/templates/t$i" ] ||
			"$BUILD/mkstencil" --store="$STORE" -q build "t$i" \
				"$(realpath "${LOWERS[i]}")"
		stack+=("t$i")
		root=$(realpath "$STORE/templates/t$i/current/root")
		digest_lowers "$root"
	done
	STORED=$STORE/containers/$2
	[ -d "$STORED" ] ||
		"$BUILD/stencilctl" --store="$STORE" create "$2" \
			--template="$(join : "${stack[@]}")" >/dev/null
	[[ " ${WORKS[*]} " = *" $STORED/work "* ]] || WORKS+=("$STORED/work")
	run_daemon "$1" "$BUILD/stencilfs" -o "container=$2,store=$STORE$(mode_opts)${5:+,$5}" "$1"
}

# Does the kernel read and write files by itself here?
passes_through()
{
	[ "$UNDER_TEST" = stencilfs ] && ! in_mode off &&
		printf '6.9\n%s\n' "$(uname -r)" | sort -C -V
}

mode_opts()
{
	in_mode off && printf ,passthrough=off
	in_mode classic && printf ,transport=classic
	in_mode uring && printf ,transport=uring
	return 0
}

# The daemon is found again by what its environment says.
run_daemon()
{
	local mnt=$1 rc=0
	shift

	STENCIL_MOUNT=$mnt "$@" 2>"$T/daemon.err" || rc=$?
	cat "$T/daemon.err" >&2
	[ "$rc" = 0 ] || t_fail "status $rc from: $*"
	[ ! -s "$T/daemon.err" ] || t_fail "words on stderr at mount"
	mountpoint -q "$mnt" || t_fail "not mounted on return of: $*"
}

# The pid of the daemon behind a mount point.
daemon_pid()
{
	# Processes that end meanwhile make grep complain.
	(grep -lzsx "STENCIL_MOUNT=$1" /proc/[0-9]*/environ || :) |
		cut -d/ -f3 | head -1
}

# umount_at MOUNTPOINT: gone, and on disk, when it returns.
umount_at()
{
	local pid=

	[ "$UNDER_TEST" = stencilfs ] && pid=$(daemon_pid "$1")
	umount "$1" || t_fail "cannot unmount $1"
	[ -z "$pid" ] || fsop waitdead "$pid" 60000 ||
		t_fail "the daemon $pid of $1 lives 60 s after the unmount"
}

umount_fs()
{
	local mnt=${1:-$MNT}

	umount_at "$mnt"
	forget_mount "$mnt"
}

# Everything that the kernel and the daemon knew is forgotten.
remount_fs()
{
	umount_fs
	if [ "$UNDER_TEST" = plain ]; then
		mount --bind "$UPPER" "$MNT"
		MOUNTED+=("$MNT")
	else
		mount_fs "$@"
	fi
}

# kill -9 of the daemon; the others have none and lose nothing.
kill_fs()
{
	local pid

	if [ "$UNDER_TEST" = stencilfs ]; then
		pid=$(daemon_pid "$MNT")
		[ "$pid" ] || t_fail "no daemon found for $MNT"
		kill -9 "$pid"
		fsop waitdead "$pid" 60000
		umount -l "$MNT"
		forget_mount "$MNT"
	else
		umount_fs
	fi
}

forget_mount()
{
	local m left=()

	for m in "${MOUNTED[@]}"; do
		[ "$m" = "$1" ] || left+=("$m")
	done
	MOUNTED=("${left[@]}")
}

kill_and_remount_fs()
{
	kill_fs
	if [ "$UNDER_TEST" = plain ]; then
		mount --bind "$UPPER" "$MNT"
		MOUNTED+=("$MNT")
	else
		mount_fs "$@"
	fi
}

# The kernel forgets every name and inode of the first mount that nobody has
# open: a remount empties the file system's caches, no other's.
forget_fs()
{
	sync -f "$MNT"
	mount -i -o remount,rw "$MNT"
}

# overlay_mount OPTIONS MOUNTPOINT: the kernel's overlayfs over our layers.
overlay_mount()
{
	grep -qw overlay /proc/filesystems ||
		t_skip "the kernel has no overlayfs"
	mkdir -p "$2"
	mount -t overlay overlay -o "$1,$OVERLAY_OPTS" "$2"
	MOUNTED+=("$2")
}

#
# Counting requests: each mount is a FUSE connection, and the kernel traces
# what it sends to one.
#

requests_begin()
{
	local dev

	[ "$UNDER_TEST" = stencilfs ] || t_skip "$UNDER_TEST sends no requests"
	TRACE=/sys/kernel/tracing
	mountpoint -q "$TRACE" || mount -t tracefs tracefs "$TRACE" ||
		t_skip "no tracefs"
	[ -d "$TRACE/events/fuse/fuse_request_send" ] ||
		t_skip "the kernel does not trace FUSE requests"
	TRACE=$TRACE/instances/stencil-$$
	mkdir "$TRACE"
	dev=$(stat -c %d "$MNT")
	CONNECTION=$(((dev & 0xff) | ((dev >> 12) & 0xfff00)))
	echo "connection == $CONNECTION" \
		>"$TRACE/events/fuse/fuse_request_send/filter"
	echo 1 >"$TRACE/events/fuse/fuse_request_send/enable"
}

# Forgets what was counted until now.
requests_reset()
{
	: >"$TRACE/trace"
}

# The names of the requests since the last reset, one a line.
requests()
{
	sed -n 's/.*fuse_request_send: .*opcode [0-9]* (\([A-Z_0-9a-z]*\)).*/\1/p' \
		"$TRACE/trace"
}

requests_end()
{
	echo 0 >"$TRACE/events/fuse/fuse_request_send/enable"
	rmdir "$TRACE"
}
