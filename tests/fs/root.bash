# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the tests of a container's root share, after ../lib.sh.  A test reads:
#
#	begin
#	root_begin runc tools		# the runtime, and the template
#	topic_programs			# of root_topics.bash
#
# Templates of whole Debian roots take a while to make: they are kept in
# $STENCIL_CACHE, by the mkstencil that made them and the roots they are made
# from, with the digest of their trees.  A test has a store of its own, in
# which the kept templates are mounted.

# shellcheck source=tests/fs/root_topics.bash
. "${BASH_SOURCE[0]%/*}/root_topics.bash"

STENCIL_CACHE=${STENCIL_CACHE:-/var/cache/stencil-test}
export STENCIL_CACHE
CONTAINER_ENV=(PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
	LC_ALL=C DEBIAN_FRONTEND=noninteractive)

# root_begin RUNTIME TEMPLATE: a container on it, at $MNT, in which `inside`
# runs commands.  TEMPLATE is debian or tools.
root_begin()
{
	RUNTIME=$1
	"need_$RUNTIME"
	roots_ready
	root_store
	LOWERS=("$ROOTS/templates/$2/current/root")
	root_mount c1 "$2" "$MNT"
	[ -z "$STORED" ] || UPPER=$STORED/private
}

root_ctl()
{
	"$BUILD/stencilctl" --store="$STORE" "$@"
}

# A second container on the same template, at $MNT2.
root_second()
{
	root_mount c2 "$1" "$MNT2"
	[ -z "$STORED" ] || UPPER2=$STORED/private
}

# root_mount ID TEMPLATE MOUNTPOINT
root_mount()
{
	local options root=$ROOTS/templates/$2/current/root

	STORED=
	# What the tree was when it was made.
	cp "$ROOTS/digest.$2" "$T/digest.0"
	DIGESTED=("$root")
	mkdir -p "$3"
	if [ "$UNDER_TEST" != stencilfs ]; then
		case $1 in
		c1)	mount_fs ;;
		c2)	mount_second ;;
		esac
		return
	fi
	STORED=$STORE/containers/$1
	root_ctl create "$1" --template="$2" >/dev/null
	WORKS+=("$STORED/work")
	options=$(mode_opts)
	run_daemon "$3" "$BUILD/stencilctl" --store="$STORE" mount "$1" "$3" \
		${options:+-o "${options#,}"}
	MOUNTED+=("$3")
}

# The test's own containers beside the kept templates.
root_store()
{
	local part

	mkdir -p "$STORE/containers" "$STORE/cache"
	for part in templates pool; do
		mkdir -p "$STORE/$part"
		mount --bind "$ROOTS/$part" "$STORE/$part"
		DISKS+=("$STORE/$part")
	done
}

# Sets ROOTS to the directory of the kept templates; the first test that needs
# them makes them, others wait for it.
roots_ready()
{
	local plain tools key

	if ! plain=$("$TOP/tools/debian-root" 2>"$T/err") ||
		! tools=$("$TOP/tools/debian-root" tools 2>"$T/err"); then
		cat "$T/err"
		t_skip "no Debian root: $(tail -1 "$T/err")"
	fi
	key=$({
		sha256sum <"$BUILD/mkstencil"
		stat -c '%i %W' "$plain" "$tools"
	} | sha256sum | cut -c1-12)
	ROOTS=$STENCIL_CACHE/roots.$key
	(
		flock 7
		[ -d "$ROOTS" ] || make_roots "$plain" "$tools"
		touch "$ROOTS"
	) 7>"$STENCIL_CACHE/roots.lock"
}

make_roots()
{
	local new name

	# Those of programs that have not been tested for hours.
	find "$STENCIL_CACHE" -maxdepth 1 -name 'roots.*' -type d \
		-mmin +240 -exec rm -rf --one-file-system {} +
	new=$(mktemp -d "$STENCIL_CACHE/roots.new.XXXXXX")
	"$BUILD/mkstencil" --store="$new" -q build debian "$1" >/dev/null
	"$BUILD/mkstencil" --store="$new" -q build tools "$2" >/dev/null
	# A later template may link a file of an earlier one: after both.
	for name in debian tools; do
		digest_tree "$new/templates/$name/current/root/" \
			>"$new/digest.$name"
	done
	chmod 755 "$new"
	mv -T "$new" "$ROOTS"
}

#
# Runtimes.  Each runs a command in the root $ROOT (or $MNT), with processes,
# names and mounts of its own and the machine's network; input is handed on.
#

inside()
{
	ROOT=${ROOT:-$MNT} "in_$RUNTIME" "$@"
}

# script TEXT [ARGS...]: a shell's script inside.
script()
{
	inside sh -euc "$1" sh "${@:2}"
}

need_chroot()
{
	t_need unshare chroot
}

in_chroot()
{
	# shellcheck disable=SC2016
	unshare --fork --pid --kill-child --mount --uts --ipc \
		sh -euc 'root=$1; shift
		mount -t proc proc "$root/proc"
		exec chroot "$root" env -i "$@"' \
		sh "$ROOT" "${CONTAINER_ENV[@]}" "$@"
}

need_bwrap()
{
	t_need bwrap
}

in_bwrap()
{
	bwrap --bind "$ROOT" / --dev /dev --proc /proc --unshare-pid \
		--unshare-ipc --unshare-uts --die-with-parent --cap-add ALL \
		env -i "${CONTAINER_ENV[@]}" "$@"
}

need_runc()
{
	t_need runc jq
}

in_runc()
{
	make_bundle "$@"
	runc --root "$T/runtime" run --bundle "$BUNDLE" "${BUNDLE##*/}"
}

# crun refuses a machine with both versions of cgroups, as long as it sees the
# second.
need_crun()
{
	t_need crun jq
}

in_crun()
{
	make_bundle "$@"
	# shellcheck disable=SC2016
	unshare --mount sh -euc '
		awk "\$3 == \"cgroup2\" { print \$2 }" /proc/mounts |
			while read -r dir; do
				[ "$dir" = /sys/fs/cgroup ] || umount "$dir"
			done
		exec crun --root "$1" run --bundle "$2" "$3"' \
		sh "$T/runtime" "$BUNDLE" "${BUNDLE##*/}"
}

# make_bundle COMMAND...: sets BUNDLE.  No resources, no cgroups, no network
# of its own: they are the machine's matter and not the root's.
make_bundle()
{
	BUNDLE=$(mktemp -d "$T/bundle.XXXXXX")
	# shellcheck disable=SC2016
	jq -n --arg root "$ROOT" --arg caps "$(capabilities)" \
		--arg env "$(printf '%s\n' "${CONTAINER_ENV[@]}")" \
		--args '
	($caps / " ") as $all | {
		ociVersion: "1.0.2",
		root: { path: $root },
		process: {
			user: { uid: 0, gid: 0 }, cwd: "/",
			env: ($env / "\n"), args: $ARGS.positional,
			capabilities: { bounding: $all, effective: $all,
				permitted: $all }
		},
		mounts: [
			{ destination: "/proc", type: "proc", source: "proc" },
			{ destination: "/dev", type: "tmpfs", source: "tmpfs",
			  options: ["nosuid", "mode=755"] },
			{ destination: "/dev/pts", type: "devpts",
			  source: "devpts", options: ["newinstance",
			  "ptmxmode=0666", "mode=620", "gid=5"] },
			{ destination: "/dev/shm", type: "tmpfs",
			  source: "shm", options: ["mode=1777"] }
		],
		linux: { namespaces: [ { type: "pid" }, { type: "ipc" },
			{ type: "uts" }, { type: "mount" } ] }
	}' -- "$@" >"$BUNDLE/config.json"
}

# What Docker leaves to a container, and what nested namespaces need.
capabilities()
{
	local list="CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP
		NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD SETFCAP SYS_ADMIN"

	# shellcheck disable=SC2086
	printf 'CAP_%s ' $list | sed 's/ $//'
}

need_nspawn()
{
	t_need systemd-nspawn
}

in_nspawn()
{
	systemd-nspawn -q -D "$ROOT" --register=no --keep-unit --pipe \
		--resolv-conf=off --timezone=off --link-journal=no \
		env -i "${CONTAINER_ENV[@]}" "$@"
}

need_podman()
{
	t_need podman runc
}

# Limits because a machine without CAP_SYS_RESOURCE cannot raise them, which
# is what podman does by itself.
in_podman()
{
	local caps

	caps=$(capabilities)
	podman --root "$T/podman" --runroot "$T/podman-run" \
		--storage-driver vfs --cgroup-manager cgroupfs --runtime runc \
		run --rm -i --network=host --ulimit nofile=20000:20000 \
		--ulimit nproc=1000:1000 --cap-add "${caps// /,}" \
		--rootfs "$ROOT" \
		env -i "${CONTAINER_ENV[@]}" "$@"
}
