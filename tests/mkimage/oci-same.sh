# SPDX-License-Identifier: Apache-2.0
# The same content gives the same version, whatever it came as: a directory, a
# tar, an image in one layer or in three, packed in any way, OCI's or Docker's,
# written by us, by skopeo or by umoci.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3 zstd xz bzip2 skopeo umoci setfacl setcap

make_rich "$T/src"
make_tar rich.tar "$T/src"
version=$(mk build dir "$T/src")
version=${version#*@}
t_eq "tar@$version" "$(mk build tar rich.tar)" "a tar"

image_py - >/dev/null <<'END'
from oci_image import *
data = open("rich.tar", "rb").read()
for kind in "oci", "docker":
    for how in "plain", "gzip", "zstd", "xz", "bzip2":
        l = Layout("%s-%s" % (kind, how), kind)
        m = l.manifest(l.config([data]),
                       [l.layer(data, how, None if how in l.types else "gzip")])
        l.index([ref(m, "x")])
l = Layout("sha512", algorithm="sha512")
l.index([l.image([data], "gzip")])
# Members of several, as parallel packers write them; and what zstd may skip.
half = len(data) // 2
l = Layout("parts")
for how, extra in (("gzip", b""), ("zstd", b"\x50\x2a\x4d\x18\3\0\0\0abc")):
    packed = pack_bytes(data[:half], how) + extra + \
        pack_bytes(data[half:], how) + extra
    m = l.manifest(l.config([data]), [l.blob(packed, how)])
    l.index([m])
    l.write(how, {"schemaVersion": 2, "manifests": [m]})
# Other layers above and below that leave nothing of themselves; an end mark is
# not needed, and what is behind one belongs to the digest.
none = tar([])
more = [none, b"", tar(["file below", "dir below2", "file below2/x"]), data,
        tar(["file .wh.below", "file .wh.below2", "file .wh.nowhere"]),
        tar(["file .wh..wh.aufs x", "file .wh..wh.plnk/1 x",
             "dir .wh..wh.orph"]), none[:-512], none + b"\0" * 100000,
        none + b"not of the archive"]
# The root's time is that of the last layer which names it: only rich.tar does.
for how in "plain", "gzip", "zstd":
    l = Layout("more-" + how)
    l.index([ref(l.image(more, how), "x")])
END
for i in oci-* docker-* sha512 parts more-*; do
	t_eq "image@$version" "$(mk build image "oci:$i")" "$i"
done
mv parts/zstd parts/index.json
t_eq "image@$version" "$(mk build image oci:parts)" "parts of zstd"

skopeo copy -q oci:oci-gzip:x docker-archive:docker.tar:a/b:1
skopeo copy -q oci:more-gzip:x oci:copied:x --dest-compress-format zstd
t_eq "image@$version" "$(mk build image docker-archive:docker.tar)" "skopeo's"
t_eq "image@$version" "$(mk build image oci:copied)" "skopeo's zstd"
gzip -k docker.tar
zstd -q docker.tar
for i in docker.tar docker.tar.gz docker.tar.zst; do
	t_eq "image@$version" "$(mk build image "docker-archive:$i:a/b:1")" "$i"
	t_eq "image@$version" "$(mk build image docker-archive:/dev/stdin <$i)" "<$i"
	# shellcheck disable=SC2002
	t_eq "image@$version" "$(cat $i |
		mk build image docker-archive:/dev/stdin)" "|$i"
done

# Padding of the last file may be missing (umoci's insert), its data may not.
image_py - >/dev/null <<'END'
from oci_image import *
whole = tar(["file a", "file b " + 1000 * "b"])[:1536 + 512]
for cut in 24, 25, 500, 512, 600, 1024:
    l = Layout("cut-%d" % cut)
    l.index([l.image([whole[:-cut]], "gzip")])
END
mk build cut oci:cut-24 >/dev/null
t_eq 1000 "$(stat -c %s "$(root_of cut)/b")" "the last file"
for cut in 25 500 512 600 1024; do
	t_refuses "" -q build cut oci:cut-$cut
done

# umoci writes times of a second: so has this tree.
make_lower "$T/plain"
setcap cap_net_raw+ep "$T/plain/usr/bin/prog"
find "$T/plain" -exec touch -h -d '2020-01-01 00:00:00' {} +
umoci init --layout umoci
umoci new --image umoci:x
umoci insert --image umoci:x "$T/plain" / >/dev/null
mk build plain "$T/plain" >/dev/null
mk build umoci oci:umoci:x >/dev/null
diff -u "$STORE/templates/plain/current/manifest" \
	"$STORE/templates/umoci/current/manifest" || t_fail "umoci's differs"
t_manifest_sound image
t_no_remains
