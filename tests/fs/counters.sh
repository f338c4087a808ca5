# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# What `stencilctl show --json` counts is what happened: requests as the kernel
# counts them, opens by class, breaks by cause, bytes.
. "${0%/*}/../lib.sh"
begin
t_need jq
in_mode template || t_skip "only a container has counters to show"
make_lower
head -c 300000 /dev/zero | tr '\0' q >"$LOWER/usr/lib/large"
mount_fs
# That directories become private is counted too, by what asked for it.
touch "$MNT"/{usr/bin,usr/lib,dir,etc}/new

show()
{
	"$BUILD/stencilctl" --store="$STORE" --json show c1 >"$T/show.$1"
}

# since PATH: by how much it grew between the two.
since()
{
	jq -n "(input.status$1 // 0) as \$a | (input.status$1 // 0) - \$a" \
		"$T/show.1" "$T/show.2"
}

requests_begin
show 1
requests_reset
cat "$MNT/usr/lib/data" "$MNT/usr/bin/prog" "$MNT/etc/passwd" >/dev/null
echo more >>"$MNT/usr/lib/data"
fsop open w "$MNT/usr/bin/prog" O_WRONLY , close w
fsop open w "$MNT/usr/lib/large" 'O_WRONLY|O_TRUNC' , close w
fsop open w "$MNT/file" O_RDWR , close w
fsop truncate "$MNT/big" 100000
chmod 600 "$MNT/secret"
setfattr -n user.new -v x "$MNT/attrs"
mv "$MNT/dir/a" "$MNT/dir/moved"
mkdir "$MNT/made"
ls "$MNT/dir" >/dev/null
# The RELEASEs are not waited for.
for _ in {1..100}; do
	show 2
	[ "$(since .requests.release)" != \
		"$(requests | grep -c FUSE_RELEASE)" ] || break
	sleep 0.02
done
requests | sort | uniq -c | while read -r n name; do
	name=${name#FUSE_}
	t_eq "$n" "$(since ".requests.${name,,}")" "requests: $name"
done
t_eq "$(requests | wc -l)" "$(since .requests.all)" "all requests"

# Each is of one class, but those told to come again.
opens=$(($(since .opens.passthrough) + $(since .opens.cached)))
t_eq "$(requests | grep -c 'FUSE_OPEN$')" \
	"$((opens + $(since .opens.stale)))" "opens"
if passes_through; then
	# All but the read of etc/passwd.
	t_eq 1 "$(since .opens.cached)" "cached opens"
	t_eq 6 "$(since .opens.passthrough)" "opens of what passes through"
else
	t_eq 7 "$(since .opens.cached)" "cached opens"
fi
t_eq 3 "$(since .breaks.by.open)" "breaks by open"
t_eq 2 "$(since .breaks.by.truncate)" "breaks by truncation"
t_eq 1 "$(since .breaks.by.setattr)" "breaks by chmod"
t_eq 1 "$(since .breaks.by.xattr)" "breaks by setxattr"
t_eq 1 "$(since .breaks.by.names)" "breaks by rename"
t_eq 5 "$(since .breaks.data)" "breaks with data"
t_eq 3 "$(since .breaks.attributes)" "breaks without"
t_eq 0 "$(since .breaks.directories)" "breaks of directories"
requests_end
