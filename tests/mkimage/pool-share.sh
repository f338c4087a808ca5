# SPDX-License-Identifier: Apache-2.0
# The pool: files of two templates are one inode where content, metadata and
# attributes agree, and only there; two files of one template never are.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin

mkdir "$T/a"
echo shared >"$T/a/same"
echo content >"$T/a/mode"
echo content2 >"$T/a/owner"
echo content3 >"$T/a/time"
echo content4 >"$T/a/attr"
: >"$T/a/empty"
find "$T/a" -exec touch -d '2020-01-01 00:00:00.123456789' {} +
cp -a "$T/a" "$T/b"
chmod 600 "$T/b/mode"
chown 7:8 "$T/b/owner"
touch -d '2020-01-01 00:00:00.123456788' "$T/b/time"
setfattr -n user.x -v 1 "$T/b/attr"
echo more >"$T/b/new"
mv "$T/b/same" "$T/b/renamed"	# names do not matter

mk build a "$T/a" >/dev/null
mk build b "$T/b" >/dev/null
A=$(root_of a)
B=$(root_of b)
one() { t_eq "$(inode "$1")" "$(inode "$2")" "one inode: $1 $2"; }
two() { [ "$(inode "$1")" != "$(inode "$2")" ] || t_fail "one inode: $1 $2"; }

one "$A/same" "$B/renamed"
one "$A/empty" "$B/empty"
for f in mode owner time attr; do
	two "$A/$f" "$B/$f"
	cmp "$A/$f" "$B/$f"
done
t_eq 3 "$(stat -c %h "$A/same")" "links: two templates and the pool"
t_eq 2 "$(stat -c %h "$B/new")" "links: one template and the pool"
digest=$(sha1sum <"$A/mode" | cut -d' ' -f1)
one "$A/mode" "$STORE/pool/${digest:0:2}/${digest:2}"
one "$B/mode" "$STORE/pool/${digest:0:2}/${digest:2}.1"

# Twins inside a template: each its own inode, and all shared, in any order, with
# another template that has the same twins.
mkdir "$T/c"
for f in 1 2 3; do echo twin >"$T/c/twin$f"; done
touch -d 2020-01-01 "$T/c"/*
cp -a "$T/c" "$T/d"
echo >"$T/d/extra"
mk build c "$T/c" >/dev/null
mk build d "$T/d" >/dev/null
C=$(root_of c)
D=$(root_of d)
two "$C/twin1" "$C/twin2"
two "$C/twin1" "$C/twin3"
two "$C/twin2" "$C/twin3"
t_eq "$(stat -c %i "$C"/twin? | sort)" "$(stat -c %i "$D"/twin? | sort)" \
	"the same three inodes"

# A new version that changes one file costs that file.
echo "changed" >"$T/a/same"
touch -d '2020-01-01 00:00:00.123456789' "$T/a"
old=$A
old=$(realpath "$A")
mk build a "$T/a" >/dev/null
two "$old/same" "$A/same"
one "$old/time" "$A/time"
t_eq "$(find "$STORE/pool" -type f | wc -l)" \
	"$(find "$STORE"/templates/*/*/root -type f -printf '%i\n' | sort -u | wc -l)" \
	"every inode of a template stands in the pool, and none but those"

# What the pool holds is freed with the last template: no gap stays between
# the variants.
mk rm a >/dev/null
t_no_remains
one "$B/mode" "$STORE/pool/${digest:0:2}/${digest:2}"
[ ! -e "$STORE/pool/${digest:0:2}/${digest:2}.1" ] || t_fail "a gap"
mk rm b >/dev/null
mk rm c >/dev/null
cmp "$D/twin3" "$T/d/twin3"
mk rm d >/dev/null
t_eq 0 "$(find "$STORE/pool" -type f | wc -l)" "files in an empty store's pool"
t_eq 0 "$(find "$STORE/templates" -mindepth 1 | wc -l)" "templates"
