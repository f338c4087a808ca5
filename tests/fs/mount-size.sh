# SPDX-License-Identifier: Apache-2.0
# A mount and its first stat make the same system calls, whatever the size of
# the template.
. "${0%/*}/../lib.sh"
begin
t_need strace
in_mode template || t_skip "of templates only: a lower directory is not indexed"
MNT3=$T/mnt3
mkdir -p "$MNT" "$MNT3" "$T/small/d" "$T/large"/d{1..40}
touch "$T/small/d/f"
for d in "$T/large"/d*; do
	(cd "$d" && seq -f 'name%g' 100 | xargs touch)
done
cp -a "$T/small/d" "$T/large"

# calls NAME MOUNTPOINT: the calls on files, with what differs by name, number
# and time taken out.
calls()
{
	local pid

	"$BUILD/mkstencil" --store="$STORE" -q build "$1" "$T/$1" >/dev/null
	"$BUILD/stencilctl" --store="$STORE" create "c$1" --template="$1" >/dev/null
	strace -f -qq -o "$T/calls.$1" -e trace=%file,getdents64,pread64,fgetxattr \
		"$BUILD/stencilfs" -o "container=c$1,store=$STORE$(mode_opts)" \
		"$2" &
	pid=$!
	until mountpoint -q "$2"; do
		kill -0 "$pid" || t_fail "the mount of $1 failed"
		sleep 0.05
	done
	fsop =d stat "$2/d" type
	umount "$2"
	wait "$pid"
	sed 's/^[0-9]* *//; s/(.*//' "$T/calls.$1" | grep -v '^<\|^+\|^-' |
		sort | uniq -c
}
# Once before, for what is made only once in a store.
calls small "$MNT" >"$T/first"
"$BUILD/stencilctl" --store="$STORE" rm csmall
calls small "$MNT" >"$T/n.small"
calls large "$MNT3" >"$T/n.large"
diff "$T/n.small" "$T/n.large" || t_fail "a large template's mount takes other calls"
