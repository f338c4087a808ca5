# SPDX-License-Identifier: Apache-2.0
# Which image of a layout is meant: by its name or digest, and by the platform,
# in indexes in indexes too.  Where it is not clear, what there is is told.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3

case $(uname -m) in
x86_64) here=linux/amd64 other=linux/arm64 ;;
aarch64) here=linux/arm64 other=linux/amd64 ;;
*) t_skip "the platform's name is not known to the test" ;;
esac

# Each image has a file that says which it is.
image_py - $here $other >ids <<'END'
import sys
from oci_image import *
here, other = sys.argv[1:]

def one(l, name, on):
    return l.image([tar([("file", "which", name)])], on=on)

l = Layout("refs")
m = [one(l, "one", here), one(l, "two", here), one(l, "far", other)]
print(m[1]["digest"])
l.index([ref(m[0], "one"), ref(m[1], "reg.example:5000/two:1.0"),
         ref(m[2], "far")])

l = Layout("single")
l.index([one(l, "single", here)])
l = Layout("far")
l.index([one(l, "far", other)])
l = Layout("far-placed")
l.index([platform(one(l, "far", other), other)])

# As buildx writes it: an index of platforms and of attestations.
l = Layout("multi", "docker")
all = [platform(one(l, on, on), on) for on in
       ("linux/386", other, "linux/arm/v6", "linux/arm/v7", "linux/s390x",
        here, "windows/amd64")]
att = platform(one(l, "attestation", here), "unknown/unknown")
l.index([l.list([att] + all), ])
# The same, with indexes in indexes.
l = Layout("nested")
deep = l.list([platform(one(l, on, on), on) for on in (here, "linux/s390x")])
for i in range(2):
    deep = l.list([deep])
l.index([ref(deep, "deep")])
l = Layout("too-nested")
deep = one(l, "deep", here)
for i in range(6):
    deep = l.list([deep])
l.index([deep])
# Loops cannot be made of digests, but many can be: 10^4.
l = Layout("wide")
deep = platform(one(l, "wide", other), other)
for i in range(4):
    deep = l.list([deep] * 10)
l.index([deep])
# Two of one name, for two platforms, right in index.json; and two of no name.
l = Layout("flat")
l.index([ref(platform(one(l, on, on), on), "x") for on in (other, here)])
l = Layout("unplaced")
l.index([one(l, "a", here), one(l, "b", here)])
l = Layout("empty")
l.index([])
l = Layout("with:colon")
l.index([ref(one(l, "colon", here), "x:y")])
# What an index says wins, but what the configuration says must fit.
l = Layout("lies")
l.index([platform(one(l, "lies", other), here)])
END

# is WANT ARGS...
is()
{
	mk -q build x "${@:2}" >/dev/null 2>"$T/err"
	t_eq "$1" "$(cat "$(root_of x)/which")" "the image of ${*:2}"
}
quiet()
{
	[ ! -s "$T/err" ] || t_fail "words: $(cat "$T/err")"
}

is one oci:refs:one; quiet
is two oci:refs:reg.example:5000/two:1.0; quiet
is two "oci:$T/refs:$(cat ids)"; quiet
is one oci:./refs:one --platform=$here
t_eq "oci:$T/refs:one" "$(mk --json show x | jq -r .source)" "source"
t_refuses "refs: has several images, name one of: one, reg.example:5000/two:1.0, far" \
	-q build x oci:refs
t_refuses "refs: has no image 'three', but: one, " -q build x oci:refs:three
t_refuses "has no image ''" -q build x oci:refs:
is single oci:single; quiet
is colon oci:with:colon; quiet
is colon oci:with:colon:x:y; quiet
t_refuses "No such file" -q build x oci:nowhere:one
t_refuses "No such file" -q build x oci:
mkdir no-layout
t_refuses "not an OCI image layout, it has no oci-layout" -q build x oci:no-layout
t_refuses "empty: has no image" -q build x oci:empty
t_refuses "2 images of no platform" -q build x oci:unplaced

# The only one there is is taken with a warning, but not against the user.
is far oci:far
grep -q "warning: .* is for $other, and this machine is $here" "$T/err"
is far oci:far-placed
grep -q "warning: " "$T/err"
is far oci:refs:far --platform=$other; quiet
t_refuses "is for $other, and not for $here" -q build x oci:far --platform=$here
t_refuses "has no image for $here, but for $other" \
	-q build x oci:far-placed --platform=$here
t_refuses "is for $here, and not for $other" -q build x oci:refs:one --platform=$other

is $here oci:multi; quiet
for p in $other linux/386 linux/s390x windows/amd64 linux/arm/v6; do
	is $p oci:multi --platform=$p; quiet
done
is linux/arm/v7 oci:multi --platform=linux/arm
is linux/arm/v7 oci:multi --platform=linux/arm/v8
t_refuses "has no image for linux/arm/v5, but for linux/386, $other, linux/arm/v6" \
	-q build x oci:multi --platform=linux/arm/v5
t_refuses "has no image for plan9/amd64" -q build x oci:multi --platform=plan9/amd64
is $here oci:nested:deep; quiet
is linux/s390x oci:nested --platform=linux/s390x
t_refuses "too many indexes in indexes" -q build x oci:too-nested
t_refuses "too many indexes in indexes" -q build x oci:wide
is $here oci:flat; quiet
is $other oci:flat:x --platform=$other
is lies oci:lies
grep -q "warning: " "$T/err"

# Words that are no platform, and a source that has none.
for p in "" linux linux/ /amd64 linux/amd64/ 'linux/a b' linux/amd64/v1/x \
	"linux/$(printf '%040d' 1)"; do
	rc=0
	mk build x oci:single --platform="$p" 2>"$T/err" || rc=$?
	t_eq 2 $rc "status for the platform '$p'"
	grep -q "not a platform" "$T/err"
done
rc=0
mk build x "$T" --platform=$here 2>"$T/err" || rc=$?
t_eq 2 $rc "a platform for a directory"
grep -q "only an image has a platform" "$T/err"
t_no_remains
