# SPDX-License-Identifier: Apache-2.0
# make install puts everything where it belongs, the mount helper finds the
# program, and make uninstall takes all of it away.
. "${0%/*}/../lib.sh"
begin

make -s -C "$TOP" BUILD="$(realpath --relative-to="$TOP" "$BUILD")" \
	PREFIX="$T/dest/usr" DESTDIR= SBINDIR="$T/dest/sbin" install >/dev/null
for p in stencilfs mkstencil stencilctl; do
	[ -x "$T/dest/usr/bin/$p" ] || t_fail "no program $p"
	[ -e "$T/dest/usr/share/bash-completion/completions/$p" ] ||
		t_fail "no completion of $p"
	[ -s "$T/dest/usr/share/man/man1/$p.1" ] || t_fail "no manual of $p"
done

# What the helper hands on, and what it refuses.
helper=$T/dest/sbin/mount.stencilfs
grep -qx "PROGRAM=$T/dest/usr/bin/stencilfs" "$helper"
cat >"$T/print" <<'END'
#!/bin/sh
printf '[%s]' "$@"
END
chmod +x "$T/print"
sed -i "s|^PROGRAM=.*|PROGRAM=$T/print|" "$helper"
t_eq "[-o][rw,a b=\$(c),ro][--][src x][tgt]" \
	"$("$helper" "src x" tgt -n -o "rw,a b=\$(c)" -r -t fuse.stencilfs)" \
	"arguments"
t_eq "[--][src][tgt]" "$("$T/dest/sbin/mount.fuse.stencilfs" src tgt -sv)" \
	"without options"
t_eq "" "$("$helper" src tgt -f)" "fake"
! "$helper" src 2>/dev/null || t_fail "no target"
! "$helper" src tgt -x 2>/dev/null || t_fail "unknown option"

make -s -C "$TOP" BUILD="$(realpath --relative-to="$TOP" "$BUILD")" \
	PREFIX="$T/dest/usr" DESTDIR= SBINDIR="$T/dest/sbin" uninstall
t_eq "" "$(find "$T/dest" ! -type d)" "files after uninstall"
