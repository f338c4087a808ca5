# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A second build reads the data of no file that has not changed; every change
# is seen; --paranoid reads all.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need strace

SRC=$T/src
mkdir -p "$SRC/etc" "$SRC/usr/bin"
for i in {1..200}; do
	echo "content of $i" >"$SRC/etc/file$i"
done
head -c 3000000 /dev/urandom >"$SRC/usr/bin/large"
setfattr -n user.kept -v value "$SRC/etc/file9"
setfattr -n trusted.kept -v value "$SRC/etc/file9"

# Younger than the clock's grain is not remembered: any later ctime will do.
settle()
{
	until [ "$(date +%s%N)" -gt $(($(stat -c %.9Z "$1" | tr -d .) + 100000000)) ]; do
		:
	done
}

# How many regular files of the source a build reads, by their opening.
opened()
{
	# shellcheck disable=SC2086
	strace -f -qq -e trace=openat -o "$T/trace" \
		"$BUILD/mkstencil" --store="$STORE" -q build ${2:-} "$1" "$SRC" \
		>/dev/null
	grep 'O_NOATIME' "$T/trace" | grep -vc O_DIRECTORY || true
}

# What a build says now is what one without a memory says.
right()
{
	rm -rf "$T/fresh"
	t_eq "$("$BUILD/mkstencil" --store="$T/fresh" -q build a "$SRC" |
		sed 's/.*@//')" "$(version_of a)" "$1: the version"
	t_eq "$(template_tree "$SRC")" "$(template_tree "$(root_of a)")" \
		"$1: the tree"
}

settle "$SRC/etc/file9"
t_eq 201 "$(opened a)" "files read the first time"
t_eq 0 "$(opened a)" "files read the second time"
right "nothing changed"
t_eq 201 "$(opened a --paranoid)" "files read with --paranoid"
t_eq 0 "$(opened b)" "files read for another template"

# changed NUMBER WHAT: so many files are read, once.
changed()
{
	settle "$SRC"/etc*/file3
	settle "$SRC"/etc*/file5
	t_eq "$1" "$(opened a)" "$2: files read"
	right "$2"
	t_eq 0 "$(opened a)" "$2: files read again"
}

# The same size, and mtime put back: only ctime tells.
touch -r "$SRC/etc/file3" "$T/time"
printf 'CONTENT' | dd of="$SRC/etc/file3" conv=notrunc status=none
touch -r "$T/time" "$SRC/etc/file3"
changed 1 "content, behind its mtime"
touch -d 2001-01-01 "$SRC/etc/file5"
changed 1 mtime
chmod 600 "$SRC/etc/file5"
changed 1 chmod
chown 7:8 "$SRC/etc/file5"
changed 1 chown
setfattr -n user.new -v x "$SRC/etc/file5"
changed 1 setfattr
setfattr -x user.new "$SRC/etc/file5"
changed 1 "setfattr -x"
setfacl -m u:77:rw "$SRC/etc/file5"
changed 1 setfacl

# Another file of the same name, size and times.
cp -p "$SRC/etc/file5" "$SRC/etc/new"
printf 'CONTENT' | dd of="$SRC/etc/new" conv=notrunc status=none
touch -r "$SRC/etc/file5" "$SRC/etc/new"
mv "$SRC/etc/new" "$SRC/etc/file5"
changed 1 "renamed over"
mv "$SRC/etc" "$SRC/etc2"
changed 0 "a directory renamed"
mv "$SRC/etc2" "$SRC/etc"
rm "$SRC/etc/file3"
cp "$SRC/etc/file5" "$SRC/etc/file3"
touch -r "$T/time" "$SRC/etc/file3"
changed 1 "another inode, perhaps of the same number"

# Of a hard-link group the pool's file is for that group of paths only.
ln "$SRC/etc/file3" "$SRC/usr/file3"
settle "$SRC/etc/file3"
opened a >"$T/number"
right "a new group"
mv "$SRC/usr" "$SRC/usr2"
opened a >"$T/number"
right "the group's directory renamed"
mv "$SRC/usr2" "$SRC/usr"
rm "$SRC/usr/file3"
changed 1 "no group any more"

# What the pool has lost is read.
mk rm b >/dev/null
mk rm a >/dev/null
t_eq 201 "$(opened a)" "files read when the pool has none"
right "the pool emptied"
t_eq 0 "$(opened a)" "and then"
