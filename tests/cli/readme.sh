# SPDX-License-Identifier: Apache-2.0
# README's two commands can be found and read by a shell, .ci/run takes the
# second, and what README and HACKING.md point to is there.
. "${0%/*}/../lib.sh"
begin

# block MARK: the sh block after the line "<!-- MARK -->".
block()
{
	awk -v mark="<!-- $1 -->" '
		$0 == mark { found = 1; next }
		found && /^```sh$/ { inside = 1; next }
		inside && /^```$/ { exit }
		inside' "$TOP/README.md"
}

for mark in "demo command" "test command"; do
	block "$mark" >command
	[ -s command ] || t_fail "README has no $mark"
	bash -n command
	grep -q "^apt-get update && " command
done
t_ok "the demonstration" grep -q "&& tools/demo$" <(block "demo command")
t_ok "the tests" grep -q "&& tests/run$" <(block "test command")
grep -q "<!-- test command -->" "$TOP/.ci/run"

# Names in backquotes with a slash and an ending are files of the project.
grep -oh '`[a-z.]*/[A-Za-z0-9_/.-]*`' "$TOP/README.md" "$TOP/HACKING.md" |
	tr -d '`' | sort -u >names
missing=
while read -r name; do
	case $name in
	/*|*/|*...|build/*|pool/*) continue ;;
	*/NAME.*|*_NAME.*|*_FILE.c|*/OPERATION-*) continue ;;	# patterns
	esac
	[ -e "$TOP/$name" ] || missing+=" $name"
done <names
t_eq "" "$missing" "files that are not there"

# So are the files that the code map names without their folder.
sed -n '/^## Code map/,/^## Limits/p' "$TOP/README.md" |
	grep -o '`[a-z_]*\.[ch]`' | tr -d '`' | sort -u >names
while read -r name; do
	[ -n "$(find "$TOP"/fs "$TOP"/mkimage "$TOP"/base "$TOP"/cli \
		-name "$name")" ] || t_fail "the code map names $name"
done <names
