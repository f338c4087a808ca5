# SPDX-License-Identifier: Apache-2.0
# Completion in bash: commands, options, containers, templates and -o words.
. "${0%/*}/../lib.sh"
. "${0%/*}/store.bash"
begin
# shellcheck source=../../completion/bash/stencil
. "$TOP/completion/bash/stencil"
export STENCIL_STORE=$STORE

template_of base "$LOWER"
template_of vendor/app "$LOWER"
ctl -q create web --template=base
ctl -q create worker --template=base
mkdir "$T/where"

# It works in a completion only.
compopt()
{
	true
}

# offers WANT LINE: what is offered at the line's end.
offers()
{
	local got

	COMP_LINE=$2 COMP_POINT=${#2} COMPREPLY=()
	# Its status means nothing to bash.
	"_${2%% *}" || true
	got=${COMPREPLY[*]}
	t_eq "$1" "$got" "completion of: $2"
}

offers "create" "stencilctl cr"
offers "show" "stencilctl --json sh"
offers "web worker" "stencilctl show w"
offers "web worker" "stencilctl --store=$STORE rm "
offers "web" "stencilctl mount we"
offers "where" "stencilctl mount web wh"
offers "--template=" "stencilctl create web --t"
offers "base base@$(readlink "$STORE/templates/base/current" | cut -c1-12)" \
	"stencilctl create web --template=b"
offers "vendor/app@$(readlink "$STORE/templates/vendor%app/current" |
	cut -c1-12)" "stencilctl create web --template=base:vendor/app@"
offers "--lazy" "stencilctl umount web --l"
offers "build" "mkstencil b"
offers "where" "mkstencil build x wh"
offers "export" "mkstencil ex"
offers "where" "mkstencil export base wh"
offers "--compress=" "mkstencil export base --c"
offers "zstd" "mkstencil export base - --compress=z"
offers "lowerdir=" "stencilfs -o lo"
offers "volatile,coherent" "stencilfs -o volatile,coh"
offers "ro,volatile" "stencilfs -o ro,vol"
offers "worker" "stencilfs -o store=$STORE,container=wo"
offers "where" "stencilfs -o container=web wh"
