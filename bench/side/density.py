# SPDX-License-Identifier: Apache-2.0
"""Starting containers, and the memory of many that run at once."""

import os
import subprocess
import time

from side.kinds import Mount, pids_of

PROGRAM = ("import asyncio, http.client, unittest, json, decimal, sqlite3\n"
           "import sys\nprint('up', flush=True)\nsys.stdin.read()\n")


def meminfo():
    with open("/proc/meminfo", encoding="ascii") as f:
        lines = dict(line.split(":") for line in f)
    return {key: int(lines[key].split()[0])
            for key in ("MemAvailable", "Cached", "Slab")}


def settle():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
        f.write("3")
    time.sleep(0.5)


def pss(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f
                             if line.startswith("Pss:"))
        except OSError:
            pass
    return total


def memory(kind, lower, where, count):
    """KiB that `count` containers take, each with a python of its own from the
    template: what became unavailable, the page cache, kernel slab, daemons."""
    settle()
    before = meminfo()
    mounts, programs = [], []
    try:
        for i in range(count):
            m = Mount(kind, lower, os.path.join(where, f"many{i}"))
            mounts.append(m)
            programs.append(subprocess.Popen(
                ["chroot", m.root, "python3", "-B", "-c", PROGRAM],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            programs[-1].stdout.readline()
        after = meminfo()
        daemons = pss(pid for m in mounts for pid in pids_of(m.root))
    finally:
        for p in programs:
            p.stdin.close()
            p.wait()
            p.stdout.close()
        for m in mounts:
            m.end()
    return {"unavailable": before["MemAvailable"] - after["MemAvailable"],
            "cache": after["Cached"] - before["Cached"],
            "slab": after["Slab"] - before["Slab"],
            "daemons": daemons}


def start_one(kind, lower, where):
    m = Mount(kind, lower, where)
    subprocess.run(["chroot", m.root, "/bin/sh", "-c", ":"], check=True)
    m.end()


def starts(kind, lower, where, count):
    """Seconds for `count` containers one after another: mount, run, unmount."""
    start = time.monotonic()
    for i in range(count):
        start_one(kind, lower, os.path.join(where, f"start{i}"))
    return time.monotonic() - start


def starts_at_once(kind, lower, where, count):
    start = time.monotonic()
    pids = []
    for i in range(count):
        pid = os.fork()
        if not pid:
            code = 1
            try:
                start_one(kind, lower, os.path.join(where, f"once{i}"))
                code = 0
            finally:
                os._exit(code)
        pids.append(pid)
    bad = [pid for pid in pids if os.waitpid(pid, 0)[1]]
    if bad:
        raise RuntimeError(f"{len(bad)} of {count} did not start")
    return time.monotonic() - start
