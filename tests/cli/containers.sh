# SPDX-License-Identifier: Apache-2.0
# stencilctl create, list, show, rm: what they print, as text and JSON, and
# what they refuse; exit status 0 done, 1 failed, 2 usage.
. "${0%/*}/../lib.sh"
. "${0%/*}/store.bash"
begin
t_need jq

template_of base "$LOWER"
mkdir "$T/app"
touch "$T/app/a"
template_of vendor/app "$T/app"

# usage
t_status 2 ctl >/dev/null
t_status 2 ctl frobnicate
t_stderr "^stencilctl: frobnicate: "
t_status 2 ctl create
t_status 2 ctl create c1
t_stderr template
t_status 2 ctl create c1 c2 --template=base
t_status 2 ctl create --bytes=1M c1 --template=base
t_stderr "^stencilctl: --bytes=1M: unknown"
t_status 2 ctl create --inodes=1000 c1 --template=base
t_status 2 ctl create ../c1 --template=base
t_status 2 ctl create .c1 --template=base
t_status 2 ctl create c1 --template=base@xyz
t_status 2 ctl create c1 --template=
t_status 2 ctl list -x
t_stderr "^stencilctl: -x: unknown"
t_status 2 ctl list --quiet=1
t_stderr "^stencilctl: --quiet=1: takes no argument"
t_status 2 ctl list --store
t_stderr "^stencilctl: --store: an argument"
t_status 2 ctl rm
t_status 2 ctl --template=base list
t_eq 0 "$(find "$STORE/containers" -mindepth 1 | wc -l)" "nothing was made"
ctl --help | grep -q "^  diff ID"
ctl create --help | grep -q "^  diff ID"
ctl --version | grep -q "^stencilctl [0-9]"

# create
ctl create c1 --template=base >out
grep -q "^c1 on base@[0-9a-f]\{12\}$" out
t_eq "" "$(ctl -q create --template base c2)" "quiet"
ctl create c3 --template=base:vendor/app --json |
	jq -e '.id == "c3" and .templates[1].name == "vendor/app"'
version=$(readlink "$STORE/templates/base/current")
ctl -q create c4 --template="base@${version:0:8}"
t_status 1 ctl create c1 --template=base
t_stderr "^stencilctl: .*c1.*exists"
t_status 1 ctl create c5 --template=absent
t_stderr "^stencilctl: absent: no such template"
t_status 1 ctl create c5 --template=base@000000
t_stderr "base@000000"
t_status 1 ctl --store="$T/nowhere" list
t_stderr "^stencilctl: .*nowhere: No such file"

# list
t_eq "c1 c2 c3 c4" "$(ctl list -q | cut -d' ' -f1 | xargs)" "list"
ctl list | head -1 | grep -q "^ID  *STATE  *TEMPLATES"
ctl list --json | jq -e '[.[].id] == ["c1", "c2", "c3", "c4"] and
	all(.[]; .mounted == false and .state == "unmounted")'
STENCIL_STORE=$STORE "$BUILD/stencilctl" list | grep -q ^c1

# show
echo 12345 >"$STORE/containers/c1/private/file"
ln "$STORE/containers/c1/private/file" "$STORE/containers/c1/private/link"
mknod "$STORE/containers/c1/private/gone" c 0 0
truncate -s 1G "$STORE/containers/c1/private/sparse"
sync -f "$STORE"
ctl show c1 >out
grep -q "^id: c1$" out
grep -q "^private files: 2$" out
grep -q "^state: unmounted$" out
bytes=$(du -B1 "$STORE/containers/c1/private/file" | cut -f1)
ctl show c1 --json | jq -e --arg b "$bytes" --arg v "$version" '
	.private.files == 2 and .private.whiteouts == 1 and
	.private.bytes == ($b | tonumber) and .templates[0].version == $v and
	.mounted == false and (has("mount") | not)'
t_status 1 ctl show c9
t_stderr "^stencilctl: c9: no such container"

# a damaged record hides no other container, and can be removed
echo '{' >"$STORE/containers/c2/container.json"
t_status 1 ctl -q list >out
t_stderr c2
t_eq "c1 c3 c4" "$(cut -d' ' -f1 out | xargs)" "list without the damaged one"
t_status 1 ctl show c2
ctl rm c2
t_eq "c1 c3 c4" "$(ctl list -q | cut -d' ' -f1 | xargs)" "list after rm"

# rm
ctl rm c1
t_status 1 ctl rm c1
t_status 2 ctl rm ..
ctl rm --json c3 | jq -e '.id == "c3"'
[ ! -e "$STORE/containers/c3" ]
t_eq "[]" "$(ctl rm c4; ctl list --json | tr -d ' \n')" "the empty list"

# output that cannot be written is a failure
ctl -q create c6 --template=base
t_status 1 sh -c '"$0" --store="$1" list >/dev/full' "$BUILD/stencilctl" "$STORE"
