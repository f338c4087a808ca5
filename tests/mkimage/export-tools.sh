# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# Other tools make of an exported image what the template is: umoci, podman.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/export.bash"
begin
t_need umoci podman skopeo jq setfacl setcap python3

make_torture "$T/src"
# An image has no whiteouts, nor the marks that are beside them; umoci and
# podman leave other trusted attributes out.
rm "$T/src/hole" "$T/src/dir/.whiteout"
find "$T/src" -exec setfattr -h -x trusted.overlay.opaque {} \; \
	-exec setfattr -h -x trusted.onlink {} \; \
	-exec setfattr -h -x trusted.shape {} \; 2>/dev/null || :
# In Go's PAX headers a value that is empty means that there is none.
setfattr -x user.empty "$T/src/attrs"
# libarchive says the bytes of this name in a way that they do not know.
setfattr -x "user.a b%41="$'\303\251' "$T/src/file"
touch -h -d '2020-02-02 02:02:02.123456789' "$T/src/dir/sub"
export_it()
{
	mk -q build src "$T/src" >/dev/null
	template_tree "$(root_of src)/" >"$T/want"
	mk -q export src "oci:$T/layout:1.0" >/dev/null
	mk -q export src "oci:$T/layout:zstd" --compress=zstd >/dev/null
}
export_it

# same DIR WHO
same()
{
	template_tree "$1" | sed "${3:-}" >"$T/got"
	sed "${3:-}" "$T/want" | diff - "$T/got" >"$T/diff" ||
		t_fail "not the same by $2: $(head -30 "$T/diff")"
}

umoci unpack --image "$T/layout:1.0" "$T/bundle" >"$T/log" 2>&1 ||
	t_fail "umoci: $(tail -3 "$T/log")"
same "$T/bundle/rootfs/" umoci

# podman knows no time before 1970, sets a default ACL before it makes what is
# in the directory, and does not set the root's time: the first line.
setfacl -k "$T/src/dir"
find "$T/src" ! -newermt @0 -exec touch -h -d @1 {} +
touch -h -d '2020-02-02 02:02:02.123456789' "$T/src/dir"
export_it
pod()
{
	podman --root "$T/podman" --runroot "$T/podman-run" \
		--storage-driver vfs --cgroup-manager cgroupfs --runtime runc \
		"$@"
}
printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$T/policy.json"
# A path that it can make a name of.
cd "$T"
for ref in 1.0 zstd; do
	id=$(pod pull -q --signature-policy "$T/policy.json" \
		"oci:layout:$ref") || t_fail "podman pull oci:"
	same "$(pod image mount "$id")/" "podman pull, $ref" 1d
	pod image unmount "$id" >/dev/null
	pod rmi -f "$id" >/dev/null
done

# As an archive, which is the layout in a tar.
rm -rf "$T/layout"
mk -q export src "oci:$T/layout:1.0" >/dev/null
tar --create --file "$T/image.tar" --directory "$T/layout" .
pod load -q --signature-policy "$T/policy.json" -i "$T/image.tar" >"$T/log" ||
	t_fail "podman load"
id=$(pod images -q)
same "$(pod image mount "$id")/" "podman load" 1d
pod image unmount "$id" >/dev/null
pod rmi -f "$id" >/dev/null
