# SPDX-License-Identifier: Apache-2.0
#
# What python3 does inside a container's root: root_topics.bash feeds this to
# `python3 - programs` and `python3 - local`.

import ctypes
import errno
import fcntl
import mmap
import multiprocessing
import os
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile


def check(condition, what):
    if not condition:
        sys.exit("FAIL: inside: " + what)


# A database with its shared memory, its locks and its syncs.
def database(directory):
    path = os.path.join(directory, "db")
    db = sqlite3.connect(path, isolation_level=None)
    check(db.execute("pragma journal_mode=wal").fetchone()[0] == "wal",
          "sqlite's write-ahead log")
    db.execute("create table t (n integer)")

    def writer(first):
        own = sqlite3.connect(path, timeout=30, isolation_level=None)
        for n in range(first, first + 50):
            own.execute("insert into t values (?)", (n,))
        own.close()

    workers = [multiprocessing.Process(target=writer, args=(i * 50,))
               for i in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
        check(w.exitcode == 0, "a writer of the database failed")
    check(db.execute("select count(*), sum(n) from t").fetchone() ==
          (200, sum(range(200))), "rows of the database")
    check(db.execute("pragma integrity_check").fetchone()[0] == "ok",
          "the database's integrity")
    db.close()


# An archive of a part of the template, unpacked and compared.
def archive(directory):
    source = "/usr/lib/python3.11/email"
    path = os.path.join(directory, "a.tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        tar.add(source, arcname="email")
    with tarfile.open(path) as tar:
        tar.extractall(directory)
    subprocess.run(["diff", "-r", source, os.path.join(directory, "email")],
                   check=True)
    shutil.rmtree(os.path.join(directory, "email"))


def shared_memory(directory):
    path = os.path.join(directory, "map")
    with open(path, "w+b") as f:
        f.truncate(4096)
        with mmap.mmap(f.fileno(), 4096) as m:
            pid = os.fork()
            if pid == 0:
                m[0:5] = b"child"
                os._exit(0)
            os.waitpid(pid, 0)
            check(m[0:5] == b"child", "what a child maps")
            m.flush()
        f.seek(0)
        check(f.read(5) == b"child", "read after the map")


def programs():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        database(directory)
        archive(directory)
        shared_memory(directory)


# A stream and datagrams through names in the root.
def sockets(directory):
    path = os.path.join(directory, "stream")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    check(os.stat(path).st_mode & 0o170000 == 0o140000, "a socket's type")
    server.listen()
    pid = os.fork()
    if pid == 0:
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        client.sendall(b"ping")
        os._exit(0 if client.recv(4) == b"pong" else 1)
    peer, _ = server.accept()
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    check(struct.unpack("3i", credentials)[0] == pid, "the peer's pid")
    check(peer.recv(4) == b"ping", "what the client says")
    peer.sendall(b"pong")
    check(os.waitpid(pid, 0)[1] == 0, "the client")

    try:
        socket.socket(socket.AF_UNIX).bind(path)
        check(False, "a second bind to one name")
    except OSError as e:
        check(e.errno == errno.EADDRINUSE, "a second bind: " + str(e))
    moved = path + ".moved"
    os.rename(path, moved)
    socket.socket(socket.AF_UNIX).connect(moved)
    server.close()
    try:
        socket.socket(socket.AF_UNIX).connect(moved)
        check(False, "a connect without a server")
    except OSError as e:
        check(e.errno == errno.ECONNREFUSED, "nobody listens: " + str(e))
    os.unlink(moved)

    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagrams.bind(path)
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    other.bind(path + ".other")
    other.sendto(b"hi", path)
    check(datagrams.recvfrom(10) == (b"hi", path + ".other"), "a datagram")


def expect_locked(path, lock):
    with open(path, "r+b") as f:
        try:
            lock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            return 0 if e.errno in (errno.EAGAIN, errno.EACCES) else 1
    return 1


def in_child(function, *args):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = function(*args)
        finally:
            os._exit(status)
    return pid


# Of both kinds, on a new file and on one of the template that the lock itself
# does not break.
def locks(directory):
    new = os.path.join(directory, "lock")
    open(new, "w").close()
    for path in new, "/etc/profile", "/usr/bin/env":
        for lock in fcntl.flock, fcntl.lockf:
            with open(path, "r+b") as f:
                lock(f, fcntl.LOCK_EX)
                pid = in_child(expect_locked, path, lock)
                check(os.waitpid(pid, 0)[1] == 0, "lock of " + path)
                pid = in_child(wait_for_lock, path, lock)
                lock(f, fcntl.LOCK_UN)
                check(os.waitpid(pid, 0)[1] == 0, "lock handed on, " + path)
    with open("/etc/debian_version", "rb") as f:
        fcntl.flock(f, fcntl.LOCK_SH)
        pid = in_child(share_lock, f.name)
        check(os.waitpid(pid, 0)[1] == 0, "a shared lock")


def wait_for_lock(path, lock):
    with open(path, "r+b") as f:
        lock(f, fcntl.LOCK_EX)
    return 0


def share_lock(path):
    with open(path, "rb") as f:
        fcntl.flock(f, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return 0


IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE = 0x2, 0x4, 0x8
IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE = 0x40, 0x80, 0x100, 0x200


class Notices:
    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self):
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK)
        check(self.fd >= 0, "inotify_init1")

    def watch(self, path, mask):
        wd = self.libc.inotify_add_watch(self.fd, path.encode(), mask)
        check(wd >= 0, "inotify_add_watch of " + path)

    # The set of (mask, name) so far: the kernel queues them before the call
    # that they are about returns.
    def read(self):
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return set()
        seen = set()
        while data:
            _, mask, _, length = struct.unpack("iIII", data[:16])
            name = data[16:16 + length].rstrip(b"\0").decode()
            seen.add((mask & 0xfff, name))
            data = data[16 + length:]
        return seen

    def expect(self, wanted, what):
        seen = self.read()
        check(wanted <= seen, "inotify, %s: wanted %s, got %s" %
              (what, sorted(wanted), sorted(seen)))


def other_process(script):
    subprocess.run(["sh", "-euc", script], check=True)


def notices(directory):
    n = Notices()
    n.watch(directory, 0xfff)
    os.chdir(directory)
    other_process("echo x >new")
    n.expect({(IN_CREATE, "new"), (IN_MODIFY, "new"),
              (IN_CLOSE_WRITE, "new")}, "a new file")
    other_process("chmod 600 new; mv new old")
    n.expect({(IN_ATTRIB, "new"), (IN_MOVED_FROM, "new"),
              (IN_MOVED_TO, "old")}, "chmod and rename")
    other_process("rm old; mkdir sub")
    n.expect({(IN_DELETE, "old"), (IN_CREATE, "sub")}, "unlink and mkdir")

    # Files of the template: in a directory that is watched, and by itself.
    n = Notices()
    n.watch("/etc", IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE)
    n.watch("/etc/issue", IN_MODIFY)
    other_process("echo x >>/etc/issue; chmod 600 /etc/issue.net")
    n.expect({(IN_MODIFY, "issue"), (IN_CLOSE_WRITE, "issue"),
              (IN_MODIFY, ""), (IN_ATTRIB, "issue.net")},
             "a template's file")
    other_process("echo y >>/etc/issue; rm /etc/issue.net")
    n.expect({(IN_MODIFY, "issue"), (IN_MODIFY, ""),
              (IN_DELETE, "issue.net")}, "the file that was broken")
    check(open("/etc/issue").read().endswith("x\ny\n"), "what was written")


def local():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        sockets(directory)
        locks(directory)
        notices(directory)
        os.chdir("/")


{"programs": programs, "local": local}[sys.argv[1]]()
