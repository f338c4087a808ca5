# SPDX-License-Identifier: Apache-2.0
# On a stack of 40 templates a cold look-up, a failing one, a listing and a
# readlink ask the templates' indexes and make no system call on files; and an
# index that is missing, damaged or of another tree changes nothing but that.
# timeout: 300
. "${0%/*}/../lib.sh"
begin
in_mode template || t_skip "is about templates"
t_not_on overlayfs "it knows no templates"
t_not_on plain "it knows no templates"
t_need strace

LOWERS=()
for i in $(seq 40); do
	mkdir -p "$T/l$i/dir/sub" "$T/l$i/own$i" "$T/l$i/linked"
	echo "$i" >"$T/l$i/dir/file$i"
	echo "$i" >"$T/l$i/dir/same"
	ln -s "to$i" "$T/l$i/dir/link$i"
	echo "$i" >"$T/l$i/linked/a$i"
	ln "$T/l$i/linked/a$i" "$T/l$i/linked/b$i"
	LOWERS+=("$T/l$i")
done
setfattr -n user.seen -v yes "$T/l7/dir/file7"
mount_fs

# What find says of all attributes but the times that reading moves, of which
# an index has others than the file.
listing()
{
	(cd "$MNT" && find . -printf '%p %y %i %m %U %G %n %s %b %t %l\n' | sort)
}

look()
{
	forget_mount "$MNT"
	ls -l "$MNT/dir" "$MNT/own9" >/dev/null
	readlink "$MNT/dir/link40" >/dev/null
	for i in $(seq 50); do
		[ ! -e "$MNT/dir/absent$i" ] && [ ! -e "$MNT/absent$i" ]
	done
	# A file with several names has a place in overlayfs's index, which its
	# handle says: that one costs a call or two.
	find "$MNT" -name linked -prune -o -print >/dev/null
}

# traced COMMAND: the daemon's system calls on files meanwhile, in $T/calls.
traced()
{
	local pid strace

	pid=$(daemon_pid "$MNT")
	strace -f -qq -e trace=%file,%desc -o "$T/trace" -p "$pid" &
	strace=$!
	while grep -q '^TracerPid:[[:space:]]0$' /proc/"$pid"/task/*/status; do
		sleep 0.05
	done
	"$@"
	kill "$strace"
	wait "$strace" || :
	# The names only; requests and replies, waiting for them, and what a new
	# thread needs are not what is counted: its ring, and what malloc(3)
	# asks once, when there are more threads than it has arenas.
	awk '/"\/sys\/devices\/system\/cpu\/online"/ { next }
		{ sub(/^[0-9]+ +/, "") }
		/^[a-z_0-9]+\(/ { sub(/\(.*/, ""); n[$0]++ }
		END { for (c in n) print c, n[c] }' "$T/trace" |
		grep -Ev '^(read|write|writev|readv|splice|poll|ppoll|ioctl|io_uring_[a-z]*|madvise) ' \
			>"$T/calls" || :
}

traced look
# The private area's root is asked for each name in it: one call each.
# The root's private directory is listed and asked for each name in the root;
# its own ACL is read from it.
echo "calls: $(tr '\n' ' ' <"$T/calls")"
count()
{
	awk -v call="$1" '$1 == call { print $2 }' "$T/calls" | grep . || echo 0
}
[ "$(count newfstatat)" -lt 250 ] || t_fail "$(count newfstatat) newfstatat"
[ "$(count openat)" -le 2 ] || {
	grep openat "$T/trace"
	t_fail "$(count openat) openat"
}
[ "$(count getdents64)" -le 2 ] || t_fail "$(count getdents64) getdents64"
[ "$(count lgetxattr)" -le 2 ] || t_fail "$(count lgetxattr) lgetxattr"
t_eq "" "$(grep -Ev '^(newfstatat|openat|getdents64|lgetxattr|close|fcntl|mmap|munmap) ' "$T/calls" || :)" "other calls"

listing >"$T/with"
grep -q './linked/a7 f .* 0 0 2 2 ' "$T/with" || t_fail "no file with two names"
t_eq yes "$(getfattr --only-values -n user.seen "$MNT/dir/file7")" "attribute"

# Without the indexes, and with other trees', all is the same.
umount_fs
for d in "$STORE"/templates/t*/current; do
	mv "$d/index" "$d/index.away"
done
mount_fs
listing >"$T/without"
cmp "$T/with" "$T/without"
umount_fs
for d in "$STORE"/templates/t*/current; do
	cp "$STORE/templates/t1/current/index.away" "$d/index"
done
mount_fs
listing >"$T/foreign"
cmp "$T/with" "$T/foreign"
umount_fs
for d in "$STORE"/templates/t*/current; do
	head -c 1000 /dev/urandom >"$d/index"
done
mount_fs
listing >"$T/damaged"
cmp "$T/with" "$T/damaged"
for d in "$STORE"/templates/t*/current; do
	mv "$d/index.away" "$d/index"
done
