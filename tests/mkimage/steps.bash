# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# After image.bash: a command of mkstencil, interrupted at each of its system
# calls that change something, one after the other, by strace(1): killed before
# the call, or with an error as its result.

# What changes a file system, durability included; exit_group stands for "after
# all of them".
STEP_KINDS="mkdir,mkdirat,mknodat,symlinkat,linkat,renameat,renameat2,unlinkat"
STEP_KINDS+=",openat,write,pwrite64,writev,ftruncate,fallocate,copy_file_range"
STEP_KINDS+=",fsync,fdatasync,syncfs,fsetxattr,setxattr,lsetxattr,removexattr"
STEP_KINDS+=",lremovexattr,fremovexattr,fchmod,fchmodat,fchown,fchownat"
STEP_KINDS+=",utimensat,ioctl,flock,msync,exit_group"

# On a file system in memory each step takes milliseconds; what a power cut
# leaves is another test's business.
begin_steps()
{
	t_need strace jq
	strace -o /dev/null true 2>/dev/null || t_skip "strace cannot trace here"
	mkdir "$T/disk"
	mount -t tmpfs tmpfs "$T/disk"
	DISKS+=("$T/disk")
	STORE=$T/disk/store
	setfattr -n trusted.test -v 1 "$T/disk" 2>/dev/null ||
		t_skip "tmpfs has no trusted attributes here"
	mkdir "$T/disk/whole"
	echo shared >"$T/disk/whole/shared"
	echo whole >"$T/disk/whole/own"
	touch -d 2020-01-01 "$T"/disk/whole/* "$T/disk/whole"
	make_small "$T/disk/small"
	mk -q build whole "$T/disk/whole" >/dev/null
}

# One of each kind of entry, of each fate in the pool: a file that `whole` has,
# one with its content alone, twins, a hard-linked one.
make_small()
{
	mkdir -p "$1/dir/below"
	cp -p "$T/disk/whole/shared" "$1/shared"
	echo whole >"$1/other"
	echo twin >"$1/twin1"
	cp -p "$1/twin1" "$1/twin2"
	echo linked >"$1/dir/linked"
	ln "$1/dir/linked" "$1/zz"
	: >"$1/empty"
	truncate -s 100000 "$1/hole"
	ln -s nowhere "$1/link"
	mkfifo "$1/fifo"
	setfattr -n user.color -v red "$1/dir"
	chown -h 7:8 "$1/link" "$1/other"
}

# plan KINDS COMMAND...: runs it and prints "CALL NUMBER" lines: which calls of
# which kind to interrupt.  Of very many of a kind, the first, the last and some
# between.  openat counts where it makes something.
plan()
{
	local kinds=$1
	shift

	strace -f -o "$T/calls" -e trace="$kinds" "$BUILD/mkstencil" \
		--store="$STORE" "$@" >/dev/null
	awk -v most="${STEPS_OF_A_KIND:-10}" '
		$2 !~ /^[a-z]/ || / resumed>/	{ next }
		{
			call = $2
			sub(/\(.*/, "", call)
			n = ++count[$1, call]
			if (call == "openat" && !/O_CREAT/)
				next
			if (call == "ioctl" && !/FICLONE/)
				next
			if (!seen[call, n]++)
				list[call, ++have[call]] = n
		}
		END {
			for (call in have) {
				h = have[call]
				step = h <= most ? 1 : h / most
				for (i = 1; i <= h; i += step)
					print call, list[call, int(i)]
				if (h > most)
					print call, list[call, h]
			}
		}' "$T/calls" | sort -u -k1,1 -k2,2n
}

# interrupted CALL NUMBER HOW COMMAND...: HOW is signal=KILL or error=E.  The
# status is in RC, what was said in $T/err.
interrupted()
{
	local call=$1 number=$2 how=$3
	shift 3

	RC=0
	# The shell tells of what was killed: not worth reading.
	{ strace -f -o "$T/calls" -e trace="$call" \
		-e inject="$call:$how:when=$number" "$BUILD/mkstencil" \
		--store="$STORE" "$@" >"$T/out" 2>"$T/err"; } 2>/dev/null || RC=$?
}

# All that the store consists of, so that two states can be compared; but what
# may differ between two builds of the same: when it was built.
store_state()
{
	(
		cd "$STORE"
		find pool templates -name lost+found -prune -o \
			-path 'pool/??' -prune -o -name info.json -printf '%p\n' \
			-o -type d -printf '%p %y %m\n' \
			-o -type l -printf '%p %y %l\n' \
			-o -printf '%p %y %m %U %G %s %n\n' | sort
		find pool -type f -printf '%p %m %U %G %s %n\n' | sort
	)
}

# WANTED_STATE FILE WHAT
t_state()
{
	store_state | diff -u "$1" - >"$T/diff" ||
		t_fail "$2: the store is not as it should be: $(cat "$T/diff")"
}

# What is listed is complete.
t_whole()
{
	local v

	mk --json list >"$T/list"
	for v in $(jq -r '.[] | .name + "/" + .version' "$T/list"); do
		t_eq "${v#*/}" "$(sha256sum <"$STORE/templates/$v/manifest" |
			cut -d' ' -f1)" "$1: the manifest of $v"
		t_eq "$(wc -l <"$STORE/templates/$v/manifest")" \
			"$(find "$STORE/templates/$v/root/" -printf '%i\n' |
				wc -l)" "$1: entries of $v"
		[ -s "$STORE/templates/$v/info.json" ] ||
			t_fail "$1: no info.json in $v"
	done
	[ -d "$STORE/templates/whole/current/root" ] || t_fail "$1: whole is gone"
}

is_listed()
{
	jq -e --arg n "$1" 'any(.name == $n)' "$T/list" >/dev/null
}

# Makes the pool's folders as they were, so that the next build takes the same
# steps.
forget_folders()
{
	find "$STORE/pool" -mindepth 1 -type d -empty -delete
}

forget()
{
	mk -q rm "$1"
	forget_folders
}

# Removes what was left, by the command that is for it where there is one.
clean()
{
	if [ "${HAS_GC:=$("$BUILD/mkstencil" --help | grep -c '^  gc')}" != 0 ]
	then
		mk -q gc >/dev/null
	else
		# A build removes the remains of others before it begins.
		mk -q build whole "$T/disk/whole" >/dev/null
		rmdir "$STORE/templates/new" 2>/dev/null || true
	fi
}

verified()
{
	[ "${HAS_VERIFY:=$("$BUILD/mkstencil" --help | grep -c '^  verify')}" = 0 ] ||
		mk -q verify >"$T/verify" 2>&1 ||
		t_fail "$1: verify: $(cat "$T/verify")"
}
