# SPDX-License-Identifier: Apache-2.0
# A directory that is open while it is removed.
. "${0%/*}/../lib.sh"
begin
make_lower
mkdir "$LOWER/second"
mount_fs

fsdir removed "$MNT/emptydir"
mkdir "$MNT/new"
fsdir removed "$MNT/new"
cd "$MNT/second"
rmdir "$MNT/second"
t_errno ENOENT stat ./x
t_errno ENOENT open f ./x 'O_CREAT|O_WRONLY'
t_errno ENOENT mkdir ./x
mkdir "$MNT/second"
echo x >"$MNT/second/x"
t_errno ENOENT stat ./x
cd "$T"
