# SPDX-License-Identifier: Apache-2.0
# Longer names are refused with ENAMETOOLONG by every operation.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

long=$MNT/dir/$(printf 'n%.0s' {1..256})
t_errno ENAMETOOLONG stat "$long"
t_errno ENAMETOOLONG open f "$long" O_RDONLY
t_errno ENAMETOOLONG open f "$long" 'O_CREAT|O_RDWR'
t_errno ENAMETOOLONG mkdir "$long"
t_errno ENAMETOOLONG mknod "$long" p 0644
t_errno ENAMETOOLONG symlink x "$long"
t_errno ENAMETOOLONG link "$MNT/file" "$long"
t_errno ENAMETOOLONG rename "$MNT/file" "$long"
t_errno ENAMETOOLONG rename "$long" "$MNT/file"
t_errno ENAMETOOLONG unlink "$long"
t_errno ENAMETOOLONG rmdir "$long"
t_errno ENAMETOOLONG truncate "$long" 0
t_errno ENAMETOOLONG readlink "$long"
t_errno ENAMETOOLONG stat "$MNT/dir/$(printf 'n%.0s' {1..1000})"
t_errno ENAMETOOLONG stat "$MNT/dir/$(printf 'n%.0s' {1..4090})"
t_eq "a b c hl3 sub up" "$(echo $(ls "$MNT/dir"))" "names of dir"
