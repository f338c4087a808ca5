# SPDX-License-Identifier: Apache-2.0
# An image's configuration is kept byte for byte beside the template, shown, and
# replaced by that of the last build; the version does not depend on it.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3 jq

mkdir src
echo a >src/a
touch -d 2020-01-01 src/a src
image_py - >/dev/null <<'END'
import time
from oci_image import *
l = Layout("img")
t = open("t.tar", "rb").read() if os.path.exists("t.tar") else tar(["file a a"])
full = {"Cmd": ["-c", "echo \"hi\""], "Entrypoint": ["/bin/sh"],
        "Env": ["PATH=/bin", "EVIL=\x1b[31m\nname: evil", "\u00fc=\u20ac"],
        "User": "5:6", "WorkingDir": "/w\x07",
        "Labels": {"b": "2", "a": "1 2"}, "ExposedPorts": {"80/tcp": {}}}
odd = {"Cmd": None, "Entrypoint": "sh", "Env": {"x": 1}, "User": 5,
       "WorkingDir": "", "Labels": ["x"]}
l.index([ref(l.image([t], process=p), n) for n, p in
         (("full", full), ("none", None), ("odd", odd), ("empty", {}))])
open("full.json", "wb").write(json.dumps(l.config([t], process=full)).encode())
END

version=$(mk build x oci:img:full)
dir=$STORE/templates/x/current
cmp full.json "$dir/config.json" || t_fail "config.json is another"
t_eq "0644 root" "$(stat -c '0%a %U' "$dir/config.json")" "config.json"
mk show x >shown
for line in 'entrypoint: \["/bin/sh"\]' 'command:    \["-c", "echo \\"hi\\""\]' \
	'env:        "PATH=/bin"' '            "EVIL=\\u001B\[31m\\nname: evil"' \
	'            "\\u00FC=\\u20AC"' 'user:       5:6' \
	'directory:  /w\\u0007' 'labels:     "b=2"' '            "a=1 2"'; do
	grep -qx "$line" shown || t_fail "no '$line' in: $(cat shown)"
done
! grep -q $'[^\t\n -~]' shown || t_fail "not for a terminal: $(cat shown)"
mk --json show x | jq -e '.config == {Cmd: ["-c", "echo \"hi\""],
	Entrypoint: ["/bin/sh"], Env: ["PATH=/bin",
		"EVIL=\u001b[31m\nname: evil", "\u00fc=\u20ac"],
	User: "5:6", WorkingDir: "/w\u0007", Labels: {b: "2", a: "1 2"}}' ||
	t_fail "$(mk --json show x)"

# The last build's wins; one of no image leaves it.
for ref in none odd empty; do
	t_eq "$version" "$(mk build x oci:img:$ref)" "the same content"
	mk show x >shown
	! grep -q '^env\|^labels\|^user' shown || t_fail "$ref: $(cat shown)"
	mk --json show x | jq -e .config >/dev/null ||
		t_eq none $ref "has a configuration"
done
t_eq "$version" "$(mk build x oci:img:full)" "the same content"
cp -a "$dir/root" copy
t_eq "$version" "$(mk build x copy)" "a directory of the same content"
cmp full.json "$dir/config.json" || t_fail "a directory has replaced it"
# What is no image has none.
mk build other copy >/dev/null
[ ! -e "$STORE/templates/other/current/config.json" ] || t_fail "of a directory"
! mk show other | grep -q '^command' || t_fail "of a directory"
mk --json show other | jq -e 'has("config") | not' >/dev/null

# A damaged one is told, and in the way of nothing else.
echo '[' >"$dir/config.json"
t_refuses "the image's configuration" show x
t_eq "$version" "$(mk build x oci:img:full)" "a build repairs it"
cmp full.json "$dir/config.json"
mk rm x >/dev/null
[ ! -e "$STORE/templates/x" ] || t_fail "rm leaves it"
t_no_remains
