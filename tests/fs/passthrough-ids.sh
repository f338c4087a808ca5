# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# One id for an inode however often it is open; a few are kept for files of the
# template that may be opened again; there is a limit, beyond which files are
# served without.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "has no ids"
t_not_on overlayfs "has no ids"
in_mode template || t_skip "counters are asked by the container's id"
t_need jq
mkdir -p "$LOWER/usr"
for i in {1..300}; do
	echo "file $i" >"$LOWER/usr/f$i"
done
(
	ulimit -n 512
	mount_fs
)
MOUNTED+=("$MNT")
UPPER=$STORE/containers/c1/private WORK=$STORE/containers/c1/work

show()
{
	"$BUILD/stencilctl" --store="$STORE" show --json c1 | jq -c "$1"
}

if ! passes_through; then
	cat "$MNT"/usr/* >/dev/null
	t_eq '{"on":false,"ids":0,"reason":"switched off"}' \
		"$(show .status.passthrough)" "what show says"
	t_eq 300 "$(show .status.opens.cached)" "cached opens"
	exit 0
fi
exec 3<"$MNT/usr/f1" 4<"$MNT/usr/f1" 5<"$MNT/usr/f1" 6<"$MNT/usr/f2"
echo x >"$MNT/usr/new"
exec 7<>"$MNT/usr/new" 8<"$MNT/usr/new"
t_eq 3 "$(show .status.passthrough.ids)" "ids of three files, open six times"
t_eq 7 "$(show .status.opens.passthrough)" "opens"
exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-

# RELEASE is not waited for.
wait_for_ids()
{
	for _ in {1..100}; do
		[ "$(show .status.passthrough.ids)" -gt "$1" ] || return 0
		sleep 0.02
	done
	t_fail "$(show .status.passthrough.ids) ids are left, not $1"
}

wait_for_ids 2	# that of the private file is gone
# More than half of the descriptors that the daemon may have.
words=$("$BUILD/tests/fs/passthru" hold "$MNT"/usr/f*  -- \
	"$BUILD/stencilctl" --store="$STORE" show --json c1 |
	jq -c '[.status.passthrough.ids, .status.opens.cached]')
t_eq "[256,44]" "$words" "ids and cached opens of 300 files"
wait_for_ids 33
t_eq 300 "$(cat "$MNT"/usr/f* | wc -l)" "lines"
# What is kept is not what a changed file is read by, nor kept for long then.
for i in {1..300}; do
	echo more >>"$MNT/usr/f$i"
done
t_eq 600 "$(cat "$MNT"/usr/f* | wc -l)" "lines after changes"
wait_for_ids 0
forget_fs
t_eq 600 "$(cat "$MNT"/usr/f* | wc -l)" "lines, all forgotten"
