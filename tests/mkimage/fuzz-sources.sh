# SPDX-License-Identifier: Apache-2.0
# timeout: 600
# The fuzzers of mkstencil's readers, from their seeds: a minute in all.
. "${0%/*}/../lib.sh"
begin
t_need clang make
echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' >"$T/try.c"
clang -fsanitize=fuzzer,address -o "$T/try" "$T/try.c" 2>/dev/null ||
	t_skip "clang has no libFuzzer here"

targets=$(find "$TOP/tests/fuzz" -name 'fuzz_source_*.c' -printf '%f\n' -o \
	-name 'fuzz_emit.c' -printf '%f\n' | sed 's/^fuzz_//; s/\.c$//')
make -C "$TOP" -s fuzz-targets BUILD="$BUILD" FUZZ="${targets//$'\n'/ }" \
	>"$T/log" 2>&1 || t_fail "$(tail -20 "$T/log")"
# libFuzzer ends without a chance to clean up: what is made here goes with the
# test's own mounts.
mount -t tmpfs tmpfs /dev/shm
for t in $targets; do
	mkdir "$T/$t"
	"$BUILD-fuzz/fuzz_$t" -max_total_time=$((60 / $(echo "$targets" | wc -w))) \
		-timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$T/$t-" "$T/$t" "$TOP/tests/fuzz/corpus/$t" \
		>"$T/log" 2>&1 || t_fail "$t: $(tail -60 "$T/log")"
	echo "$t: $(grep number_of_executed_units "$T/log")"
	[ "$(sed -n 's/.*number_of_executed_units: //p' "$T/log")" -gt 100 ] ||
		t_fail "$t: too few: $(tail -5 "$T/log")"
done
umount /dev/shm
