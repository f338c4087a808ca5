# SPDX-License-Identifier: Apache-2.0
# Layers upon layers: what one says of those below it, whatever the order of
# its own entries; hard links to what is below, directories behind links, names
# as Docker writes them.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3

# build LAYER...: an image, each layer a text of members, one a line.
build()
{
	rm -rf img
	image_py - "$@" >/dev/null <<-'END'
		import sys
		from oci_image import *
		l = Layout("img")
		l.index([l.image([tar(a.strip().splitlines())
				  for a in sys.argv[1:]], "gzip")])
	END
	mk -q build x oci:img >/dev/null
	root=$(root_of x)
}

# holds PATH...: these files and no other, directories apart.
holds()
{
	t_eq "$(printf '%s\n' "$@" | sort)" \
		"$(cd "$root" && find . ! -type d -printf '%P\n' | sort)" "files"
	t_manifest_sound x
}

base='
file a a
file dir/x x
file dir/sub/y y
file dir/sub/z z
file keep k'

build "$base" 'file .wh.a'
holds dir/x dir/sub/y dir/sub/z keep
build "$base" 'file dir/.wh.sub
file .wh.nothing
file nodir/.wh.x'
holds a dir/x keep
build "$base" 'file dir/.wh..wh..opq'
holds a keep
[ -d "$root/dir" ] || t_fail "the opaque directory itself is gone"
build "$base" 'file .wh..wh..opq
file new n'
holds new
# What the same layer has stays, whether before or behind.
for opaque in .wh.dir dir/.wh..wh..opq; do
	build "$base" "file dir/new n
file $opaque
file dir/sub/new n"
	holds a keep dir/new dir/sub/new
done
build "$base" 'file a new
file .wh.a'
holds a dir/x dir/sub/y dir/sub/z keep
t_eq new "$(cat "$root/a")" "what came before its own whiteout"
# Later layers bring back, and take away again.
build "$base" 'file .wh.dir' 'file dir/sub/y again' 'file dir/sub/.wh.z'
holds a keep dir/sub/y
t_eq again "$(cat "$root/dir/sub/y")" "what came back"
build "$base" 'file a 2' 'file a 3' 'file .wh.keep'
holds a dir/x dir/sub/y dir/sub/z
t_eq 3 "$(cat "$root/a")" "the uppermost"

# A directory in place of a file, and the other way.
build "$base" 'file dir f
dir a
file a/b/c n'
holds a/b/c dir keep
build "$base" 'sym dir keep'
holds a dir keep

# AUFS's own names are none of ours.
build "$base" 'file .wh..wh.aufs
file .wh..wh.plnk/12.34
dir .wh..wh.orph
file dir/.wh..wh.x'
holds a dir/x dir/sub/y dir/sub/z keep
# In a tar of its own they are ordinary.
image_py -c 'from oci_image import *
open("plain.tar", "wb").write(tar(["file .wh.a", "file d/.wh..wh..opq"]))'
mk -q build x plain.tar >/dev/null
root=$(root_of x)
holds .wh.a d/.wh..wh..opq

# Hard links to what a lower layer has.
build "$base" 'hard b a
hard dir/deep/c dir/x'
holds a b dir/x dir/deep/c dir/sub/y dir/sub/z keep
t_eq "$(inode "$root/a")" "$(inode "$root/b")" "a link to the layer below"
t_eq "$(inode "$root/dir/x")" "$(inode "$root/dir/deep/c")" "and in another place"
build "$base" 'hard b a
file .wh.a'
holds b dir/x dir/sub/y dir/sub/z keep
t_eq a "$(cat "$root/b")" "the link outlives what it led to"
build "$base" 'hard b a' 'file a new'
t_eq anew "$(cat "$root/b")$(cat "$root/a")" "a new file is not the old one"

# A lower layer's link to a directory is followed, within the template.
build 'dir usr/bin
sym bin usr/bin
sym abs /usr/bin
sym out ../../../../usr/bin' 'file bin/tool t
file abs/tool2 t
file out/tool3 t'
holds bin abs out usr/bin/tool usr/bin/tool2 usr/bin/tool3

# Names as Docker's layers have them.
build 'dir ./
file ./a a
dir ./d/
hard ./d/b ./a
file /abs x' 'file ./.wh.a
file ./d/.wh..wh..opq
file /.wh.abs'
holds

# What cannot be a whiteout.
for name in .wh. .wh... dir/.wh.. ; do
	rm -rf img
	image_py - "$name" >/dev/null <<-'END'
		import sys
		from oci_image import *
		l = Layout("img")
		l.index([l.image([tar([("file", sys.argv[1])])])])
	END
	t_refuses "a whiteout of nothing" -q build y oci:img
done
# Nor does a layer lead out of the template.
for entry in "file ../x" "hard x ../../etc/passwd" "file .wh.x/../../y"; do
	rm -rf img
	image_py - "$entry" >/dev/null <<-'END'
		import sys
		from oci_image import *
		l = Layout("img")
		l.index([l.image([tar(sys.argv[1:])])])
	END
	t_refuses "'\.\.'" -q build y oci:img
done
t_no_remains

# A directory that is deleted and that the layer has again only by what is in it
# is a new one, wherever in the layer the whiteout stands.
version=
for layer in 'file .wh.d
file d/sub/new' 'file d/sub/new
file .wh.d' 'file d/sub/new
file d/.wh..wh..opq' 'file d/sub/new
file d/.wh.sub'; do
	rm -rf img
	image_py - "$layer" >/dev/null <<-'END'
		import sys
		from oci_image import *
		of = {"SCHILY.xattr.user.of": "lower"}
		l = Layout("img")
		l.index([l.image([tar(["dir d", "dir d/sub", "file d/sub/old"],
				      {"d": of, "d/sub": of}),
				  tar(sys.argv[1].splitlines())])])
	END
	mk -q build x oci:img >/dev/null
	root=$(root_of x)
	holds d/sub/new
	! getfattr -n user.of "$root/d/sub" 2>/dev/null ||
		t_fail "the lower directory is still there: $layer"
	case $layer in *.wh.d*) ;; *) continue ;; esac
	t_eq "${version:=$(version_of x)}" "$(version_of x)" "version: $layer"
done
