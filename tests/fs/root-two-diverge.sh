# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# Two containers run on one Debian template at the same time, one under runc,
# one under crun; each changes what it likes, and neither sees the other's.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "asks stencilctl what changed"
need_crun
root_begin runc tools
root_second tools
give_package hello "$MNT/root"
give_package coreutils "$MNT2/root"

# Each tells the other through a fifo, which the test carries between them,
# that it runs: so they do at the same time.
mkfifo "$MNT/root/go" "$MNT2/root/go"
in_first()
{
	script '
		read -r _ </root/go
		dpkg -i /root/hello.deb
		hello -g first >/etc/issue
		rm /usr/bin/sshd 2>/dev/null || rm /usr/sbin/sshd
		chown 7:7 /etc/debian_version
		mv /usr/share/doc /usr/share/papers
		echo "first $(uname -s)" >/var/tmp/both'
}

in_second()
{
	RUNTIME=crun ROOT=$MNT2 script '
		read -r _ </root/go
		dpkg -i /root/coreutils.deb
		echo second >/etc/issue
		python3 -c "open(\"/etc/debian_version\", \"a\").write(\"2\n\")"
		rm -rf /usr/share/doc
		mkdir /usr/share/doc
		/usr/sbin/sshd -t
		echo "second $(uname -s)" >/var/tmp/both'
}

in_first >"$T/first.log" 2>&1 &
first=$!
in_second >"$T/second.log" 2>&1 &
second=$!
# Opening a fifo for writing waits for its reader.
echo >"$MNT/root/go"
echo >"$MNT2/root/go"
wait $first || t_fail "in the first: $(tail "$T/first.log")"
wait $second || t_fail "in the second: $(tail "$T/second.log")"

t_eq first "$(cat "$MNT/etc/issue")" "the first's file"
t_eq second "$(cat "$MNT2/etc/issue")" "the second's file"
t_eq "first Linux" "$(cat "$MNT/var/tmp/both")" "the first's new file"
t_eq "second Linux" "$(cat "$MNT2/var/tmp/both")" "the second's new file"
[ ! -e "$MNT2/usr/bin/hello" ] || t_fail "the first's package in the second"
[ ! -e "$MNT/usr/sbin/sshd" ] || t_fail "a removed program is there"
[ -x "$MNT2/usr/sbin/sshd" ] || t_fail "the first's removal in the second"
[ -d "$MNT/usr/share/papers/coreutils" ] || t_fail "a renamed directory"
[ -z "$(ls "$MNT2/usr/share/doc")" ] || t_fail "a directory made again"
t_eq 7 "$(stat -c %u "$MNT/etc/debian_version")" "owner in the first"
t_eq 0 "$(stat -c %u "$MNT2/etc/debian_version")" "owner in the second"

# What neither changed is one inode of the template, in both.
for path in usr/lib/x86_64-linux-gnu/libc.so.6 usr/bin/dash \
	usr/bin/python3.11; do
	path=$(realpath --relative-to="$MNT" "$MNT/$path")
	for id in c1 c2; do
		[ ! -e "$STORE/containers/$id/private/$path" ] ||
			t_fail "$path was copied for $id"
	done
	cmp "$MNT/$path" "$MNT2/$path"
done

root_ctl diff c1 >"$T/diff1"
root_ctl diff c2 >"$T/diff2"
grep -qx 'A /usr/bin/hello' "$T/diff1" || t_fail "diff of the first"
! grep -q hello "$T/diff2" || t_fail "the first's change in the second's diff"
grep -qx 'C /usr/bin/ls' "$T/diff2" || t_fail "diff of the second"
! grep -qx 'C /usr/bin/ls' "$T/diff1" || t_fail "the second's in the first's"
for id in c1 c2; do
	root_ctl umount "$id"
done
forget_mount "$MNT"
forget_mount "$MNT2"
