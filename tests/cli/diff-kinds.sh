# SPDX-License-Identifier: Apache-2.0
# stencilctl diff: each kind of change, and the rules for replaced and renamed
# directories; changes made by the kernel's overlayfs and by stencilfs, whose
# private areas must say the same.
. "${0%/*}/../lib.sh"
. "${0%/*}/store.bash"
begin

b=$T/base
mkdir -p "$b"/{etc,usr/bin,opaque/sub,old/deep,gone/in,type,kept}
echo 1 >"$b/etc/changed"
echo 1 >"$b/etc/deleted"
echo 1 >"$b/etc/mode"
echo 1 >"$b/usr/bin/prog"
echo 1 >"$b/opaque/a"
echo 1 >"$b/opaque/b"
echo 1 >"$b/opaque/sub/x"
echo 1 >"$b/opaque/sub/y"
echo 1 >"$b/old/same"
echo 1 >"$b/old/changed"
echo 1 >"$b/old/deleted"
echo 1 >"$b/old/deep/same"
echo 1 >"$b/gone/in/file"
echo 1 >"$b/type/file"
echo 1 >"$b/kept/file"
template_of base "$b"
ctl create c1 --template=base
t_eq "" "$(ctl diff c1)" "diff of a new container"

change()
{
	cd "$MNT"
	echo 2 >etc/changed
	rm etc/deleted
	chmod 600 etc/mode
	echo 2 >etc/added
	mkdir -p new/dir
	echo 2 >new/dir/file
	# replaced: b and sub/y are made again
	rm -r opaque
	mkdir -p opaque/sub
	echo 2 >opaque/b
	echo 2 >opaque/sub/y
	echo 2 >opaque/sub/z
	mv old renamed
	echo 2 >renamed/changed
	echo 2 >renamed/added
	rm renamed/deleted
	mv renamed/deep renamed/moved
	echo 2 >renamed/moved/added
	rm -r gone
	rm type/file
	mkdir type/file
	rm -r type
	echo 2 >type
	# no trace stays of what came and went
	echo 2 >etc/passing
	rm etc/passing
	cd "$T"
}

by_kernel c1 base
change
umount_fs

cat >want <<'END'
C /etc
A /etc/added
C /etc/changed
D /etc/deleted
C /etc/mode
D /gone
A /new
A /new/dir
A /new/dir/file
D /old
C /opaque
D /opaque/a
C /opaque/b
C /opaque/sub
D /opaque/sub/x
C /opaque/sub/y
A /opaque/sub/z
A /renamed
A /renamed/added
C /renamed/changed
D /renamed/deep
D /renamed/deleted
A /renamed/moved
A /renamed/moved/added
C /type
END
ctl diff c1 >got
diff -u want got

ctl -q create c2 --template=base
by_stencilfs c2
change
ctl diff c2 >got
diff -u want got
ctl umount c2
ctl diff c2 >got
diff -u want got

# The same as JSON, with the option on either side of the command.
ctl --json diff c1 | jq -r '.[] | "\(.change) \(.path)"' >got
diff -u want got
ctl diff --json c1 | jq -e 'length == 25' >/dev/null
