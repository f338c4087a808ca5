# SPDX-License-Identifier: Apache-2.0
# What the dialects of tar say of holes, attributes and times is read alike,
# from a tar and from a layer.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3 tar setcap

mkdir src
truncate -s 3M src/holes
for at in 0 100 700; do
	printf 'data at %d' $at |
		dd of=src/holes bs=4096 seek=$at conv=notrunc status=none
done
truncate -s 1M src/hole
printf end | dd of=src/last bs=4096 seek=200 status=none
: >src/empty
setfattr -n user.x -v 0x00ff0a3d src/empty
setcap cap_net_raw+ep src/holes
find src -exec touch -d '2020-01-01 00:00:00' {} +
mk -q build dir src >/dev/null
manifest=$STORE/templates/dir/current/manifest

image_of()
{
	rm -rf img
	image_py - "$1" >/dev/null <<-'END'
		import sys
		from oci_image import *
		l = Layout("img")
		l.index([l.image([open(sys.argv[1], "rb").read()], "zstd")])
	END
}

# same NAME TAR: as the directory.
same()
{
	image_of "$2"
	for source in "$2" oci:img; do
		mk -q build "$1" "$source" >/dev/null
		diff "$manifest" "$STORE/templates/$1/current/manifest" ||
			t_fail "$1 from $source differs"
		[ "$(stat -c %b "$(root_of "$1")/holes")" -lt 200 ] ||
			t_fail "$1 from $source has no holes"
	done
}
for version in 0.0 0.1 1.0; do
	tar -C src -c --format=posix --sparse --sparse-version=$version \
		--xattrs --xattrs-include='*' -f $version.tar .
	same sparse$version $version.tar
done
# Old GNU's has no attributes.
setfattr -x user.x src/empty
setfattr -x security.capability src/holes
mk -q build dir src >/dev/null
tar -C src -c --format=gnu --sparse -f gnu.tar .
same gnu gnu.tar

# Attributes as star and as libarchive write them, and times.
image_py - <<'END'
import base64
from oci_image import *
value = b"\x00\xff\n=\xc3"
caps = b"\x01\x00\x00\x02\x00\x20\x00\x00" + 12 * b"\x00"
text = lambda b: b.decode("utf-8", "surrogateescape")
b64 = lambda b: base64.b64encode(b).decode().rstrip("=")
pax = {
    "star": {"SCHILY.xattr.user.x": text(value),
             "SCHILY.xattr.security.capability": text(caps)},
    "libarchive": {"LIBARCHIVE.xattr.user.x": b64(value),
                   "LIBARCHIVE.xattr.security.capability": b64(caps)},
    "both": {"SCHILY.xattr.user.x": text(value),
             "LIBARCHIVE.xattr.user.x": b64(value)},
    "old": {"mtime": "-86400.25"},
    "new": {"mtime": "4102444800.123456789"},
}
open("pax.tar", "wb").write(tar([("file", n, n) for n in pax], pax))
END
image_of pax.tar
for source in pax.tar oci:img; do
	mk -q build pax $source >/dev/null
	root=$(root_of pax)
	for f in star libarchive both; do
		t_eq 0x00ff0a3dc3 "$(getfattr -e hex --absolute-names -n user.x \
			"$root/$f" | sed -n 's/^user.x=//p')" "user.x of $f"
	done
	for f in star libarchive; do
		t_eq "cap_net_raw=ep" "$(getcap "$root/$f" | sed 's/.* //')" \
			"capability of $f"
	done
	t_eq "1969-12-30 23:59:59.750000000 +0000" "$(stat -c %y "$root/old")" old
	t_eq "2100-01-01 00:00:00.123456789 +0000" "$(stat -c %y "$root/new")" new
done
t_no_remains
