# SPDX-License-Identifier: Apache-2.0
# What cannot be read is damage: it is named, and the rest is looked at.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin

# A disk of which the second half is gone.
use_disk ext4 64M
mkdir "$T/src"
echo one >"$T/src/a"
head -c 40M /dev/zero | tr '\0' x >"$T/src/big"
echo two >"$T/src/z"
mk -q build base "$T/src" >/dev/null
t_eq "" "$(mk -q verify)" "before"
R=$(realpath "$(root_of base)")
chmod 0600 "$R/a" "$R/z"
chown 1:1 "$R/z"
sync -f "$R"
truncate -s 20M "$T/disk.img"
echo 3 >/proc/sys/vm/drop_caches

rc=0
mk -q verify >"$T/out" 2>"$T/err" || rc=$?
t_eq 1 "$rc" "status"
short=base@$(version_of base | cut -c1-12)
digest=$(sha1sum <"$T/src/big" | cut -d' ' -f1)
t_eq "pool: ${digest:0:2}/${digest:2}: cannot be read: Input/output error
$short: /a: mode 0600, should be 0644
$short: /big: cannot be read: Input/output error
$short: /z: mode 0600, should be 0644
$short: /z: owner 1:1, should be 0:0" "$(cat "$T/out")" "what verify says"
