# SPDX-License-Identifier: Apache-2.0
"""Hostile archives, header by header, since tarfile writes none of them.

    hostile_tars.py DIR

makes DIR/NAME.tar[.gz] and prints "NAME WORDS" lines: what the refusal says,
or "ok" for what is to be accepted.
"""
import gzip
import os
import sys

out = sys.argv[1]
END = bytes(1024)


def number(value, width):
    """Octal, or base 256 for what does not fit or is negative."""
    text = b"%0*o" % (width - 1, value) if value >= 0 else b"x" * width
    if len(text) < width:
        return text + b"\0"
    raw = (value % 2 ** (8 * width)).to_bytes(width, "big")
    return bytes([raw[0] | 0x80]) + raw[1:]


def header(name, size=0, kind=b"0", link=b"", mode=0o644, uid=0, dev=(0, 0),
           raw_size=None, prefix=b""):
    h = name.ljust(100, b"\0")[:100]
    h += number(mode, 8) + number(uid, 8) + number(0, 8)
    h += raw_size or number(size, 12)
    h += number(1500000000, 12) + b" " * 8 + kind + link.ljust(100, b"\0")
    h += b"ustar\0" + b"00" + bytes(64)
    h += number(dev[0], 8) + number(dev[1], 8) + prefix.ljust(155, b"\0")
    h = h.ljust(512, b"\0")
    return h[:148] + b"%06o\0 " % sum(h) + h[156:]


def blocks(data):
    return data + bytes(-len(data) % 512)


def entry(name, data=b"", **more):
    return header(name, len(data), **more) + blocks(data)


def pax(records, kind=b"x", size=None):
    body = b""
    for key, value in records:
        rest = b" " + key + b"=" + value + b"\n"
        n = len(rest)
        while len(b"%d" % n) + len(rest) != n:
            n = len(b"%d" % n) + len(rest)
        body += b"%d" % n + rest
    return header(b"pax", size or len(body), kind) + blocks(body)


def case(name, words, data, packed=False):
    if packed:
        with gzip.open(os.path.join(out, name + ".tar.gz"), "wb", 1) as f:
            for piece in data:
                f.write(piece)
        name += ".tar.gz"
    else:
        with open(os.path.join(out, name + ".tar"), "wb") as f:
            f.write(data)
        name += ".tar"
    print(name, words)


def zeros(n):
    piece = bytes(1 << 20)
    while n > 0:
        yield piece[:n]
        n -= len(piece)


def long_name(name, kind=b"L"):
    return entry(b"././@LongLink", name + b"\0", kind=kind)


good = entry(b"good", b"x")

# Headers of gigabytes, promised and delivered.
for kind, what in (b"x", "pax"), (b"g", "global"), (b"L", "name"), (b"K", "link"):
    case(what + "-promised", "Special header too large", good + header(b"h", 3 << 30, kind) + good + END)
    case(what + "-delivered", "Special header too large",
         [header(b"h", 300 << 20, kind), *zeros(300 << 20), good, END], True)
case("pax-half-a-record", "", good + entry(b"p", b"1000 path=x", kind=b"x") +
     good + END)
case("pax-no-number", "", good + entry(b"p", b"xx path=x\n", kind=b"x") +
     good + END)
case("pax-after-pax", "", pax([(b"comment", b"x")]) * 5000 + good + END)
case("attributes", "more or longer attributes",
     pax([(b"SCHILY.xattr.user.%d" % i, b"") for i in range(26000)]) + good + END)
case("attribute-name", "more or longer attributes",
     pax([(b"SCHILY.xattr.user." + b"n" * 300, b"x")]) + good + END)
case("attribute-value", "more or longer attributes",
     pax([(b"SCHILY.xattr.user.a", b"v" * 70000)]) + good + END)
case("attribute-no-name", "",
     pax([(b"SCHILY.xattr.", b"v")]) + good + END)
case("attribute-unknown", "good: ",
     pax([(b"SCHILY.xattr.nonsense.x", b"v")]) + good + END)
case("acl-long", "", pax([(b"SCHILY.acl.access", b",".join(
    b"user:u%d:rwx:%d" % (i, i) for i in range(1, 20000)))]) + good + END)
case("acl-nobody", "has no number and is not known",
     pax([(b"SCHILY.acl.access", b"user::rw-,user:no-such-user:r--,"
           b"group::r--,mask::r--,other::r--")]) + good + END)

# Sizes.
case("size-negative", "", good + header(b"f", -5) + END)
case("size-most-negative", "", good + header(b"f", -2 ** 63) + END)
case("size-huge", "", good + header(b"f", 2 ** 62) + END)
case("size-beyond-end", "", good + header(b"f", 100000) + b"data")
case("size-letters", "", good + header(b"f", raw_size=b"hello world\0") + END)
case("size-of-pax", "", good + pax([(b"size", b"-1")]) + good + END)
case("size-of-pax-huge", "", good + pax([(b"size", b"9" * 30)]) + good + END)


def sparse(parts, realsize, data, name=b"s"):
    body = b"%d\n" % len(parts)
    for offset, length in parts:
        body += b"%d\n%d\n" % (offset, length)
    body = blocks(body) + data
    return pax([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
                (b"GNU.sparse.name", name),
                (b"GNU.sparse.realsize", b"%d" % realsize)]) + \
        entry(b"GNUSparseFile.0/s", body)


case("sparse-overlap", "data is not in order\\|goes beyond",
     sparse([(0, 1024), (512, 1024)], 4096, bytes(2048)) + END)
case("sparse-backwards", "data is not in order",
     sparse([(2048, 512), (0, 512)], 4096, b"a" * 1024) + END)
case("sparse-beyond", "goes beyond its size",
     sparse([(4096, 512)], 1000, b"a" * 512) + END)
case("sparse-negative", "", sparse([(-512, 512)], 1000, b"a" * 512) + END)
case("sparse-huge", "more data than --max-size allows",
     sparse([(0, 512)], 2 ** 62, b"a" * 512) + END)
case("sparse-far", "", sparse([(2 ** 63 - 1, 512)], 512, b"a" * 512) + END)
case("sparse-dots", "'\\.\\.'",
     sparse([(0, 1)], 1, b"a", b"../victim") + END)
case("sparse-many", "", header(b"s", 3 << 30, b"0") + b"1000000000\n" + good)

# Names.
case("name-empty", "", header(b"") + END)
case("name-pax-empty", "", pax([(b"path", b"")]) + good + END)
case("name-newline", "ok", entry(b"a\nmkstencil: all is well\nb", b"x") + END)
case("name-escape", "a step on its way, 'e?\\[31m', is not a directory",
     entry(b"e\x1b[31m") + entry(b"e\x1b[31m/x") + END)
case("name-c1", "a step on its way, 'e?31m??', is not a directory",
     entry(b"e\x9b31m\xc2\x9b") + entry(b"e\x9b31m\xc2\x9b/x") + END)
case("name-invalid-utf8", "ok", entry(b"\xff\xfe\x80", b"x") + END)
case("name-pax-invalid-utf8", "", pax([(b"path", b"\xff\xfe")]) + good + END)
case("name-255", "ok", long_name(b"n" * 255) + good + END)
case("name-256", "File name too long", long_name(b"n" * 256) + good + END)
case("path-4095", "ok",
     long_name(b"a/" * 2046 + b"bb") + good + END)
case("path-4096", "File name too long",
     long_name(b"/" + b"a/" * 2047 + b"b") + good + END)
case("path-deep", "File name too long", long_name(b"d/" * 5000) + good + END)
case("link-4096", "File name too long",
     long_name(b"t" * 4096, b"K") + entry(b"l", kind=b"2", link=b"t") + END)
case("link-empty", "a symbolic link to nothing", entry(b"l", kind=b"2") + END)
case("hard-empty", "", entry(b"l", kind=b"1") + END)
case("hard-dots", "'\\.\\.'", good + entry(b"l", kind=b"1",
                                           link=b"good/../good") + END)
case("pax-dots", "'\\.\\.'", pax([(b"path", b"a/../../victim")]) + good + END)
case("pax-link-dots", "'\\.\\.'", pax([(b"linkpath", b"../victim")]) +
     entry(b"l", kind=b"1", link=b"good") + END)
case("prefix-dots", "'\\.\\.'", entry(b"x", b"x", prefix=b"a/..") + END)

# Types and numbers.
case("device-major", "its device number",
     entry(b"d", kind=b"3", dev=(2 ** 20, 1)) + END)
case("device-minor", "its device number",
     entry(b"d", kind=b"4", dev=(1, 2 ** 21 - 1)) + END)
case("device-most", "ok", entry(b"d", kind=b"3", dev=(4095, 2 ** 20 - 1)) + END)
case("owner-huge", "its owner", entry(b"f", b"x", uid=2 ** 40) + END)
case("owner-nobody", "its owner", entry(b"f", b"x", uid=2 ** 32 - 1) + END)
case("setuid", "ok", entry(b"f", b"x", mode=0o6755) + END)
case("mode-bits", "ok", entry(b"f", b"x", mode=0o7777777) + END)
case("fifo-with-data", "", good + entry(b"f", b"x" * 700, kind=b"6") +
     entry(b"../x") + END)
case("dir-with-data", "", good + entry(b"d", b"x" * 700, kind=b"5") +
     entry(b"../x") + END)
case("volume", "", entry(b"v", kind=b"V") + entry(b"../x") + END)

# Not an archive, or one in another.
case("text", "", b"This is no archive.\n" * 100)
case("elf", "", b"\x7fELF" + bytes(5000))
case("zip", "", b"PK\x03\x04" + bytes(5000))
case("cpio", "", b"070701" + b"0" * 104 + b"TRAILER!!!\0" + bytes(300))
case("one-block", "", bytes(512))
packed = good + END
for _ in range(30):
    packed = gzip.compress(packed, 1)
case("gzip-30-times", "", packed)
case("zeros", "", [*zeros(200 << 20)], True)
