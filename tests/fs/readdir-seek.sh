# SPDX-License-Identifier: Apache-2.0
# telldir, seekdir and rewinddir, on merged and on plain directories.
. "${0%/*}/../lib.sh"
begin
make_lower
mkdir "$LOWER/many"
(cd "$LOWER/many" && seq 1 700 | xargs touch)
mount_fs

fsdir seek "$MNT/many" >/dev/null
fsdir seek "$MNT/dir" >/dev/null
fsdir seek "$MNT/emptydir" >/dev/null
fsdir rewind "$MNT/many"
fsdir rewind "$MNT/emptydir"
(cd "$MNT/many" && seq 701 900 | xargs touch; seq 5 5 300 | xargs rm)
fsdir seek "$MNT/many" >/dev/null
fsdir rewind "$MNT/many"
mkdir "$MNT/new"
(cd "$MNT/new" && seq 1 300 | xargs touch)
fsdir seek "$MNT/new" >/dev/null
fsdir rewind "$MNT/new"
fsdir check "$MNT" >/dev/null
