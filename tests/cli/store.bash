# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the tests of stencilctl share, after ../lib.sh: a store, templates in
# it, containers that the kernel's overlayfs or stencilfs changes.

ctl()
{
	"$BUILD/stencilctl" --store="$STORE" "$@"
}

# template_of NAME DIR: DIR becomes a template as it is.  Made by hand after
# base/store.h, because what mkstencil makes of a source has no whiteouts, and
# those are to be tested too.
template_of()
{
	local version dir

	version=$(find "$2" | sha256sum | cut -d' ' -f1)
	dir=$STORE/templates/${1//\//%}
	mkdir -p "$STORE"/{pool,containers,cache} "$dir/$version"
	cp -a "$2" "$dir/$version/root"
	ln -sfn "$version" "$dir/current"
}

template_root()
{
	echo "$STORE/templates/$1/$(readlink "$STORE/templates/$1/current")/root"
}

# by_kernel ID TEMPLATE...: the container's layers (templates base first) at
# $MNT, under the kernel's overlayfs.
by_kernel()
{
	local id=$1 lowers="" t dir=$STORE/containers/$1
	shift

	for t; do
		lowers=$(template_root "$t")${lowers:+:$lowers}
	done
	overlay_mount "lowerdir=$lowers,upperdir=$dir/private,workdir=$dir/work" \
		"$MNT"
}

by_stencilfs()
{
	mkdir -p "$MNT"
	ctl mount "$1" "$MNT"
}

# t_status STATUS COMMAND...: stderr goes to $T/stderr.
t_status()
{
	local want=$1 got=0
	shift

	"$@" 2>"$T/stderr" || got=$?
	cat "$T/stderr" >&2
	t_eq "$want" "$got" "status of $*"
}

t_stderr()
{
	grep -q -- "$1" "$T/stderr" || t_fail "no word of $1 in: $(cat "$T/stderr")"
}
