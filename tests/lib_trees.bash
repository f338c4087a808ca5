# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The part of lib.sh about trees: one to start from, what one is, whether two
# are equal.

# A small tree with one of each kind.
make_lower()
{
	local l=${1:-$LOWER}

	mkdir -p "$l"/{dir/sub/deep,emptydir,usr/bin,usr/lib,etc,sgid}
	echo "template file" >"$l/file"
	printf '#!/bin/sh\necho ran\n' >"$l/usr/bin/prog"
	echo "usr data" >"$l/usr/lib/data"
	echo "root:x:0:0" >"$l/etc/passwd"
	: >"$l/empty"
	echo a >"$l/dir/a"
	echo b >"$l/dir/b"
	echo c >"$l/dir/c"
	echo x >"$l/dir/sub/deep/x"
	head -c 1048576 /dev/zero | tr '\0' B >"$l/big"
	echo "one file, three names" >"$l/hl1"
	ln "$l/hl1" "$l/hl2"
	ln "$l/hl1" "$l/dir/hl3"
	ln -s file "$l/link"
	ln -s nowhere "$l/dangling"
	ln -s ../etc/passwd "$l/dir/up"
	mkfifo "$l/fifo"
	mknod "$l/null" c 1 3
	echo "attributes" >"$l/attrs"
	setfattr -n user.color -v blue "$l/attrs"
	setfattr -n trusted.shape -v round "$l/attrs"
	echo secret >"$l/secret"
	echo suid >"$l/suid"
	chmod 755 "$l/usr/bin/prog"
	chown 1000:1000 "$l/suid"
	chmod 6755 "$l/suid"
	chown 1001:1002 "$l/secret"
	chmod 600 "$l/secret"
	chgrp 1003 "$l/sgid"
	chmod 2775 "$l/sgid"
	truncate -s 3M "$l/sparse"
	printf end | dd of="$l/sparse" bs=1 seek=2M conv=notrunc status=none
	find "$l" -exec touch -h -d '2020-02-02 02:02:02.123456789' {} +
}

# What a tree is: names, types, modes, owners, links, times, targets, devices,
# contents and attributes.  Times of access are no part of it.
digest_tree()
{
	(
		cd "$1" || exit
		find . -printf '%P %y %#m %U %G %n %i %s %b %T@ %C@ %l\n' | sort
		find . \( -type b -o -type c \) -exec stat -c '%n %t:%T' {} + |
			sort
		# Both cannot reach what lies beyond PATH_MAX.
		getfattr -R -h -P -d -m - -e hex . 2>&1 || :
		# What is bigger is sparse, and its size and blocks stand above.
		find . -type f -size -200M -print0 | sort -z |
			xargs -0r sha1sum 2>&1 || :
	)
}

# tree_of DIR: as digest_tree, without what differs between two copies of one
# tree, nor directories' sizes.  Times since the beginning of the test are
# "now".
tree_of()
{
	local what='%P %y %#m %U %G %n %s @%T@ %l\n'

	# The kernel's overlayfs counts the pool's name of a template's file.
	[ "${NLINK_DIFFERS:-}" ] && what=${what/ %n/}
	(
		cd "$1" || exit
		{
			find . -type d -printf '%P d %#m %U %G @%T@\n' | sort
			find . ! -type d -printf "$what" | sort
		} | sed -E "s/@(1[7-9]|[2-9])[0-9]{8}\.[0-9]+/now/"
		find . \( -type b -o -type c \) -exec stat -c '%n %t:%T' {} + |
			sort
		# Of ours, the kernel's overlayfs knows nothing.
		find . -print0 | sort -z |
			xargs -0r getfattr -h -d -m - -e hex 2>&1 |
			awk 'BEGIN { RS = ""; ORS = "\n\n" }
				{ gsub(/\ntrusted\.stencil\.[^\n]*/, "") }
				/\n./'
		# What is bigger is sparse, and its size and blocks stand above.
		find . -type f -size -200M -print0 | sort -z |
			xargs -0r sha1sum
	)
}

# same_as_plain FUNCTION...: the function does the same with this container
# ($1 = its root) as with an ordinary directory, at once and after a remount.
same_as_plain()
{
	rm -rf "$T/copy"
	cp -a "$MNT" "$T/copy"
	"$@" "$T/copy"
	"$@" "$MNT"
	tree_of "$T/copy" >"$T/tree.plain"
	tree_of "$MNT" >"$T/tree.now"
	diff -u "$T/tree.plain" "$T/tree.now" ||
		t_fail "not as in a plain directory after: $*"
	fsdir check "$MNT" >/dev/null
	remount_fs
	tree_of "$MNT" >"$T/tree.now"
	diff -u "$T/tree.plain" "$T/tree.now" ||
		t_fail "not as in a plain directory after a remount, after: $*"
	fsdir check "$MNT" >/dev/null
}

# Notes what the trees that the mount stands on are; once each.
digest_lowers()
{
	local l n

	for l; do
		n=${#DIGESTED[@]}
		[[ " ${DIGESTED[*]} " = *" $l "* ]] && continue
		DIGESTED+=("$l")
		# What is written back later may take blocks for itself.
		sync -f "$l"
		digest_tree "$(realpath "$l")" >"$T/digest.$n"
	done
}

check_lowers()
{
	local i

	for ((i = 0; i < ${#DIGESTED[@]}; i++)); do
		digest_tree "$(realpath "${DIGESTED[i]}")" >"$T/digest.now"
		diff -u "$T/digest.$i" "$T/digest.now" ||
			t_fail "the template ${DIGESTED[i]} has changed"
	done
}

# Kilobytes that the private area holds (of the first container).
private_kb()
{
	sync -f "$UPPER"
	du -sk "$UPPER" | cut -f1
}
