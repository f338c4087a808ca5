# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# A whole Debian root, from its directory and as a tar: the same version, one
# copy on disk, equal to its source, usable by chroot.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
DEBIAN=${STENCIL_DEBIAN:-$("$TOP/tools/debian-root")} ||
	t_skip "no Debian root"

mk -q build debian "$DEBIAN"
kb=$(du -sk "$STORE" | cut -f1)
make_tar "$T/debian.tar" "$DEBIAN"
t_eq "$(version_of debian)" "$(mk -q build tar "$T/debian.tar" | sed 's/.*@//')" \
	"version of the tar"
rm "$T/debian.tar"
again=$(du -sk "$STORE" | cut -f1)
[ $((again - kb)) -lt $((kb / 8)) ] || t_fail "twice: $kb KiB, then $again KiB"
t_manifest_sound debian
template_tree "$DEBIAN" >"$T/want"
template_tree "$(root_of tar)/" >"$T/got"
diff -u "$T/want" "$T/got" >"$T/diff" || t_fail "$(head -20 "$T/diff")"
t_eq ok "$(chroot "$(root_of debian)/" /bin/sh -c 'dpkg --version >/dev/null && echo ok')" \
	"dpkg in the template"
mk -q export debian "oci:$T/layout" --compress=zstd >/dev/null
t_eq "$(version_of debian)" \
	"$(mk -q build exported "oci:$T/layout" | sed 's/.*@//')" \
	"version of the exported"
rm -r "$T/layout"
mk -q rm exported
mk -q rm debian
mk -q rm tar
t_eq 0 "$(find "$STORE/pool" -type f | wc -l)" "the pool is empty"
