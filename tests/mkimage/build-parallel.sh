# SPDX-License-Identifier: Apache-2.0
# Builds and removals at the same time, of the same names: all succeed or say
# why, what remains is whole, the pool holds what is used and nothing else.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq

for i in $(seq 200); do
	mkdir -p "$T/one/dir$i"
	echo "$i" >"$T/one/dir$i/a"
	echo same >"$T/one/dir$i/b"
done
cp -a "$T/one" "$T/two"
echo other >"$T/two/other"
touch -d 2001-01-01 "$T/one" "$T/two"
pids=()
for i in 1 2 3; do
	mk -q build same "$T/one" >"$T/out.$i" &
	pids+=($!)
	mk -q build other "$T/two" >"$T/out.$i.other" &
	pids+=($!)
	(for _ in 1 2 3 4; do mk -q rm other >/dev/null 2>&1 || true; done) &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || t_fail "a build failed"
done
t_eq 1 "$(cat "$T"/out.[123] | sort -u | wc -l)" "versions of one source"
t_manifest_sound same
mk -q build other "$T/two" >/dev/null
t_manifest_sound other
t_no_remains
t_eq "$(find "$STORE/pool" -type f | wc -l)" \
	"$(find "$STORE"/templates/*/*/root -type f -printf '%i\n' | sort -u | wc -l)" \
	"inodes in the pool and in templates"
t_eq "$(inode "$(root_of same)/dir7/a")" "$(inode "$(root_of other)/dir7/a")" \
	"what is equal is shared"
mk -q rm same
mk -q rm other
t_eq 0 "$(find "$STORE/pool" -type f | wc -l)" "the pool is empty"
