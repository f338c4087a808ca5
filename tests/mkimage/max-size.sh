# SPDX-License-Identifier: Apache-2.0
# --max-size: data that is promised counts, whatever is delivered; a source with
# more is refused before it costs more, and nothing is left.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3 gzip
WORDS="more data than --max-size allows"

mkdir "$T/src"
head -c 1000 /dev/urandom >"$T/src/a"
head -c 1000 /dev/urandom >"$T/src/b"
truncate -s 1000 "$T/src/hole"
ln "$T/src/a" "$T/src/again"
ln -s a "$T/src/link"
make_tar "$T/src.tar" "$T/src"
gzip -k "$T/src.tar"
mk -q build warm-up "$T/src" >/dev/null
find "$STORE" | sort >"$T/before"
unchanged()
{
	find "$STORE" | sort | diff "$T/before" - || t_fail "the store changed"
	t_no_remains
}
for source in "$T/src" "$T/src.tar" "$T/src.tar.gz"; do
	t_refuses "/[ab]\|hole: $WORDS" -q build --max-size=2999 x "$source"
	t_refuses "$WORDS" -q build --max-size=0 x "$source"
	unchanged
	mk -q build --max-size=3000 x "$source" >/dev/null
	mk -q build --max-size=3K x "$source" >/dev/null
	mk -q rm x
done
rm -rf "$T/nothing" && mkdir -p "$T/nothing/dir"
mk -q build --max-size=0 x "$T/nothing" >/dev/null
mk -q rm x

for size in "" -1 1.5 12Q 99999999999999999999 x; do
	rc=0
	mk build --max-size="$size" x "$T/src" 2>"$T/err" || rc=$?
	t_eq 2 $rc "status of --max-size=$size"
	t_eq 1 "$(wc -l <"$T/err")" "lines: $(cat "$T/err")"
done
rc=0
mk list --max-size=1K 2>"$T/err" || rc=$?
t_eq 2 $rc "an option of build"

# Bombs: much in little, in an archive, in archives of images and their layers.
image_py - <<'END'
import gzip, io, json, os, tarfile
from oci_image import *

class Zeros(io.RawIOBase):
    def __init__(self, n): self.n = n
    def readable(self): return True
    def readinto(self, b):
        n = min(len(b), self.n)
        b[:n] = bytes(n)
        self.n -= n
        return n

def member(t, name, data, n=None):
    m = tarfile.TarInfo(name)
    m.size = n if n is not None else len(data)
    t.addfile(m, Zeros(n) if n is not None else io.BytesIO(data))

BIG = 1 << 30
with gzip.open("bomb.tar.gz", "wb", 1) as z:
    with tarfile.open(fileobj=z, mode="w") as t:
        member(t, "bomb", None, BIG)
small = tar(["file a a"])
l = Layout("layers")
l.index([l.image([tar(["file a " + "a" * 600]), tar(["file a " + "b" * 600])])])
# A layer that is a bomb: its digests are never reached.
l = Layout("bomb")
with open("bomb.tar.gz", "rb") as f:
    d = l.blob(f.read(), "gzip")
l.index([l.manifest(l.config([small]), [d])])
conf = l.config([small])
with tarfile.open("saved.tar", "w") as t:
    member(t, "manifest.json", json.dumps([{"Config": "c.json", "RepoTags": [],
                                           "Layers": ["l.tar"]}]).encode())
    member(t, "c.json", json.dumps(conf).encode())
    with open("bomb.tar.gz", "rb") as f:
        member(t, "l.tar", f.read())
with gzip.open("saved.tar.gz", "wb", 1) as z:
    with tarfile.open(fileobj=z, mode="w") as t:
        member(t, "unused", None, BIG)
        member(t, "c.json", json.dumps(conf).encode())
END
started=$SECONDS
t_refuses "/bomb: $WORDS" -q build --max-size=100M x "$T/bomb.tar.gz"
t_refuses "/bomb: $WORDS" -q build --max-size=100M x - <"$T/bomb.tar.gz"
t_refuses "$WORDS" -q build --max-size=100M x oci:bomb
t_refuses "$WORDS" -q build --max-size=100M x docker-archive:saved.tar
t_refuses "max-size" -q build --max-size=100M x docker-archive:saved.tar.gz
# What a later layer replaces has been read, too.
t_refuses "$WORDS" -q build --max-size=1000 x oci:layers
[ $((SECONDS - started)) -lt 30 ] || t_fail "took $((SECONDS - started)) s"
unchanged
mk -q build --max-size=1200 x oci:layers >/dev/null
