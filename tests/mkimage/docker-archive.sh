# SPDX-License-Identifier: Apache-2.0
# Archives of docker save, the old kind and the new: which image is meant,
# members that are links, in any order, and all that can be wrong.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3 jq

cat >archive.py <<'END'
import sys
from oci_image import *

class Archive:
    """Members in the order in which they are to come."""
    def __init__(self):
        self.members = []
    def add(self, name, data):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        self.members.append((tarfile.REGTYPE, name, data))
    def link(self, kind, name, target):
        self.members.append((kind, name, target))
    def write(self, path):
        with tarfile.open(path, "w") as t:
            for kind, name, what in self.members:
                i = tarfile.TarInfo(name)
                i.type = kind
                if kind == tarfile.REGTYPE:
                    i.size = len(what)
                    t.addfile(i, io.BytesIO(what))
                else:
                    i.linkname = what
                    t.addfile(i)

SYM, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
layers = [tar(["file a a"]), tar(["file b b", "file .wh.a"])]
def config(n):
    c = Layout.config(None, layers[:n])
    c["config"] = {"Cmd": ["cmd%d" % n]}
    data = json.dumps(c).encode()
    return hashlib.sha256(data).hexdigest(), data
END
image_py - >ids <<'END'
from archive import *
# Old: Config HEX.json, layers ID/layer.tar, some of them links.
for kind, target in ((SYM, "../one/layer.tar"), (HARD, "one/layer.tar")):
    a = Archive()
    hex1, c1 = config(1)
    hex2, c2 = config(2)
    a.link(kind, "again/layer.tar", target)
    a.add("manifest.json", [
        {"Config": hex1 + ".json", "RepoTags": ["first:latest", "reg:5000/x:1"],
         "Layers": ["one/layer.tar"]},
        {"Config": hex2 + ".json", "RepoTags": None,
         "Layers": ["again/layer.tar", "./two/layer.tar"]}])
    a.add("one/VERSION", b"1.0")
    a.add("./one/layer.tar", layers[0])
    a.add("two/layer.tar", layers[1])
    a.add(hex1 + ".json", c1)
    a.add(hex2 + ".json", c2)
    a.add("repositories", {})
    a.write("old-%d.tar" % (kind == HARD))
print(hex1, hex2)
# New: all are blobs.
l = Layout("blobs-of")
a = Archive()
blobs = [l.layer(t, "gzip") for t in layers]
c = l.blob(c2, "config")
path = lambda d: "blobs/" + d["digest"].replace(":", "/")
for d in blobs + [c]:
    a.add(path(d), open(l.blob_path(d), "rb").read())
a.add("oci-layout", {})
a.add("manifest.json", [{"Config": path(c), "RepoTags": ["new:latest"],
                         "Layers": [path(d) for d in blobs]}])
a.write("new.tar")
for i, d in enumerate(blobs + [c]):
    members = a.members[:]
    a.members = [(k, n, w[:-1] + bytes([w[-1] ^ 1]) if n == path(d) else w)
                 for k, n, w in a.members]
    a.write("new-%d.tar" % i)
    a.members = members
END
read -r hex1 hex2 <ids

# is CMD FILES ARGS...
is()
{
	mk -q build x "${@:3}" >/dev/null
	t_eq "$1" "$(mk --json show x | jq -r '.config.Cmd[0]')" "image of ${*:3}"
	t_eq "$2" "$(cd "$(root_of x)" && echo *)" "files of ${*:3}"
}
for old in docker-archive:old-0.tar docker-archive:old-1.tar; do
	for ref in first first:latest reg:5000/x:1 "sha256:$hex1"; do
		is cmd1 a $old:$ref
	done
	is cmd2 b "$old:sha256:$hex2"
	t_refuses "has several images, name one of: first:latest, reg:5000/x:1, sha256:$hex2" \
		-q build x $old
	for ref in second first:1 reg:5000/x '' first: "sha256:${hex1%?}"; do
		t_refuses "has no image '$ref', but: first:latest, reg:5000/x:1, sha256:$hex2" \
			-q build x "$old:$ref"
	done
done
is cmd2 b docker-archive:new.tar
is cmd2 b docker-archive:new.tar:new
is cmd2 b docker-archive:/dev/stdin:new <new.tar
t_eq "docker-archive:$T/new.tar" \
	"$(mk -q build s docker-archive:new.tar >/dev/null; mk --json show s | jq -r .source)" \
	"source"
for i in 0 1 2; do
	t_refuses "blobs/sha256/[0-9a-f]*: its digest is sha256:[0-9a-f]* and should be" \
		-q build y docker-archive:new-$i.tar
done

# wrong WORDS: the python on stdin adds to an archive `a`.
wrong()
{
	{
		cat <<-'END'
			from archive import *
			a = Archive()
			hex1, c1 = config(1)
			image = {"Config": hex1 + ".json", "RepoTags": [], "Layers": ["l"]}
			a.add(hex1 + ".json", c1)
		END
		cat
		echo 'a.write("wrong.tar")'
	} >wrong.py
	image_py wrong.py
	t_refuses "$1" -q build y docker-archive:wrong.tar
	[ ! -e "$STORE/templates/y" ] || t_fail "a template"
	t_no_remains
}
wrong "has no file manifest.json" <<<'a.add("x", b"")'
wrong "has no file l" <<<'a.add("manifest.json", [image])'
wrong "has no file l" <<<'a.add("manifest.json", [image])
a.link(SYM, "l", "m")
a.link(SYM, "m", "l")'
wrong "leads out of it" <<<'a.add("manifest.json", [image])
a.link(SYM, "l", "../../etc/passwd")'
wrong "leads out of it" <<<'a.add("manifest.json", [image])
a.add("../l", layers[0])'
wrong "has no file l" <<<'a.add("manifest.json", [image])
a.link(SYM, "l", "/etc/passwd")'
wrong "layer 0 (sha256:.*): its digest is sha256:[0-9a-f]* and should be" <<<'a.add("manifest.json", [image])
a.add("l", layers[1])'
wrong "json: its digest is sha256:[0-9a-f]* and should be" <<<'a.add("manifest.json", [image])
a.add("l", layers[0])
a.add(hex1 + ".json", c1 + b" ")'
wrong "has 1 diff_ids, and the image 2 layers" <<<'image["Layers"] *= 2
a.add("manifest.json", [image])
a.add("l", layers[0])'
for json in '{}' '[1]' '[{"Config": 1}]' '[{"Config": "x", "Layers": 1}]' \
	'[{"Config": "x", "Layers": [1]}]' '[' '[{"Config": "x", "Layers": [], "RepoTags": "t"}]'; do
	wrong "manifest.json: is not a list of images" <<<"a.add('manifest.json', b'''$json''')"
done
wrong "has no image" <<<'a.add("manifest.json", [])'
wrong "manifest.json: File too large" <<<'a.add("manifest.json", b" " * (5 << 20))'

# Damage of the archive itself, packed and not.
gzip -k new.tar
for cut in 100 700 1500; do
	head -c $cut new.tar >cut.tar
	t_refuses "" -q build y docker-archive:cut.tar
done
head -c 300 new.tar.gz >cut.tar.gz
t_refuses "" -q build y docker-archive:cut.tar.gz
t_refuses "more data than --max-size" -q build y docker-archive:new.tar.gz --max-size=1000
t_refuses "Is a directory" -q build y docker-archive:.
t_refuses "No such file" -q build y docker-archive:nowhere.tar:x
t_no_remains
