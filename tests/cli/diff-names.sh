# SPDX-License-Identifier: Apache-2.0
# stencilctl diff and strange names: control characters are escaped for
# people, and JSON has them as they are; names that are not UTF-8; a tree
# deeper than a path can say.
. "${0%/*}/../lib.sh"
. "${0%/*}/store.bash"
begin
t_need jq python3

template_of base "$LOWER"
ctl create c1 --template=base
p=$STORE/containers/c1/private
touch "$p"/$'new\nline' "$p"/$'tab\t' "$p/back\\slash" "$p/with blank" \
	"$p"/$'esc\e[31m' "$p"/$'c1\xc2\x9b' "$p/ümlaut" "$p/.wh.file" \
	"$p"/$'bad\xff'

cat >want <<'END'
A /.wh.file
A /back\\slash
A /c1\302\233
A /esc\033[31m
A /new\nline
A /tab\t
A /with blank
A /ümlaut
END
ctl diff c1 | grep -av bad >got
diff -u want got
ctl diff --json c1 >json
jq -e '[.[] | .path] | index("/new\nline") != null' json
jq -e '.[] | select(.path_hex) |
	.path == "/bad\\377" and .path_hex == "2f626164ff"' json

# 1000 levels of 10 bytes: neither descriptors nor PATH_MAX limit the walk.
python3 - "$p" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
for i in range(1000):
    name = "level-%dxx" % (i % 7)
    os.mkdir(name, dir_fd=fd)
    below = os.open(name, os.O_RDONLY, dir_fd=fd)
    os.close(fd)
    fd = below
os.close(os.open("end", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
END
n=$(ulimit -n 64; ctl diff c1 | grep -c level-)
t_eq 1001 "$n" "levels of a deep tree"
ctl show --json c1 | jq -e '.private.files == 1010'
ctl rm c1
