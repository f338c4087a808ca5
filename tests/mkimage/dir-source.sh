# SPDX-License-Identifier: Apache-2.0
# A directory as a source: one mount, not the store itself, no sockets, what
# changes meanwhile is refused, attributes of ours are left out.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3

mkdir -p "$T/src"/{proc,mnt/inner,etc}
echo hidden >"$T/src/mnt/inner/file"
chmod 555 "$T/src/proc"
echo a >"$T/src/etc/hosts"
echo b >"$T/src/etc/resolv.conf"
mount -t tmpfs none "$T/src/mnt"
mkdir "$T/src/mnt/below"
chmod 1777 "$T/src/mnt"
mount --bind "$T/src/etc/hosts" "$T/src/etc/resolv.conf"
mount --bind "$T/src/etc" "$T/src/proc"
python3 -c "import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])" "$T/src/etc/socket"
STORE=$T/src/var/lib/stencil
mk -q build first "$T/src" 2>"$T/err"
umount "$T/src/mnt" "$T/src/etc/resolv.conf" "$T/src/proc"
ROOT=$(root_of first)
t_eq "" "$(ls -A "$ROOT/mnt")" "a mount point is empty"
t_eq "" "$(ls -A "$ROOT/proc")" "a bind mount is empty"
t_eq "" "$(ls -A "$ROOT/var/lib/stencil")" "the store is not in itself"
[ -d "$ROOT/var/lib/stencil" ] || t_fail "no directory where the store is"
t_eq hosts "$(ls -A "$ROOT/etc")" "neither socket nor mounted file"
grep -q "^mkstencil: .*/etc/socket: a socket" "$T/err"
grep -q "^mkstencil: .*/etc/resolv.conf: a mount point" "$T/err"

# The source is a template: its digests are left out, and told once.
echo x >"$T/own"
version=$(mk -q build again "$(realpath "$ROOT")" 2>"$T/err")
t_eq 1 "$(wc -l <"$T/err")" "one warning: $(cat "$T/err")"
grep -q "trusted.stencil" "$T/err"
t_eq "$(version_of first)" "${version#*@}" "the same version"
mkdir "$T/forged"
echo data >"$T/forged/f"
setfattr -n trusted.stencil.sha1 -v "$(printf '%040d' 0)" "$T/forged/f"
setfattr -n user.stencil.ino -v 1 "$T/forged/f"
mk -q build forged "$T/forged" 2>/dev/null
t_eq "$(sha1sum <"$T/forged/f" | cut -d' ' -f1)" \
	"$(getfattr --only-values -n trusted.stencil.sha1 "$(root_of forged)/f")" \
	"the digest is computed"
! getfattr -d -m user "$(root_of forged)/f" | grep stencil ||
	t_fail "an attribute of ours was kept"

# A file that grows, or is written to, while it is read.
mkdir "$T/busy"
head -c 30000000 /dev/zero >"$T/busy/log"
(while :; do echo more >>"$T/busy/log"; done) &
writer=$!
t_refuses "/log: changed while it was read" -q build busy "$T/busy"
kill "$writer"
wait "$writer" 2>/dev/null || true
t_no_remains
mk -q build busy "$T/busy" >/dev/null

# No reading through a symlink inside, but the source may be one.
mkdir "$T/links"
ln -s / "$T/links/root"
ln -s links "$T/way"
mk -q build links "$T/way" >/dev/null
t_eq / "$(readlink "$(root_of links)/root")" "a symlink stays one"
t_refuses "No such file" -q build links "$T/nowhere"
t_no_remains
