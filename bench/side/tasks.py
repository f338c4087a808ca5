# SPDX-License-Identifier: Apache-2.0
"""What is measured.  A task has a name, a unit, kinds it does not fit, and
run(mount, round) -> a number, less is better; what it prepares it prepares
itself.  Trees: see make_tree()."""

import os
import shutil
import subprocess
import time

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
# Kinds that cannot change what is in a lower directory.
NO_COW = ("mergerfs",)


def call(*args, **options):
    subprocess.run(args, check=True, **{**QUIET, **options})


def seconds(*args, **options):
    start = time.monotonic()
    call(*args, **options)
    return time.monotonic() - start


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def make_tree(debian, lower, sizes):
    """A Debian root, and beside it what the micro benchmarks use."""
    call("cp", "-a", debian + "/.", lower)
    for name in ("files", "break", "break1m", "huge", "new", "repo"):
        os.mkdir(os.path.join(lower, name))
    write(lower + "/usr/f0", os.urandom(65536))
    with open(lower + "/usr/big", "wb") as f:
        for _ in range(sizes["read_mb"]):
            f.write(os.urandom(1 << 20))
    shutil.copy("/bin/true", lower + "/usr/true")
    for i in range(1000):
        write(f"{lower}/files/f{i}", os.urandom(2000))
    for i in range(sizes["rounds"] * 100):
        write(f"{lower}/break/f{i}", os.urandom(4096))
    for i in range(sizes["rounds"] * 5):
        write(f"{lower}/break1m/f{i}", os.urandom(1 << 20))
    for i in range(sizes["rounds"] * 2):
        with open(f"{lower}/huge/f{i}", "wb") as f:
            for _ in range(sizes["huge_mb"]):
                f.write(os.urandom(1 << 20))
    make_repository(lower + "/repo", sizes["repo_files"])
    make_sources(lower + "/root/src", 300)


def make_repository(where, files):
    for i in range(files):
        d = f"{where}/d{i // 100}"
        os.makedirs(d, exist_ok=True)
        write(f"{d}/f{i}", b"%d\n" % i)
    git = ("git", "-C", where, "-c", "user.name=b", "-c", "user.email=b@b",
           "-c", "gc.auto=0")
    call("git", "init", "-q", where)
    call(*git, "add", "-A")
    call(*git, "commit", "-q", "-m", "all")


def make_sources(where, count):
    os.makedirs(where)
    for i in range(count):
        write(f"{where}/f{i}.c", b"#include <stdio.h>\n#include <stdlib.h>\n"
              b"int f%d(int x) { printf(\"%%d\", x); return x + %d; }\n"
              % (i, i))


class Task:
    def __init__(self, name, unit, function, without=(), cold=False):
        self.name, self.unit, self.function = name, unit, function
        self.without, self.cold = without, cold

    def fits(self, kind):
        return kind.name not in self.without

    def run(self, context, mount, rnd):
        if self.cold:
            mount.forget()
        return self.function(context, mount.root, rnd)


def micro(operation, count):
    def function(context, root, rnd):
        env = dict(os.environ, BENCH_FROM=str(rnd * 100))
        out = subprocess.run(
            [context["micro"], operation, root, str(count)], check=True,
            env=env, stdout=subprocess.PIPE)
        return int(out.stdout) / 1000
    return function


def find(_, root, rnd):
    return seconds("find", root, "-xdev", "-printf", "%s\n")


def tar(_, root, rnd):
    return seconds("sh", "-c", 'tar cf - -C "$1" usr/bin usr/lib etc | cat',
                   "sh", root)


def git_status(_, root, rnd):
    git = ("git", "-C", root + "/repo", "-c", "safe.directory=*", "status",
           "--porcelain")
    # The first one writes down the numbers of this mount's inodes.
    if not rnd:
        call(*git)
    return seconds(*git)


def python(_, root, rnd):
    return seconds("chroot", root, "python3", "-B", "-c",
                   "import asyncio, http.client, unittest, json, decimal, "
                   "email.message, sqlite3, xml.dom.minidom")


def untar(context, root, rnd):
    target = f"{root}/new/untar"
    shutil.rmtree(target, ignore_errors=True)
    os.mkdir(target)
    return seconds("tar", "xf", context["archive"], "-C", target)


def compile_all(_, root, rnd):
    return seconds("chroot", root, "sh", "-c",
                   "cd /root/src && for f in *.c; do tcc -c $f || exit 1; "
                   "done; rm *.o")


def dpkg(context, root, rnd):
    target = root + "/new/debs"
    os.makedirs(target, exist_ok=True)
    names = []
    for path in context["debs"]:
        shutil.copy(path, target)
        names.append("/new/debs/" + os.path.basename(path))
    took = seconds("chroot", root, "dpkg", "-i", "--force-all", *names)
    packages = [os.path.basename(n).split("_")[0] for n in names]
    call("chroot", root, "dpkg", "-P", "--force-all", *packages)
    return took


def break_1m(_, root, rnd):
    start = time.monotonic()
    for i in range(5):
        with open(f"{root}/break1m/f{rnd * 5 + i}", "r+b") as f:
            f.write(b"x")
    return (time.monotonic() - start) / 5 * 1000


def break_huge(_, root, rnd):
    start = time.monotonic()
    with open(f"{root}/huge/f{rnd * 2}", "r+b") as f:
        f.write(b"x")
    return (time.monotonic() - start) * 1000


def chmod_huge(_, root, rnd):
    start = time.monotonic()
    os.chmod(f"{root}/huge/f{rnd * 2 + 1}", 0o600)
    return (time.monotonic() - start) * 1000


def chown(_, root, rnd):
    return seconds("chown", "-R", f"{1000 + rnd}:{1000 + rnd}", root + "/usr",
                   root + "/etc")


TASKS = [
    Task("stat", "us", micro("stat", 20000)),
    Task("stat, no such name", "us", micro("stat-absent", 20000)),
    Task("open+close", "us", micro("open", 5000)),
    Task("open+read 4 KiB+close", "us", micro("read4k", 5000)),
    Task("sequential read, 4 KiB", "us", micro("seqread", 2)),
    Task("sequential read cold, 4 KiB", "us", micro("seqread", 1), cold=True),
    Task("random read 4 KiB", "us", micro("randread", 50000)),
    Task("random read 4 KiB, cold", "us", micro("randread", 5000), cold=True),
    Task("mmap, touch a page", "us", micro("mmap", 4)),
    Task("exec of a dynamic program", "us", micro("exec", 200)),
    Task("readdir, a name", "us", micro("readdir", 50)),
    Task("create+close", "us", micro("create", 500)),
    Task("write 4 KiB", "us", micro("write4k", 5000)),
    Task("sequential write, 4 KiB", "us", micro("seqwrite", 1)),
    Task("unlink", "us", micro("unlink", 500)),
    Task("break of 4 KiB", "us", micro("break4k", 100), NO_COW),
    Task("break of 1 MiB", "ms", break_1m, NO_COW),
    Task("break of a huge file", "ms", break_huge, NO_COW),
    Task("chmod of a huge file", "ms", chmod_huge, NO_COW),
    Task("find", "s", find),
    Task("find, cold", "s", find, cold=True),
    Task("tar of usr and etc", "s", tar),
    Task("tar, cold", "s", tar, cold=True),
    Task("git status", "s", git_status, NO_COW),
    Task("python3, imports", "s", python),
    Task("untar", "s", untar),
    Task("dpkg -i", "s", dpkg, NO_COW),
    Task("compile of 300 files", "s", compile_all, NO_COW),
    # The last: it breaks what the others read.
    Task("chown -R of usr and etc", "s", chown,
         NO_COW + ("unionfs-fuse",)),  # which fails in it
]
