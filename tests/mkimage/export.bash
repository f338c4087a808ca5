# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the tests of mkstencil's export share, after image.bash.

# What archives find hard, beyond make_rich: names and numbers at their limits.
make_torture()
{
	make_rich "$1"
	python3 - "$1" <<-'END'
	import os, sys
	os.chdir(sys.argv[1])
	long = "d" * 100 + "/" + "e" * 200 + "/"
	os.makedirs(long)
	open(long + "f" * 250, "w").write("x")
	os.link(long + "f" * 250, long + "g" * 250)
	os.symlink("t" * 3000, "longlink")
	os.symlink("caf\u00e9", "way\u00e9")
	open("caf\u00e9", "w").write("UTF-8")
	open("%41 percent", "w").write("x")
	open("-dash", "w").write("x")
	os.link("link", "a-link-to-a-link")
	def sparse(name, size, at=None):
	    with open(name, "wb") as f:
	        f.truncate(size)
	        if at is not None:
	            f.seek(at)
	            f.write(b"data")
	sparse("hole", 64 << 20)
	sparse("hole-middle", 10 << 20, 5 << 20)
	sparse("hole-end", 10 << 20, 0)
	sparse("hole-\u00e9", 1 << 20, 1 << 19)
	sparse(long + "h" * 250, 1 << 20)
	sparse(long + "\u00e9" * 100, 1 << 20)
	with open("zeros", "wb") as f:
	    f.write(bytes(300000) + b"x" + bytes(65535) + b"y" + bytes(65537))
	os.setxattr("file", "user.a b%41=\u00e9", b"v\0\n=w")
	os.setxattr("dir", "user.large", b"L" * 3000)
	os.chown("empty", 3000000000, 2500000)
	os.mknod("large-device", 0o20600, os.makedev(511, 300000))
	second = 10 ** 9
	for name, ns in (("hole", -3600 * second - 250000000),
	        ("caf\u00e9", -second), ("null", -second - second // 2),
	        ("a", -2 * second + 1), ("dir/b", 2 ** 33 * second + 7)):
	    os.utime(name, ns=(0, ns))
	END
}

# A template's file as damage finds it: not protected.
unprotect()
{
	chattr -i "$1" 2>/dev/null || :
}

sha256()
{
	sha256sum "$@" | cut -d' ' -f1
}

# blob LAYOUT DIGEST: its path.
blob()
{
	echo "$1/blobs/sha256/${2#sha256:}"
}

# manifest_of LAYOUT REF: the path of its manifest.
manifest_of()
{
	blob "$1" "$(jq -r --arg ref "$2" '.manifests[] |
		select(.annotations["org.opencontainers.image.ref.name"] == $ref) |
		.digest' "$1/index.json")"
}
