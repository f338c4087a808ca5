# SPDX-License-Identifier: Apache-2.0
# The manual pages are well-formed, and name every command and option that the
# programs name themselves.
. "${0%/*}/../lib.sh"
begin
t_need mandoc

for page in "$TOP"/docs/man/*.[1-9]; do
	mandoc -T lint -W warning "$page" || t_fail "${page##*/}"
done

# spoken PAGE: its text without a terminal's overstrikes.
spoken()
{
	mandoc -T utf8 -O width=1000 "$TOP/docs/man/$1" | col -b
}

spoken stencilctl.1 >page
"$BUILD/stencilctl" --help | sed -n 's/^  \([a-z]*\).*/\1/p' >commands
[ -s commands ]
while read -r command; do
	grep -qw -- "$command" page || t_fail "stencilctl.1: no $command"
done <commands
