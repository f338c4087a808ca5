# SPDX-License-Identifier: Apache-2.0
# What stat says of every kind of object is what the template says.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file empty link dangling fifo null suid secret sparse sgid usr/bin/prog; do
	for field in type mode uid gid size rdev mtime; do
		case $f,$field in sgid,size) continue ;; esac
		fsop "=$(fsop stat "$LOWER/$f" "$field")" stat "$MNT/$f" "$field"
	done
done
fsop =3 stat "$MNT/hl1" nlink
t_errno ENOENT stat "$MNT/absent"
t_errno ENOTDIR stat "$MNT/file/x"
