# SPDX-License-Identifier: Apache-2.0
# stencilctl diff costs what was changed, not what the template holds: its
# system calls are counted over a small and a large template.
. "${0%/*}/../lib.sh"
. "${0%/*}/store.bash"
begin
t_need strace python3

# calls_for FILES: of a diff with three changes, on a template so large.
calls_for()
{
	local dir=$T/base.$1

	mkdir -p "$dir/dir"
	python3 -c 'import sys
for i in range(int(sys.argv[2])):
    open("%s/file-%06d" % (sys.argv[1], i), "w").close()' "$dir/dir" "$1"
	template_of "base$1" "$dir"
	ctl -q create "c$1" --template="base$1"
	by_kernel "c$1" "base$1"
	echo 2 >"$MNT/dir/file-000001"
	echo 2 >"$MNT/dir/new"
	rm "$MNT/dir/file-000002"
	umount_fs
	# A leak checker does not work under a tracer.
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
		strace -f -o calls "$BUILD/stencilctl" --store="$STORE" diff "c$1" >got
	t_eq "C /dir C /dir/file-000001 D /dir/file-000002 A /dir/new" \
		"$(xargs <got)" "diff over $1 files"
	CALLS=$(wc -l <calls)
}

calls_for 10
few=$CALLS
calls_for 3000
t_eq "$few" "$CALLS" "system calls over 3000 files, as over 10"
