# SPDX-License-Identifier: Apache-2.0
# Images made to harm: names that are paths, documents that are bombs, indexes
# in circles, pipes and links for documents, whiteouts of what is above; each is
# refused in one line or does nothing outside, and nothing waits.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/steps.bash"
begin
t_need python3
begin_steps
store_state >"$T/without"

image_py - >"$T/cases" <<'END'
import io, json, os, tarfile
from oci_image import *

secret = os.path.abspath("secret")
with open(secret, "w") as f:
    f.write("secret")

def layout(name, words):
    print("oci:" + name, words)
    return Layout(name)

def one(name, words, *layers):
    l = layout(name, words)
    l.index([l.image([tar(m) for m in layers])])

def evil(name, words, change):
    """A layout whose manifest's descriptor is changed."""
    l = layout(name, words)
    d = l.image([tar(["file a a"])])
    change(l, d)
    l.index([d])

# Digests and types.
for i, text in enumerate(("sha256:../../../secret", "sha256:" + "a" * 63 + "/",
                          "../secret:" + "a" * 64, "sha256:", "",
                          "md5:" + "a" * 32, "sha256:" + "A" * 64,
                          "sha256:" + "a" * 65, 7, None, ["x"])):
    evil("digest-%d" % i, "", lambda l, d: d.update(digest=text))
for i, size in enumerate((-1, 2 ** 63, 1e300, "5", None, 2 ** 70)):
    evil("size-%d" % i, "", lambda l, d: d.update(size=size))

# Documents that are no files, or too large, or bombs.
def replaced(name, words, document, make):
    l = layout(name, words)
    l.index([l.image([tar(["file a a"])])])
    path = os.path.join(name, document)
    os.unlink(path)
    make(path)

for doc in "index.json", "oci-layout":
    replaced("fifo-" + doc, "", doc, os.mkfifo)
    replaced("dir-" + doc, "", doc, os.mkdir)
    replaced("dev-" + doc, "", doc, lambda p: os.symlink("/dev/zero", p))
    replaced("link-" + doc, "", doc, lambda p: os.symlink(secret, p))

def write(text):
    def make(path):
        with open(path, "w") as f:
            f.write(text)
    return make

replaced("deep", "", "index.json", write("[" * 1000000))
replaced("deep-objects", "", "index.json", write('{"a":' * 500000))
replaced("huge", "", "index.json", lambda p: os.close(
    os.open(p, os.O_CREAT)) or os.truncate(p, 3 << 30))
replaced("many", "", "index.json", write(
    '{"schemaVersion":2,"manifests":[%s]}' % ",".join(["{}"] * 900000)))
replaced("twice", "", "index.json", write(
    '{"schemaVersion":2,"manifests":[],"manifests":[{}]}'))
replaced("nul", "", "index.json", write('{"schemaVersion":2\0}'))

# Links where the blobs should be.
l = layout("blobs-link", "")
l.index([l.image([tar(["file a a"])])])
os.rename("blobs-link/blobs", "elsewhere")
os.symlink(os.path.abspath("elsewhere"), "blobs-link/blobs")

# Indexes in indexes: a digest allows no circle, a width allows a bomb.
l = layout("nested", "too many indexes")
d = l.image([tar(["file a a"])])
for _ in range(50):
    d = l.list([d])
l.index([d])
l = layout("wide", "too many indexes")
d = l.image([tar(["file a a"])])
for i in range(4):
    d = l.list([d] * 60)
l.index([d])

# Layers: as in any archive, and whiteouts.
one("dots", "'\\.\\.'", ["file ../../evil x"])
one("through", "symbolic link", ["sym way " + os.path.abspath("outside"),
                                 "file way/evil x"])
one("through-layers", "",
    ["sym way " + os.path.abspath("outside")], ["file way/evil x"])
one("hard-out", "", ["hard evil " + secret])
one("whiteout-dots", "", ["dir a", "file a/f x"], ["file a/.wh...", "file b x"])
one("whiteout-dot", "", ["dir a", "file a/f x"], ["file a/.wh.."])
one("whiteout-empty", "", ["file f x"], ["file .wh."])
one("whiteout-slash", "", ["dir a", "file a/f x"], ["file ../.wh.secret"])
one("whiteout-root", "", ["file f x"], ["file .wh..wh..opq", "file g x"])
one("whiteout-through", "", ["sym way " + os.path.abspath("outside")],
    ["file way/.wh.victim"])
one("opaque-through", "", ["sym way " + os.path.abspath("outside")],
    ["file way/.wh..wh..opq"])
one("whiteout-dir", "", ["dir a"], ["dir a/.wh.b", "file a/.wh.b/c x"])
one("whiteout-special", "", ["file a x"], ["chr .wh.a", "fifo .wh.b"])
one("whiteout-plnk", "", ["file a x"], ["file .wh..wh.plnk", "dir .wh..wh.orph"])
one("whiteout-hard", "", ["file a x"], ["hard .wh.a a"])
one("whiteout-target", "", ["file a x"], ["hard b .wh.a"])

# Docker's archives name their layers by paths.
def saved(name, words, members, manifest):
    with tarfile.open(name + ".tar", "w") as t:
        def add(path, data=b"", kind=tarfile.REGTYPE, link=""):
            m = tarfile.TarInfo(path)
            m.size, m.type, m.linkname = len(data), kind, link
            t.addfile(m, io.BytesIO(data))
        for m in members:
            add(*m)
        add("manifest.json", json.dumps(manifest).encode())
    print("docker-archive:" + name + ".tar", words)

data = tar(["file a a"])
conf = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {
    "type": "layers", "diff_ids": [digest(data)]}}).encode()
whole = [{"Config": "c.json", "RepoTags": ["x:1"], "Layers": ["l.tar"]}]
SYM = tarfile.SYMTYPE
saved("saved-good", "ok", [("c.json", conf), ("l.tar", data)], whole)
for i, path in enumerate(("../secret", secret, "/etc/passwd", "", ".", "..")):
    saved("saved-config-%d" % i, "", [("l.tar", data)],
          [dict(whole[0], Config=path)])
    saved("saved-layer-%d" % i, "", [("c.json", conf)],
          [dict(whole[0], Layers=[path])])
saved("saved-link", "", [("c.json", conf), ("l.tar", b"", SYM, secret)], whole)
saved("saved-circle", "", [("c.json", conf), ("l.tar", b"", SYM, "m.tar"),
                           ("m.tar", b"", SYM, "l.tar")], whole)
saved("saved-itself", "", [("c.json", conf), ("l.tar", b"", SYM, "l.tar")],
      whole)
saved("saved-fifo", "", [("c.json", conf), ("l.tar", b"", tarfile.FIFOTYPE)],
      whole)
saved("saved-none", "", [], [])
saved("saved-types", "", [], [{"Config": 1, "Layers": {}}])
saved("saved-many", "", [("c.json", conf), ("l.tar", data)],
      [dict(whole[0], Layers=["l.tar"] * 50000)])
END

echo victim >"$T/outside-victim"
mkdir -p "$T/outside"
echo victim >"$T/outside/victim"
n=0
while read -r source words; do
	RC=0
	(
		[ "$(nm -D "$BUILD/mkstencil" | grep -c __asan)" != 0 ] ||
			ulimit -v 700000
		exec timeout 20 "$BUILD/mkstencil" --store="$STORE" -q \
			build new "$source" >"$T/out" 2>"$T/err"
	) || RC=$?
	case "$words:$RC" in
	ok:0 | :0 | *:1) ;;
	*)	t_fail "$source: status $RC: $(cut -c1-200 "$T/err")" ;;
	esac
	if [ $RC = 0 ]; then
		t_manifest_sound new
		verified "$source"
		forget new
	else
		t_eq 1 "$(wc -l <"$T/err")" "$source: lines: $(cut -c1-300 "$T/err")"
		grep -q "^mkstencil: ..*$words" "$T/err" ||
			t_fail "$source: no '$words' in: $(cut -c1-300 "$T/err")"
		t_eq "" "$(cat "$T/out")" "$source: words on stdout"
	fi
	t_state "$T/without" "$source"
	grep -q secret "$T/err" && ! grep -q "secret'\|/secret\|secret:" "$T/err" &&
		t_fail "$source: told what a file holds: $(cat "$T/err")"
	t_eq victim "$(cat "$T/outside/victim")" "$source: outside"
	t_eq victim "$(ls -A "$T/outside")" "$source: outside"
	[ "$words" ] || echo "$source: $RC: $(cut -c1-150 "$T/err")"
	n=$((n + 1))
done <"$T/cases"
echo "$n images"
[ "$n" -gt 60 ] || t_fail "only $n"
