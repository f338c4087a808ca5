# SPDX-License-Identifier: Apache-2.0
"""The file systems that are compared: how each shows a tree with a private
area of its own.

A kind has mount(lower, dir) -> Mount; Mount.root is where to work,
Mount.forget() makes the kernel drop what it knows of that mount, and
Mount.end() takes it away and waits for its daemon."""

import os
import shutil
import subprocess
import time

URING = "/sys/module/fuse/parameters/enable_uring"


def run(*args, **options):
    subprocess.run(args, check=True, **options)


def pids_of(mark):
    """Processes with BENCH_MOUNT=mark in their environment."""
    want = b"BENCH_MOUNT=" + mark.encode()
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                if want in f.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def gone(pid):
    """Ended; that somebody is yet to ask for its status does not matter."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return True


class Mount:
    def __init__(self, kind, lower, where):
        self.root = os.path.join(where, "root")
        self.private = os.path.join(where, "private")
        self.work = os.path.join(where, "work")
        for path in (self.root, self.private, self.work):
            os.makedirs(path)
        self.where = where
        self.kind = kind
        env = dict(os.environ, BENCH_MOUNT=self.root)
        kind.start(self, lower, env)
        self.daemons = pids_of(self.root)

    def forget(self):
        # Of a bind mount it would be the whole file system.
        if self.kind.forgets:
            subprocess.run(["mount", "-i", "-o", "remount,rw", self.root],
                           stderr=subprocess.DEVNULL, check=False)

    def end(self):
        run("umount", self.root)
        for pid in self.daemons:
            for _ in range(3000):
                if gone(pid):
                    break
                time.sleep(0.002)
        shutil.rmtree(self.where)


class Kind:
    forgets = True

    def __init__(self, name):
        self.name = name

    def available(self):
        return True


class Native(Kind):
    """A copy of the tree: what the file system below can do."""
    forgets = False

    def start(self, m, lower, env):
        run("cp", "-a", "--reflink=auto", lower + "/.", m.private)
        run("mount", "--bind", m.private, m.root)


class Overlayfs(Kind):
    def available(self):
        with open("/proc/filesystems", encoding="ascii") as f:
            return "overlay" in f.read()

    def start(self, m, lower, env):
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={lower},upperdir={m.private},workdir={m.work},"
            "metacopy=on,redirect_dir=on", m.root)


class Program(Kind):
    """A FUSE program with overlayfs's options."""

    def __init__(self, name, program, options=""):
        super().__init__(name)
        self.program, self.options = program, options

    def available(self):
        return shutil.which(self.program) is not None

    def start(self, m, lower, env):
        run(self.program, "-o",
            f"lowerdir={lower},upperdir={m.private},workdir={m.work}"
            + self.options, m.root, env=env)


class Unionfs(Program):
    def start(self, m, lower, env):
        run(self.program, "-o", "cow,allow_other,use_ino,suid,dev",
            f"{m.private}=RW:{lower}=RO", m.root, env=env)


class Mergerfs(Program):
    """Copies nothing up: only what it can do is measured on it."""

    def start(self, m, lower, env):
        run(self.program, "-o",
            "allow_other,use_ino,category.create=ff,cache.files=auto-full",
            f"{m.private}=RW:{lower}=NC", m.root, env=env)


class Stencilfs(Program):
    """On a template and with a container, as operators use it."""

    def __init__(self, name, build, options):
        super().__init__(name, os.path.join(build, "stencilfs"), options)
        self.build = build
        self.store = None
        self.count = 0

    def tool(self, name):
        return [os.path.join(self.build, name), "--store=" + self.store, "-q"]

    def start(self, m, lower, env):
        # One store for all mounts of the tree, as it would be.
        self.store = os.path.join(os.path.dirname(lower), "store")
        if not os.path.isdir(os.path.join(self.store, "templates", "t")):
            run(*self.tool("mkstencil"), "build", "t", lower,
                stdout=subprocess.DEVNULL)
        self.count += 1
        name = f"{self.name.replace(' ', '').replace(',', '-')}-{self.count}"
        run(self.program, "-o",
            f"store={self.store},container={name},template=t" + self.options,
            m.root, env=env)


def all_kinds(build):
    """By name; those first that others are compared with."""
    kinds = [
        Native("native"),
        Overlayfs("overlayfs"),
        Program("fuse-overlayfs", "fuse-overlayfs"),
        Unionfs("unionfs-fuse", "unionfs"),
        Mergerfs("mergerfs", "mergerfs"),
        Stencilfs("stencilfs classic", build,
                  ",transport=classic,passthrough=off"),
        Stencilfs("stencilfs classic pass", build,
                  ",transport=classic,passthrough=auto"),
    ]
    if os.path.exists(URING):
        kinds += [
            Stencilfs("stencilfs uring", build,
                      ",transport=uring,passthrough=off"),
            Stencilfs("stencilfs uring pass", build,
                      ",transport=uring,passthrough=auto"),
        ]
    return [k for k in kinds if k.available()]
