# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A template as an image of an OCI layout: what the documents say is so, other
# images stay, and nothing is written twice.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/export.bash"
begin
t_need setfacl setcap python3 jq gzip zstd

make_torture "$T/src"
rm "$T/src/hole"
mk -q build src "$T/src" >/dev/null
version=$(version_of src)
L=$T/layout
REF='.annotations["org.opencontainers.image.ref.name"]'

refs()
{
	jq -r ".manifests[] | $REF" "$L/index.json" | tr '\n' ' '
}

# A blob's name is the digest of what is in it.
sound()
{
	local b

	for b in "$L"/blobs/sha256/*; do
		t_eq "${b##*/}" "$(sha256 "$b")" "the digest of a blob"
	done
	t_eq "" "$(find "$L" -name '.*')" "what was written aside"
	t_eq '{"imageLayoutVersion":"1.0.0"}' "$(cat "$L/oci-layout")" "layout"
}

digest=$(mk export src "oci:$L:1.0")
t_eq "1.0 " "$(refs)" "the only image"
sound
M=$(manifest_of "$L" 1.0)
t_eq "sha256:${M##*/}" "$digest" "what is printed"
t_eq 3 "$(find "$L/blobs" -type f | wc -l)" "blobs"
jq -e '.schemaVersion == 2 and (.layers | length) == 1 and .mediaType ==
	"application/vnd.oci.image.manifest.v1+json" and .config.mediaType ==
	"application/vnd.oci.image.config.v1+json" and .layers[0].mediaType ==
	"application/vnd.oci.image.layer.v1.tar+gzip"' "$M" >/dev/null
layer=$(blob "$L" "$(jq -r '.layers[0].digest' "$M")")
config=$(blob "$L" "$(jq -r .config.digest "$M")")
t_eq "$(jq '.layers[0].size, .config.size' "$M")" \
	"$(stat -c %s "$layer" "$config")" "sizes of blobs"
t_eq "$(stat -c %s "$M")" "$(jq '.manifests[0].size' "$L/index.json")" \
	"size of the manifest"
t_eq "sha256:$(gzip -dc "$layer" | sha256)" \
	"$(jq -r '.rootfs.diff_ids[]' "$config")" "diff_id"
jq -e --arg v "$version" '.os == "linux" and .architecture != null and
	(.history | length) == 1 and .rootfs.type == "layers" and
	(.history[0].created_by | endswith("@" + $v)) and .created == null' \
	"$config" >/dev/null
t_eq "back@$version" "$(mk -q build back "$layer")" "version of the layer"

# The same again: nothing is written but the index.
find "$L/blobs" -type f -printf '%p %i %T@ %C@\n' | sort >"$T/blobs"
t_eq "$digest" "$(mk -q export src "oci:$L:1.0")" "digest of the second"
find "$L/blobs" -type f -printf '%p %i %T@ %C@\n' | sort | diff "$T/blobs" -
t_eq "1.0 " "$(refs)" "still one"

# Other images stay, those of others too, with all that they say.
jq -c '.manifests += [{"mediaType": "x/y", "digest": "sha256:00", "size": 1,
	"platform": {"os": "plan9"}, "zzz": [1.5]}] | .annotations.a = "b"' \
	"$L/index.json" >"$T/index" && cp "$T/index" "$L/index.json"
mk -q export src "oci:$L" --compress=zstd >/dev/null
mk -q export src "oci:$L:deb/12--x" --compress=none >/dev/null
t_eq "1.0 null latest deb/12--x " "$(refs)" "four images"
jq -e '.annotations.a == "b" and .manifests[1] == {"mediaType": "x/y",
	"digest": "sha256:00", "size": 1, "platform": {"os": "plan9"},
	"zzz": [1.5]}' "$L/index.json" >/dev/null
sound
for pair in latest:+zstd:zstd deb/12--x::cat; do
	IFS=: read -r ref type program <<<"$pair"
	M=$(manifest_of "$L" "$ref")
	t_eq "application/vnd.oci.image.layer.v1.tar$type" \
		"$(jq -r '.layers[0].mediaType' "$M")" "type of $ref"
	layer=$(blob "$L" "$(jq -r '.layers[0].digest' "$M")")
	[ "$program" = cat ] || program="$program -dc"
	t_eq "$(jq -r '.rootfs.diff_ids[0]' "$config")" \
		"sha256:$($program "$layer" | sha256)" "diff_id of $ref"
done

# A name gets another image.
echo other >"$LOWER/file"
mk -q build small "$LOWER" >/dev/null
mk --json -q export small "oci:$L:1.0" >"$T/json"
t_eq "null latest deb/12--x 1.0 " "$(refs)" "still four"
M=$(manifest_of "$L" 1.0)
jq -e --slurpfile m "$M" --arg d "sha256:${M##*/}" '.ref == "1.0" and
	.digest == $d and .config == $m[0].config.digest and .layer.size ==
	$m[0].layers[0].size and .layer.digest == $m[0].layers[0].digest and
	.compression == "gzip"' "$T/json" >/dev/null

# Many at once.
for i in 1 2 3 4 5 6 7 8; do
	mk -q export small "oci:$T/many:$i" >/dev/null &
done
wait
L=$T/many
t_eq 8 "$(jq '.manifests | length' "$L/index.json")" "images at once"
sound

# What the image was, stays so: all but its layers.
CONFIG=$STORE/templates/small/current/config.json
cat >"$CONFIG" <<-'END'
{"architecture":"riscv64","os":"linux","variant":"v9","created":"2020-01-01T00:00:00Z",
"config":{"Cmd":["/bin/sh","-c","echo \u00e9"],"Env":["A=1"],"User":"5","WorkingDir":"/w",
"Entrypoint":["/e"],"Labels":{"l":"m"},"ExposedPorts":{"80/tcp":{}}},
"rootfs":{"type":"layers","diff_ids":["sha256:1","sha256:2"]},
"history":[{"created_by":"x"},{"created_by":"y"}],"unknown":1}
END
mk -q export small "oci:$L:kept" >/dev/null
config=$(blob "$L" "$(jq -r .config.digest "$(manifest_of "$L" kept)")")
jq -e --slurpfile k "$CONFIG" '.config == $k[0].config and .architecture ==
	"riscv64" and .variant == "v9" and .os == "linux" and .created ==
	$k[0].created and (.rootfs.diff_ids | length) == 1 and
	(.history | length) == 1 and .unknown == null' "$config" >/dev/null
echo '{' >"$CONFIG"
t_refuses "configuration of its image" -q export small "oci:$T/bad"
rm "$CONFIG"

# What it refuses, with nothing changed.
mkdir "$T/wh" "$T/full" "$T/empty"
: >"$T/wh/.wh.gone"
: >"$T/full/file"
mk -q build wh "$T/wh" >/dev/null
t_refuses "/.wh.gone: .*delete" -q export wh "oci:$T/bad"
t_refuses "neither empty nor" -q export small "oci:$T/full"
t_refuses "No such file" -q export small "oci:$T/no/where"
t_refuses "Not a directory" -q export small "oci:$T/full/file"
echo '{"imageLayoutVersion":"2.0"}' >"$T/empty/oci-layout"
t_refuses "not version 1" -q export small "oci:$T/empty"
echo '{"imageLayoutVersion":"1.0.0"}' >"$T/empty/oci-layout"
for index in '{' '[]' '{"schemaVersion":1,"manifests":[]}' '{"schemaVersion":2}'; do
	echo "$index" >"$T/empty/index.json"
	t_refuses "$T/empty/index.json: " -q export small "oci:$T/empty"
done
t_eq "index.json oci-layout " "$(ls -A "$T/empty" | tr '\n' ' ')" "left"
for dest in oci: oci::x "oci:$T/x:" "oci:$T/x:a b" "oci:$T/x:.a" "oci:$T/x:a/"; do
	rc=0
	mk -q export small "$dest" 2>"$T/err" || rc=$?
	t_eq 2 "$rc" "status of $dest"
done
rc=0
mk -q export small "oci:$T/x" --compress=xz 2>"$T/err" || rc=$?
t_eq 2 "$rc" "a layer by xz"
[ ! -e "$T/x" ] && [ ! -e "$T/bad" ] || t_fail "something was made"
rm "$T/empty/index.json" "$T/empty/oci-layout"
mk -q export small "oci:$T/empty" >/dev/null
