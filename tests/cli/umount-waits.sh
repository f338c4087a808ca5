# SPDX-License-Identifier: Apache-2.0
# stencilctl umount waits for a daemon that is slow to end, says so, and
# returns when it has gone.
. "${0%/*}/../lib.sh"
. "${0%/*}/store.bash"
begin
t_need jq

template_of base "$LOWER"
ctl -q create c1 --template=base
by_stencilfs c1
pid=$(ctl show c1 --json | jq .mount.pid)
kill -STOP "$pid"
ctl umount c1 2>said &
waiter=$!
for ((i = 0; i < 200; i++)); do
	grep -q "c1: waiting" said && break
	sleep 0.1
done
grep -q "^stencilctl: c1: waiting" said || t_fail "nothing was said: $(cat said)"
kill -0 "$waiter" || t_fail "umount did not wait"
kill -CONT "$pid"
wait "$waiter"
fsop waitdead "$pid" 0
t_eq 1 "$(wc -l <said)" "lines said"
