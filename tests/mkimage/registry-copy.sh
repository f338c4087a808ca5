# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A template travels from one store to another through a registry, by the
# commands that README has: the version is the same.  The registry is Debian's,
# on loopback.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/export.bash"
begin
t_need docker-registry skopeo jq setfacl setcap python3

cat >"$T/registry.yml" <<END
version: 0.1
log: { level: info }
storage:
  filesystem: { rootdirectory: $T/registry }
  delete: { enabled: true }
http: { addr: "127.0.0.1:0" }
END
# Its first words are where it listens.
mkfifo "$T/pipe"
docker-registry serve "$T/registry.yml" >"$T/pipe" 2>&1 &
exec 5<"$T/pipe"
address=
while [ -z "$address" ] && read -r -t 60 -u 5 line; do
	echo "$line"
	case $line in
	*"listening on "*)
		address=${line#*listening on }
		address=${address%%[\", ]*} ;;
	esac
done
[ -n "$address" ] || t_fail "the registry does not listen"
cat <&5 >"$T/registry.log" &
copy()
{
	skopeo --insecure-policy --tmpdir "$T" copy -q --src-tls-verify=false \
		--dest-tls-verify=false "$@"
}

make_torture "$T/src"
rm "$T/src/hole"
mk -q build vendor/app "$T/src" >/dev/null
version=$(version_of vendor/app)

# There, in each compression,
for how in gzip zstd none; do
	mk -q export vendor/app "oci:$T/out:$how" --compress=$how >/dev/null
	copy "oci:$T/out:$how" "docker://$address/vendor/app:$how"
done

# and back again, into another store.
STORE=$T/store2
for how in gzip zstd none; do
	copy "docker://$address/vendor/app:$how" "oci:$T/in:$how"
	t_eq "app@$version" "$(mk -q build app "oci:$T/in:$how")" \
		"version after a registry, $how"
done
template_tree "$T/src" >"$T/want"
template_tree "$(root_of app)/" | diff "$T/want" - ||
	t_fail "not the same after a registry"

# In another form than we gave it: what Docker's tools make of it.
copy --format v2s2 "oci:$T/out:gzip" "docker://$address/vendor/app:v2s2"
copy "docker://$address/vendor/app:v2s2" "oci:$T/in:v2s2"
t_eq "app@$version" "$(mk -q build app "oci:$T/in:v2s2")" "version by v2s2"

# What skopeo copies is what was written, so digests are the same.
skopeo inspect --tls-verify=false "docker://$address/vendor/app:zstd" |
	jq -e --arg d "sha256:$(sha256 "$(manifest_of "$T/out" zstd)")" \
		'.Digest == $d' >/dev/null

# A third machine exports what it got: the same image again.
mk -q export app "oci:$T/again" --compress=zstd >/dev/null
t_eq "$(jq .layers "$(manifest_of "$T/out" zstd)")" \
	"$(jq .layers "$(manifest_of "$T/again" latest)")" "the layer"
