# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# A template as a tar file: building it again gives the same version, and the
# same template gives the same bytes.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/export.bash"
begin
t_need setfacl setcap python3 script zstd xz bzip2 gzip jq

make_torture "$T/src"
version=$(mk -q build src "$T/src")
version=${version#src@}

# same FILE: it is that template.
same()
{
	t_eq "back@$version" "$(mk -q build back "$1")" "version of $1"
}

for suffix in tar tar.gz tgz tar.zst tar.xz txz tar.bz2 tbz2; do
	mk -q export src "$T/o.$suffix" >"$T/out"
	t_eq "sha256:$(sha256 "$T/o.$suffix")" \
		"$(cat "$T/out")" "the digest of $suffix"
	same "$T/o.$suffix"
done
gzip -t "$T/o.tar.gz"
zstd -q -t "$T/o.tar.zst"
xz -t "$T/o.tar.xz"
bzip2 -t "$T/o.tar.bz2"
for pair in tar.gz:gzip tar.zst:zstd tar.xz:xz tar.bz2:bzip2; do
	"${pair#*:}" -dc "$T/o.${pair%:*}" | cmp - "$T/o.tar"
done
t_eq "back@$version" "$(mk -q export src - | mk -q build back -)" "by a pipe"
for how in none gzip zstd xz bzip2; do
	t_eq "back@$version" "$(mk -q export src - --compress=$how |
		mk -q build back -)" "by a pipe, $how"
done
[ "$(stat -c %s "$T/o.tar")" -lt 10000000 ] || t_fail "holes were written"

# The same bytes: from another store, whose files have no holes, later, on one
# CPU.  Nor does a user's locale matter.
cp -a --sparse=never "$T/src/hole-middle" "$T/full"
cp -a --sparse=never "$T/full" "$T/src/hole-middle"	# in place
STORE=$T/store2
mk -q build other "$T/src" >/dev/null
t_eq "$version" "$(version_of other)" "version of the other"
for suffix in tar tar.gz tar.zst tar.xz tar.bz2; do
	LC_ALL=C.UTF-8 taskset 1 "$BUILD/mkstencil" --store="$STORE" -q \
		export other "$T/p.$suffix" >/dev/null
	cmp "$T/o.$suffix" "$T/p.$suffix"
done
t_eq "0000000000" "$(od -An -tx1 -j3 -N5 "$T/o.tar.gz" | tr -d ' ')" \
	"flags and time in gzip's header"
STORE=$T/store

# tar(1) understands it.  ACLs are attributes there.
mkdir "$T/x"
tar --extract --file "$T/o.tar.gz" --directory "$T/x" --xattrs \
	--xattrs-include='*' --delay-directory-restore --numeric-owner -p 2>"$T/err" ||
	t_fail "$(head -3 "$T/err")"
template_tree "$T/src" >"$T/want"
template_tree "$T/x" >"$T/got"
# GNU tar decodes some bytes of a name of an attribute, libarchive encodes more.
diff <(grep -v 'user\.a' "$T/want") <(grep -v 'user\.a' "$T/got") >"$T/diff" ||
	t_fail "not the same by tar(1): $(head -20 "$T/diff")"
[ "$(stat -c %b "$T/x/hole")" -lt 100 ] || t_fail "tar(1) made no hole"

# Names that are not UTF-8; one that is nearly (a surrogate).
mkdir "$T/latin"
: >"$T/latin/caf"$'\351'
ln -s "to"$'\351' "$T/latin/l"$'\303\251'
: >"$T/latin/s"$'\355\240\200\355\260\200'
echo x >"$T/latin/a"
ln "$T/latin/a" "$T/latin/b"$'\377'
mk -q build latin "$T/latin" >/dev/null
mk -q export latin "$T/latin.tar" >/dev/null
t_eq "$(version_of latin)" "$(mk -q build back "$T/latin.tar" | cut -d@ -f2)" \
	"names that are not UTF-8"

# Whiteouts' names are ordinary here.
mkdir "$T/wh"
: >"$T/wh/.wh.gone"
mk -q build wh "$T/wh" >/dev/null
mk -q export wh "$T/wh.tar" >/dev/null
t_eq "$(version_of wh)" "$(mk -q build back "$T/wh.tar" | cut -d@ -f2)" \
	"a name like a whiteout's"

# Of the user: permissions, a link to the file, what JSON says.
rm "$T/o.tar.gz"
(umask 027; mk -q export wh "$T/o.tar.gz" >/dev/null)
t_eq 640 "$(stat -c %a "$T/o.tar.gz")" "permissions"
ln -s o.tar.gz "$T/way.tar.gz"
mk -q export src "$T/way.tar.gz" >/dev/null
[ -L "$T/way.tar.gz" ] || t_fail "the link was replaced"
same "$T/o.tar.gz"
mk export --json "src@${version:0:10}" "$T/o.tar.zst" | jq -e \
	--arg v "$version" --arg d "sha256:$(sha256 "$T/p.tar.zst")" \
	--argjson s "$(stat -c %s "$T/p.tar.zst")" '.name == "src" and
	.version == $v and .digest == $d and .size == $s and
	.compression == "zstd"' >/dev/null
cd "$T"
mk -q export wh here.tar >/dev/null
[ -f here.tar ] || t_fail "no here.tar"

# What it refuses, with nothing changed.
refuses()
{
	local want=$1 words=$2 rc=0
	shift 2

	mk "$@" >"$T/out" 2>"$T/err" || rc=$?
	t_eq "$want" "$rc" "status of $*"
	t_eq 1 "$(wc -l <"$T/err")" "lines of: $(cat "$T/err")"
	grep -q -e "^mkstencil: .*$words" "$T/err" ||
		t_fail "no '$words' in: $(cat "$T/err")"
	[ ! -s "$T/out" ] || t_fail "words on stdout: $(cat "$T/out")"
}
ls -la --time-style=full-iso "$T" >"$T.before"
refuses 2 "a destination is" export src file
refuses 2 "a destination is" export src .tar
refuses 2 "a destination is" export src docker-archive:x.tar
refuses 2 "its name says" export src o.tar --compress=gzip
refuses 2 "none, gzip" export src - --compress=lz9
refuses 2 "not an option" list --compress=gzip
refuses 2 "not for JSON" export src - --json
refuses 2 "usage" export src
refuses 1 "no such template" export nothing o.tar
refuses 1 "No such file" export src nowhere/o.tar
mkdir d.tar
refuses 1 "no file" export src d.tar
rmdir d.tar
rc=0
script -qec "'$BUILD/mkstencil' --store='$STORE' export src -" /dev/null \
	>"$T/out" </dev/null || rc=$?
t_eq 2 "$rc" "an archive on a terminal"
grep -q "terminal" "$T/out"
touch -d '1969-12-31 23:59:59.5' "$T/wh"
mk -q build edge "$T/wh" >/dev/null
refuses 1 "last second of 1969" export edge o.tar

# A full disk.
mkdir "$T/small"
mount -t tmpfs -o size=64k tmpfs "$T/small"
DISKS+=("$T/small")
refuses 1 "No space left" -q export src "$T/small/o.tar"
t_eq "" "$(ls -A "$T/small")" "left on a full disk"
refuses 1 "No space left" -q export src "oci:$T/small/o" --compress=none
t_eq "" "$(ls -A "$T/small")" "left on a full disk"
rc=0
mk -q export src - >/dev/full 2>"$T/err" || rc=$?
t_eq 1 "$rc" "a full standard output"
