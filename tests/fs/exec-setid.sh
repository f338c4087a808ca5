# SPDX-License-Identifier: Apache-2.0
# Set-id programs run with their owner's rights, those of the template and
# those made inside.
. "${0%/*}/../lib.sh"
begin
t_need setpriv
make_lower
cp /usr/bin/id "$LOWER/usr/bin/suid-id"
chmod 4755 "$LOWER/usr/bin/suid-id"
cp /usr/bin/id "$LOWER/usr/bin/sgid-id"
chgrp 1007 "$LOWER/usr/bin/sgid-id"
chmod 2755 "$LOWER/usr/bin/sgid-id"
mount_fs

stranger()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}
cp "$MNT/usr/bin/suid-id" "$MNT/copy"
chmod 4755 "$MNT/copy"
for p in usr/bin/suid-id copy; do
	t_eq 0 "$(stranger "$MNT/$p" -u)" "effective uid of $p"
done
t_eq 1007 "$(stranger "$MNT/usr/bin/sgid-id" -g)" "effective gid of sgid-id"
chown 1009 "$MNT/usr/bin/suid-id"
t_eq 1000 "$(stranger "$MNT/usr/bin/suid-id" -u)" "effective uid after chown"
chmod u+s "$MNT/usr/bin/suid-id"
remount_fs
t_eq 1009 "$(stranger "$MNT/usr/bin/suid-id" -u)" "effective uid after a remount"
