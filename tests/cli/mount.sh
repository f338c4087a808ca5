# SPDX-License-Identifier: Apache-2.0
# stencilctl mount and umount: mount returns when the root answers, umount when
# the daemon has gone and everything is in the private area.
. "${0%/*}/../lib.sh"
. "${0%/*}/store.bash"
begin
t_need jq

make_lower
template_of base "$LOWER"
ctl -q create c1 --template=base
ctl -q create c2 --template=base
mkdir "$MNT" "$T/with blank"

t_status 1 ctl umount c1
t_stderr "c1: not mounted"
t_status 1 ctl mount c1 "$T/nowhere"
t_status 1 ctl mount c9 "$MNT"
t_status 2 ctl mount c1
t_eq unmounted "$(ctl list --json | jq -r '.[0].state')" "after a failure"

t_eq "" "$(ctl mount c1 "$MNT" 2>&1)" "a mount says nothing"
t_eq fuseblk "$(stat -fc %T "$MNT")" "statfs's magic"
[ -e "$MNT/usr/bin/prog" ]
ctl list | grep -q "^c1  *mounted .* $MNT$"
ctl show c1 --json >json
jq -e --arg m "$MNT" '.mounted and .mount.mountpoint == $m' json
pid=$(jq .mount.pid json)
grep -q stencilfs "/proc/$pid/comm"
jq -e '.status | type == "object"' json

t_status 1 ctl mount c1 "$T/with blank"
t_stderr "c1.*mounted on $MNT"
t_status 1 ctl rm c1
t_stderr "mounted on $MNT"
[ -e "$MNT/usr/bin/prog" ]

# another one, with options and a blank in its place
ctl mount --json c2 -o ro "$T/with blank" |
	jq -e --arg m "$T/with blank" '.mountpoint == $m'
t_errno EROFS mkdir "$T/with blank/x" 0755
ctl umount c2
[ ! -e "$T/with blank/usr" ]

# diff of a mounted container
echo 2 >"$MNT/new"
t_eq "A /new" "$(ctl diff c1)" "diff while mounted"

# in use
cd "$MNT"
t_status 1 ctl umount c1
t_stderr "busy"
cd "$T"
ctl umount c1
fsop waitdead "$pid" 0
[ ! -e "$MNT/new" ]
t_eq 2 "$(cat "$STORE/containers/c1/private/new")" "in the private area"
t_eq unmounted "$(ctl list --json | jq -r '.[0].state')" "after umount"

# lazily: the mount point is free at once, the daemon ends with its last user
ctl mount c1 "$MNT"
pid=$(ctl show c1 --json | jq .mount.pid)
exec 5<"$MNT/new"
ctl umount -l c1
[ ! -e "$MNT/new" ]
t_status 1 ctl mount c1 "$MNT"
t_eq 2 "$(cat <&5)" "an open file after umount -l"
exec 5<&-
fsop waitdead "$pid" 10000

# killed: the state is shown, and umount clears it away
ctl mount c1 "$MNT"
pid=$(ctl show c1 --json | jq .mount.pid)
echo 3 >"$MNT/late"
kill -9 "$pid"
fsop waitdead "$pid" 10000
ctl list | grep -q "^c1  *dead"
t_status 1 ctl rm c1
ctl umount c1
t_eq unmounted "$(ctl list --json | jq -r '.[0].state')" "after the dead one"
ctl mount c1 "$MNT"
t_eq 3 "$(cat "$MNT/late")" "after a kill"

# or mount does, wherever it is to be mounted next
pid=$(ctl show c1 --json | jq .mount.pid)
kill -9 "$pid"
fsop waitdead "$pid" 10000
ctl mount c1 "$T/with blank"
[ "$(grep -c " $MNT " /proc/self/mountinfo)" = 0 ]
ctl umount c1

# a dead mount that somebody has cleared away, and another's in its place: not
# touched
ctl mount c1 "$MNT"
pid=$(ctl show c1 --json | jq .mount.pid)
kill -9 "$pid"
fsop waitdead "$pid" 10000
umount "$MNT"
ctl mount c2 "$MNT"
t_status 1 ctl umount c1
mountpoint -q "$MNT"
ctl rm c1
ctl umount c2
t_eq c2 "$(ctl list --json | jq -r '.[].id' | xargs)" "containers left"
