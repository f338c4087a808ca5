# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# What overlay-interop-*.sh share: changes that leave every mark of
# overlayfs's format in a private area, and the kernel's mount of it.

make_interop_lower()
{
	if in_mode template; then
		NLINK_DIFFERS=y	# read by tree_of
	fi
	mkdir -p "$LOWER"/{opt/app/share,var/log,srv/a/b/c,gone/sub,meta,ex1,ex2}
	echo app >"$LOWER/opt/app/share/x"
	echo log >"$LOWER/var/log/messages"
	echo c >"$LOWER/srv/a/b/c/f"
	echo b >"$LOWER/srv/a/b/f"
	echo gone >"$LOWER/gone/sub/x"
	echo 1 >"$LOWER/ex1/f"
	echo 2 >"$LOWER/ex2/f"
	for i in 1 2 3; do
		head -c 100000 /dev/urandom >"$LOWER/meta/$i"
	done
	echo pair >"$LOWER/pair1"
	ln "$LOWER/pair1" "$LOWER/var/pair2"
	find "$LOWER" -exec touch -h -d '2020-02-02 02:02:02.123456789' {} +
}

interop_changes()
{
	cd "$1" || exit
	echo changed >file
	echo more >>usr/lib/data
	: >attrs
	chmod 600 meta/1
	chown 5:6 meta/2
	fsop utimes meta/3 1000 2000
	setfattr -n user.x -v y etc/passwd
	setfacl -m u:1000:rw dir/a
	setfattr -n trusted.overlay.opaque -v y emptydir
	setfattr -n trusted.mine -v value dir
	rm dir/b link
	rm -r gone
	mkdir gone
	echo new >gone/new
	rm -r var/log
	fsop rename opt/app usr/app
	echo changed >>usr/app/share/x
	fsop rename srv/a/b srv/b
	fsop rename srv/b/c srv/a/c2
	fsop rename srv renamed
	rm renamed/b/f
	fsop rename ex1 ex2 RENAME_EXCHANGE
	mv suid dir/suid
	mkdir -p newdir/sub
	echo new >newdir/sub/file
	ln newdir/sub/file newdir/hard
	ln -s target newdir/link
	mkfifo newdir/fifo
	mknod newdir/dev c 1 5
	echo broken >hl2
	ln hl1 newdir/hl
	chown 7:8 pair1
	truncate -s 10 sparse
	: >.wh.notawhiteout
	cd "$T" || exit
}

more_changes()
{
	cd "$1" || exit
	echo again >>file
	echo data >>meta/1
	echo again >>dir/hl3
	echo again >>var/pair2
	rm -r gone
	fsop rename renamed/b b
	fsop rename usr/app app
	rm app/share/x
	echo x >app/share/y
	rm newdir/hl
	mkdir ex1/new
	rm -r newdir/sub
	cd "$T" || exit
}

# As the kernel's overlayfs with the same layers, at $T/kernel.
mount_kernel()
{
	local lowers

	lowers=$(join : "${LOWERS[@]}")
	if in_mode template && [ "$UNDER_TEST" = stencilfs ]; then
		lowers=$(realpath "$STORE/templates/t0/current/root")
	fi
	overlay_mount "lowerdir=$lowers,upperdir=$UPPER,workdir=$WORK" "$T/kernel"
}

check_hardlinks()
{
	local f

	for f in hl1 hl2 dir/hl3 newdir/hl; do
		t_eq broken "$(cat "$1/$f")" "content of $f"
		fsop "=$(fsop stat "$1/hl1" ino)" stat "$1/$f" ino
		[ "${NLINK_DIFFERS:-}" ] || fsop =4 stat "$1/$f" nlink
	done
	for f in pair1 var/pair2; do
		fsop "=7 8" stat "$1/$f" uid,gid
		[ "${NLINK_DIFFERS:-}" ] || fsop =2 stat "$1/$f" nlink
	done
}
