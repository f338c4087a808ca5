# SPDX-License-Identifier: Apache-2.0
# The same content gives the same version, whatever it comes in: a directory,
# a copy of it, tar archives in any compression and order, a pipe.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need setfacl setcap zstd xz gzip

make_rich "$T/src"
version=$(mk build dir "$T/src")
version=${version#dir@}
[[ $version =~ ^[0-9a-f]{64}$ ]] || t_fail "version: $version"
t_eq "$version" "$(version_of dir)" "what current leads to"
t_manifest_sound dir

same()
{
	t_eq "$1@$version" "$(mk build "$@")" "version of $*"
}

# Again, in another store, from a copy.
same dir "$T/src"
same again "$T/src"
same trailing "$T/src/"
ln -s src "$T/way"
same through-link "$T/way"
cp -a "$T/src" "$T/copy"
t_eq "other@$version" "$(STENCIL_STORE=$T/store2 "$BUILD/mkstencil" \
	build other "$T/copy")" "another store"

make_tar "$T/a.tar" "$T/src"
same tar "$T/a.tar"
gzip -k "$T/a.tar"
xz -k "$T/a.tar"
zstd -q -k "$T/a.tar"
same gz "$T/a.tar.gz"
same xz "$T/a.tar.xz"
same zst "$T/a.tar.zst"
same stdin - <"$T/a.tar"
same pipe - < <(cat "$T/a.tar.gz")

# The members in another order, and without "./" in front.
tar --list --quoting-style=literal --file "$T/a.tar" >/dev/null
(cd "$T/src" && find . -mindepth 1 -print0 | sort -z -r) >"$T/names"
tar --create --format=posix --xattrs --xattrs-include='*' --acls --sparse \
	--no-recursion --file "$T/b.tar" --directory "$T/src" --null \
	--files-from "$T/names"
tar --append --format=posix --no-recursion --xattrs --xattrs-include='*' \
	--acls --file "$T/b.tar" --directory "$T/src" .
same reversed "$T/b.tar"

# Any change that a template keeps gives another version.
differs()
{
	local now

	now=$(mk build changed "$T/copy")
	[ "$now" != "changed@$version" ] || t_fail "the same version after: $1"
	t_manifest_sound changed
	rm -rf "$T/copy"
	cp -a "$T/src" "$T/copy"
}
chmod g+w "$T/copy/file"
differs "chmod"
touch -d '2020-02-02 02:02:02.123456780' "$T/copy/dir/sub"
differs "a directory's nanoseconds"
touch -h -d '2020-02-02 02:02:02.123456780' "$T/copy/link"
differs "a symlink's nanoseconds"
chown -h 1 "$T/copy/link"
differs "a symlink's owner"
setfattr -n user.color -v green "$T/copy/attrs"
differs "an attribute"
cp -p --remove-destination "$T/src/hl1" "$T/copy/hl2"
differs "a hard link less"
printf X | dd of="$T/copy/big" bs=1 seek=77777 conv=notrunc status=none
touch -r "$T/src/big" "$T/copy/big"
differs "one byte"
chmod 1751 "$T/copy"
differs "the root's mode"
same dir "$T/copy"
