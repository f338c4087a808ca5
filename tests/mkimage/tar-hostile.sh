# SPDX-License-Identifier: Apache-2.0
# Hostile and damaged archives: nothing is written outside the template, what
# is wrong is said in one line, nothing is left, the next build succeeds.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3 gzip

echo before >"$T/victim"
mkdir "$T/victims"

# tar_of FILE: members from stdin, one a line: TYPE NAME [TARGET or CONTENT]
tar_of()
{
	python3 -c '
import io, sys, tarfile
types = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE,
	 "sym": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE,
	 "chr": tarfile.CHRTYPE, "fifo": tarfile.FIFOTYPE}
with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as t:
    for line in sys.stdin:
        kind, name, *rest = line.split()
        m = tarfile.TarInfo(name)
        m.type = types[kind]
        m.mode = 0o755 if kind == "dir" else 0o644
        data = b""
        if kind in ("sym", "hard"):
            m.linkname = rest[0]
        elif kind == "file":
            data = (rest[0] if rest else "x").encode()
            m.size = len(data)
        elif kind == "chr":
            m.devmajor, m.devminor = 1, 3
        t.addfile(m, io.BytesIO(data))
' "$1"
}

unharmed()
{
	t_eq before "$(cat "$T/victim")" "the file outside"
	t_eq "" "$(ls -A "$T/victims")" "the directory outside"
	[ ! -d "$STORE" ] || t_no_remains
}

refused()
{
	tar_of "$T/h.tar"
	t_refuses "$1" -q build hostile "$T/h.tar"
	unharmed
}

accepted()
{
	tar_of "$T/h.tar"
	mk -q build hostile "$T/h.tar" >/dev/null
	unharmed
	t_manifest_sound hostile
}

refused "'\.\.'" <<<"file ../victim evil"
refused "'\.\.'" <<<"file a/../../victim evil"
refused "'\.\.'" <<<"hard evil ../victim"
refused "'\.\.'" <<<"dir .."

accepted <<<"file $T/victim evil"
t_eq evil "$(cat "$(root_of hostile)$T/victim")" "made relative"
accepted <<<"file //etc//passwd evil"
[ -f "$(root_of hostile)/etc/passwd" ] || t_fail "made relative"

refused "a step on its way, 'way', is a symbolic link" <<-END
	sym way $T/victims
	file way/file evil
END
refused "'way', is a symbolic link" <<-END
	sym way .
	file way/file evil
END
refused "'way', is not a directory" <<-END
	file way
	dir way/dir
END
# A later entry replaces the link, and is not written through it.
accepted <<-END
	sym victim $T/victim
	file victim evil
	sym dir $T/victims
	dir dir
	file dir/file evil
	sym again $T/victim
	sym again elsewhere
	fifo again2
	chr again2
END
[ ! -L "$(root_of hostile)/victim" ] || t_fail "still a link"
[ -d "$(root_of hostile)/dir" ] || t_fail "no directory"
# The link itself may lead anywhere: it is the container's.
accepted <<-END
	sym out $T/victim
	sym up ../../../../../../etc/passwd
	hard out2 out
END
t_eq "$T/victim" "$(readlink "$(root_of hostile)/out2")" "link to a link"

refused "which is no file before it" <<<"hard evil $T/victim"
refused "which is no file before it" <<<"hard evil nowhere"
refused "which is no file before it" <<<"hard evil evil"
refused "which is no file before it" <<-END
	dir dir
	hard evil dir
END
refused "which is no file before it" <<-END
	sym way /
	hard evil way$T/victim
END
refused "is a directory with content" <<-END
	file deep/file
	hard deep deep/file
END
# The target makes room for its own link.
accepted <<-END
	file a
	hard b a
	hard a b
	hard b b
END
t_eq "$(inode "$(root_of hostile)/a")" "$(inode "$(root_of hostile)/b")" "link"

refused "is a directory with content" <<-END
	file dir/file
	chr dir
END
refused "root is not a directory" <<<"sym . $T/victims"
accepted <<-END
	dir dir
	chr dir
	file file
	dir file
	file file/x
END
t_eq "character special file" "$(stat -c %F "$(root_of hostile)/dir")" "type"

# Damage.
make_rich "$T/src"
make_tar "$T/good.tar" "$T/src"
gzip -k "$T/good.tar"
version=$(mk build good "$T/good.tar")
size=$(stat -c %s "$T/good.tar")
for cut in 100 512 700 5000 100000 1040000; do
	head -c $cut "$T/good.tar" >"$T/h.tar"
	t_refuses "" -q build hostile2 "$T/h.tar"
	head -c $((cut / 512 * 512)) "$T/good.tar" >"$T/h.tar"
	t_refuses "" -q build hostile2 "$T/h.tar"
	t_refuses "" -q build hostile2 - <"$T/h.tar"
	unharmed
done
for cut in 10 100 1000 $(($(stat -c %s "$T/good.tar.gz") - 4)); do
	head -c "$cut" "$T/good.tar.gz" >"$T/h.tar.gz"
	t_refuses "" -q build hostile2 "$T/h.tar.gz"
	unharmed
done
# At each entry's end, too: only the end mark is missing there.
python3 - "$T/good.tar" >"$T/ends" <<'END'
import sys, tarfile
with tarfile.open(sys.argv[1]) as t:
    for m in t:
        print(m.offset)
END
while read -r end; do
	[ "$end" -gt 0 ] || continue
	head -c "$end" "$T/good.tar" >"$T/h.tar"
	t_refuses "" -q build hostile2 "$T/h.tar"
done <"$T/ends"
# Any flipped byte: refused in one line, or another template.
for i in $(seq 60); do
	cp "$T/good.tar" "$T/h.tar"
	at=$(((i * 7919 * 31) % size))
	printf '\377' | dd of="$T/h.tar" bs=1 seek=$at conv=notrunc status=none
	rc=0
	mk -q build flipped "$T/h.tar" >/dev/null 2>"$T/err" || rc=$?
	[ "$rc" -le 1 ] || t_fail "status $rc with byte $at flipped"
	[ "$rc" = 0 ] || t_eq 1 "$(wc -l <"$T/err")" "lines: $(cat "$T/err")"
done
unharmed
: >"$T/h.tar"
t_refuses "" -q build hostile2 "$T/h.tar"
head -c 20000 /dev/urandom >"$T/h.tar"
t_refuses "" -q build hostile2 "$T/h.tar"
t_refuses "No such file" -q build hostile2 "$T/nowhere.tar"
[ ! -e "$STORE/templates/hostile2" ] || t_fail "a template of nothing"

t_eq "$version" "$(mk build good "$T/good.tar.gz")" "the next build"
unharmed
