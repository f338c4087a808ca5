# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# The same content gives the same version: from a directory, also one on
# another file system; from a tar file in any compression and any order of its
# entries, and by a pipe; from an image, exported by us or made by others.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/export.bash"
begin
t_need setfacl setcap python3 gzip zstd xz bzip2 umoci skopeo cpio

make_rich "$T/src"
touch -h -d '2005-05-05 05:05:05.5' "$T/src/dir/sub"
version=$(mk -q build src "$T/src")
version=${version#src@}

# same WHAT SOURCE: another store's build of it, so that nothing is known.
same()
{
	local got

	got=$(STENCIL_STORE=$T/store2 "$BUILD/mkstencil" -q build there "$2") ||
		t_fail "cannot build: $1"
	t_eq "there@$version" "$got" "version of $1"
	rm -rf "$T/store2"
}

same "a directory" "$T/src"
cp -a "$T/src" "$T/copy"
same "a copy" "$T/copy"
same "a template's tree" "$(root_of src)/"

# By cpio, which knows no attributes, no parts of a second, no hard-linked
# symlinks, and leaves the root alone: those after.
on_disk()
{
	mkdir "$1/copy"
	(cd "$T/src" && find . -depth -print0 | cpio -0pdm --quiet "$1/copy")
	ln -f -P "$1/copy/link" "$1/copy/dir/link-again"
	chown --reference="$T/src" "$1/copy"
	chmod --reference="$T/src" "$1/copy"
	(cd "$T/src" && getfattr -R -h -P -d -m - -e hex . 2>/dev/null) |
		(cd "$1/copy" && setfattr -h --restore=-)
	(cd "$T/src" && find . -depth -print0) |
		(cd "$1/copy" && xargs -0 -n1 sh -c \
			'touch -h -r "$0/$1" "$1"' "$T/src")
	same "$2" "$1/copy"
}
mkdir "$T/tmpfs"
mount -t tmpfs tmpfs "$T/tmpfs"
DISKS+=("$T/tmpfs")
# tmpfs has user attributes since Linux 6.6.
if setfattr -n user.x -v y "$T/tmpfs" 2>/dev/null; then
	setfattr -x user.x "$T/tmpfs"
	on_disk "$T/tmpfs" "a copy on tmpfs"
fi
if command -v mkfs.xfs >/dev/null; then
	truncate -s 400M "$T/xfs.img"
	mkfs.xfs -q -m bigtime=1 "$T/xfs.img"	# times beyond 2038
	mkdir "$T/xfs"
	if mount -o loop "$T/xfs.img" "$T/xfs"; then
		DISKS+=("$T/xfs")
		on_disk "$T/xfs" "a copy on XFS"
		# And on XFS the template is what it is elsewhere.
		STORE=$T/xfs/store mk -q build src "$T/src" >/dev/null
		STORE=$T/xfs/store mk -q verify src
	fi
fi

# pack FILE: a tar file with the names in $T/names, NUL-terminated.
pack()
{
	tar --create --format=posix --xattrs --xattrs-include='*' --acls \
		--sparse --no-recursion --file "$1" --directory "$T/src" \
		--null --files-from "$T/names"
}
(cd "$T/src" && find . -print0 | LC_ALL=C sort -z) >"$T/sorted"
for order in sorted reversed shuffled1 shuffled2 shuffled3; do
	case $order in
	sorted)	cp "$T/sorted" "$T/names" ;;
	reversed) sort -z -r "$T/sorted" >"$T/names" ;;
	*)	shuf -z --random-source=<(yes "$order") "$T/sorted" \
			>"$T/names" ;;
	esac
	pack "$T/$order.tar"
	same "a $order tar" "$T/$order.tar"
done
mv "$T/sorted.tar" "$T/a.tar"
gzip -k "$T/a.tar"
zstd -q -k "$T/a.tar"
xz -k "$T/a.tar"
bzip2 -k "$T/a.tar"
for suffix in gz zst xz bz2; do
	same "a tar.$suffix" "$T/a.tar.$suffix"
done
t_eq "piped@$version" "$(cat "$T/a.tar" | mk -q build piped -)" "a pipe"
t_eq "piped@$version" "$(cat "$T/a.tar.zst" | mk -q build piped -)" \
	"a compressed pipe"

# Exported, and exported again.
mk -q export src "$T/e.tar" >/dev/null
same "an exported tar" "$T/e.tar"
for how in none gzip zstd; do
	mk -q export src "oci:$T/layout:$how" --compress=$how >/dev/null
	same "an exported image, $how" "oci:$T/layout:$how"
done
mk -q build again "oci:$T/layout:zstd" >/dev/null
mk -q export again "$T/e2.tar" >/dev/null
cmp "$T/e.tar" "$T/e2.tar"
skopeo --insecure-policy --tmpdir "$T" copy -q "oci:$T/layout:gzip" \
	"docker-archive:$T/docker.tar:app:1"
same "a Docker archive" "docker-archive:$T/docker.tar"
