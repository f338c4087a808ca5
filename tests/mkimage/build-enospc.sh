# SPDX-License-Identifier: Apache-2.0
# A full disk: one line, exit status 1, the staged tree is gone.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
use_disk ext4 32M private

mkdir -p "$T/big/dir"
head -c 8000000 /dev/urandom >"$T/big/dir/a"
touch -d 2020-01-01 "$T/big/dir"
mk -q build fits "$T/big" >/dev/null
used=$(df --output=used "$T/disk" | tail -1)
head -c 60000000 /dev/urandom >"$T/big/dir/b"
t_refuses "/dir/b: No space left on device" -q build full "$T/big"
t_no_remains
t_eq "" "$(find "$STORE/templates" -name 'full*')" "a name without a version"
sync -f "$T/disk"
now=$(df --output=used "$T/disk" | tail -1)
[ $((now - used)) -lt 200 ] || t_fail "$((now - used)) KiB were not given back"

# No inodes left.
mkdir "$T/many"
free=$(df --output=iavail "$T/disk" | tail -1)
(cd "$T/many" && seq $((free + 10)) | xargs touch)
t_refuses ": No space left on device" -q build full "$T/many"
t_no_remains
rm "$T/big/dir/b"
touch -d 2020-01-01 "$T/big/dir"
mk -q build fits2 "$T/big" >/dev/null
t_eq "$(version_of fits)" "$(version_of fits2)" "the store works on"
