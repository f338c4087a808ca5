# SPDX-License-Identifier: Apache-2.0
# verify finds nothing in what is whole, and names each thing that is not, in
# a template, its manifest and info.json, and in the pool.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq setfattr

make_rich "$T/src"
mkdir "$T/src/many"
for i in $(seq 60); do echo "$i" >"$T/src/many/$i"; done
ln "$T/src/many/1" "$T/src/linked"
head -c 3000000 /dev/urandom >"$T/src/big"
mk -q build base "$T/src" >/dev/null
mk -q build twin "$T/src" >/dev/null
echo more >"$T/src/more"
mk -q build twin "$T/src" >/dev/null
SHORT=$(version_of base | cut -c1-12)

mk verify >"$T/out"
grep -q '^3 versions, .* 0 found to be damaged$' "$T/out" ||
	t_fail "$(cat "$T/out")"
t_eq "" "$(mk -q verify)" "a whole store"
t_eq "" "$(mk -q verify base)" "a whole template"
t_eq "[]" "$(mk verify --json | jq -c .)" "a whole store"
# Once each, although three templates have them.
t_eq "$(find "$STORE/pool" -type f | wc -l)" \
	"$(mk verify | sed -n 's/.*, \([0-9]*\) files read.*/\1/p')" "files read"
t_refuses "no such template" verify nothing
t_refuses "no such template" verify base@000000

# damaged WANT ARGS...: what verify says, and exit status 1.
damaged()
{
	local want=$1 rc=0
	shift
	mk -q verify "$@" >"$T/out" 2>"$T/err" || rc=$?
	t_eq 1 "$rc" "status of verify $*: $(cat "$T/err")"
	[ ! -s "$T/err" ] || t_fail "on stderr: $(cat "$T/err")"
	t_eq "$want" "$(sed -E 's/mtime [-0-9.]+, should be [-0-9.]+/mtime/' \
		"$T/out" | grep -v -e ': mtime$' -e ' in the index$')" \
		"what verify $* says"
}

# again COMMAND...: damages a new store by it.  $R is the root, $V the version.
again()
{
	rm -rf "$STORE"
	mk -q build base "$T/src" >/dev/null
	R=$(realpath "$(root_of base)")
	V=${R%/root}
	SHORT=$(version_of base | cut -c1-12)
	"$@"
}
B() { echo "base@$SHORT: $1"; }
pool_of()
{
	local digest
	digest=$(sha1sum <"$1" | cut -d' ' -f1)
	echo "${digest:0:2}/${digest:2}"
}

flip()
{
	printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Content of the same size and time: one bit in the middle of the file.
flip_big()
{
	touch -r "$R/big" "$T/time"
	printf 'XYZ' | dd of="$R/big" bs=1 seek=2000000 conv=notrunc status=none
	touch -r "$T/time" "$R/big"
}
again flip_big
damaged "$(B '/big: the content has another SHA-1')" base
damaged "pool: $(pool_of "$T/src/big"): the content has another SHA-1
$(B '/big: the content has another SHA-1')"

again truncate -s 2999999 "$R/big"
damaged "$(B '/big: size 2999999, should be 3000000')
$(B '/big: the content has another SHA-1')" base

again chmod 0777 "$R/more"
damaged "$(B '/more: mode 0777, should be 0644')" base
again chown 3:4 "$R/more"
damaged "$(B '/more: owner 3:4, should be 0:0')" base
again touch -d 2020-02-02 "$R/more"
t_eq "$(B "/more: mtime 1580601600.000000000, should be $(stat -c %.9Y "$T/src/more")")" \
	"$(mk -q verify base || true)" "a time"
again setfattr -n user.new -v x "$R/more"
damaged "$(B '/more: attribute user.new should not be there')" base
again setfattr -x user.empty "$R/attrs"
damaged "$(B '/attrs: attribute user.empty is missing')" base
again setfattr -n user.binary -v other "$R/attrs"
damaged "$(B '/attrs: attribute user.binary has another value')" base
again setfattr -x security.capability "$R/usr/bin/capable"
damaged "$(B '/usr/bin/capable: attribute security.capability is missing')" base
again ln -sfn elsewhere "$R/dangling"
damaged "$(B "/dangling: leads to elsewhere, should lead to $(readlink "$T/src/dangling")")" base

again rm "$R/more"
damaged "$(B '/more: is missing')" base
again rm -r "$R/a"
damaged "$(B '/a: is missing')
$(B '/a/b: is missing')" base
again mkdir -p "$R/a/b/c"
damaged "$(B '/a/b/c: should not be there')" base
again eval ': >"$R/a-"; : >"$R/a/new"; : >"$R/tab	x"'
damaged "$(B '/a-: should not be there')
$(B '/a/new: should not be there')
$(B '/tab\tx: should not be there')" base
again eval 'rm "$R/more"; mkdir -m 0644 "$R/more"'
damaged "$(B '/more: is a directory, should be a file')" base
again eval 'rm "$R/disk"; mknod "$R/disk" b 8 18'
damaged "$(B '/disk: device 8:18, should be 8:17')" base

# Files with equal content that were two are one, or the other way round.
again eval 'ln -f "$R/twin1" "$R/twin2"'
damaged "$(B '/twin2: is one inode with another file')" base
again eval 'cp -a --remove-destination "$R/linked" "$R/x"; mv "$R/x" "$R/many/1"'
damaged "$(B '/many/1: is not in the pool')
$(B '/many/1: is not the same file as its hard links')" base
again setfattr -n trusted.stencil.links -v "2 0123456789abcdef" "$R/linked"
damaged "$(B '/linked: attribute trusted.stencil.links does not name its hard links')" base
again setfattr -n trusted.stencil.links -v "2 0123456789abcdef" "$R/more"
damaged "$(B '/more: attribute trusted.stencil.links on a file without hard links')" base
again setfattr -x trusted.stencil.sha1 "$R/more"
damaged "$(B '/more: attribute trusted.stencil.sha1: No data available')" base
again setfattr -n trusted.stencil.sha1 -v "$(printf %040d 1)" "$R/more"
damaged "pool: $(pool_of "$R/more"): attribute trusted.stencil.sha1 has another value
$(B '/more: attribute trusted.stencil.sha1 has another value')"

# The manifest, info.json
again eval 'sed -i "s/^\/more 5 /\/more 6 /" "$V/manifest"'
damaged "$(B '/more: size 5, should be 6')
$(B 'info.json: its totals are not the manifest'"'"'s')
$(B 'manifest: is not the one that the version is the digest of')" base
again eval 'sed -i "s/^\/many .*/garbage/" "$V/manifest"'
line=$(grep -n garbage "$V/manifest" | cut -d: -f1)
damaged "$(B "manifest: cannot be read from line $line on: Bad message")
$(B 'manifest: is not the one that the version is the digest of')" base
again rm "$V/manifest"
damaged "$(B 'manifest: cannot be read: No such file or directory')" base
again eval 'echo "{}" >"$V/info.json"'
damaged "$(B 'info.json: cannot be read: Bad message')" base
again rm -r "$R"
damaged "$(B 'root: cannot be read: No such file or directory')" base

# The index: what mounts are told of the tree
again true
if [ -e "$V/index" ]; then
	printf '\377' | dd of="$V/index" bs=1 seek=$((128 + 80 * 7 + 56)) \
		conv=notrunc status=none	# an owner
	mk -q verify base >"$T/out" || true
	t_eq 1 "$(grep -c ': is something else in the index$' "$T/out")" \
		"a damaged index"
	t_eq 1 "$(wc -l <"$T/out")" "lines"
	again rm "$R/more"
	: >"$R/more"
	mk -q verify base >"$T/out" || true
	grep -q '^base@.*: /more: is something else in the index$' "$T/out" ||
		t_fail "$(cat "$T/out")"
	again truncate -s 1000 "$V/index"
	damaged "$(B 'index: cannot be read: Bad message')" base
	again rm "$V/index"
	t_eq "" "$(mk -q verify base)" "without an index"
fi

# The pool
again eval ': >"$STORE/pool/ab-"; mkdir -p "$STORE/pool/00"; : >"$STORE/pool/00/x"'
damaged "pool: 00/x: is no file of the pool
pool: ab-: is no directory of the pool"
p=$(pool_of "$T/src/more")
again eval 'mv "$STORE/pool/$p" "$STORE/pool/$p.2"'
damaged "pool: $p: is missing: a gap in the variants
pool: $p.1: is missing: a gap in the variants"
again eval 'cp -p "$R/big" "$STORE/pool/$p.1"; touch "$STORE/pool/$p.01"'
damaged "pool: $p.01: is no file of the pool
pool: $p.1: attribute trusted.stencil.sha1: No data available
pool: $p.1: the content has another SHA-1"
again rm "$STORE/pool/$p"
damaged "$(B '/more: is not in the pool')"

# JSON: one object a thing, names that are no Unicode too
again eval ': >"$R/$(printf "\377")"; chmod 0777 "$R/more"'
rc=0
mk verify --json >"$T/out" || rc=$?
t_eq 1 "$rc" "status"
jq -e --arg t "base@$(version_of base)" 'all(.template == $t) and
	([.[] | select(.path == "/more") | .what] ==
		["mode 0777, should be 0644"]) and
	any(.path_hex == "2fff" and .what == "should not be there")' \
	"$T/out" >/dev/null || t_fail "$(cat "$T/out")"
jq -e 'length == 3' "$T/out" >/dev/null	# and the time of the root
