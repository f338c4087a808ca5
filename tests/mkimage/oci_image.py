# SPDX-License-Identifier: Apache-2.0
"""Writes OCI image layouts, right and wrong ones, for the tests of mkstencil.

    l = Layout("img")
    m = l.image([tar([("file", "etc/a", "text")])], pack="gzip")
    l.index([ref(m, "one")])

Descriptors are dicts, so a test changes what it wants to be wrong.
"""
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
TYPES = {
    "oci": {
        "index": OCI + "index.v1+json",
        "manifest": OCI + "manifest.v1+json",
        "config": OCI + "config.v1+json",
        "plain": OCI + "layer.v1.tar",
        "gzip": OCI + "layer.v1.tar+gzip",
        "zstd": OCI + "layer.v1.tar+zstd",
    },
    "docker": {
        "index": DOCKER + "distribution.manifest.list.v2+json",
        "manifest": DOCKER + "distribution.manifest.v2+json",
        "config": DOCKER + "container.image.v1+json",
        "plain": DOCKER + "image.rootfs.diff.tar",
        "gzip": DOCKER + "image.rootfs.diff.tar.gzip",
        "zstd": DOCKER + "image.rootfs.diff.tar.zstd",
    },
}
TAR_TYPES = {
    "file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "sym": tarfile.SYMTYPE,
    "hard": tarfile.LNKTYPE, "chr": tarfile.CHRTYPE, "fifo": tarfile.FIFOTYPE,
}


def tar(members, pax=None):
    """A tar archive of (kind, name[, target or content]), or of one line each:
    "kind name [target or content]"."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for m in members:
            kind, name, *rest = m.split() if isinstance(m, str) else m
            info = tarfile.TarInfo(name)
            info.type = TAR_TYPES[kind]
            info.mode = 0o755 if kind == "dir" else 0o644
            info.pax_headers = (pax or {}).get(name, {})
            data = b""
            if kind in ("sym", "hard"):
                info.linkname = rest[0]
            elif kind == "file":
                data = (rest[0] if rest else "").encode()
                info.size = len(data)
            elif kind == "chr":
                info.devmajor, info.devminor = 1, 3
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def pack_bytes(data, how):
    if how == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if how in ("zstd", "xz", "bzip2"):
        return subprocess.run([how, "-c", "-q"], input=data, check=True,
                              capture_output=True).stdout
    return data


def digest(data, algorithm="sha256"):
    return algorithm + ":" + hashlib.new(algorithm, data).hexdigest()


def ref(descriptor, name):
    return dict(descriptor,
                annotations={"org.opencontainers.image.ref.name": name})


def platform(descriptor, text):
    os_name, arch, *variant = text.split("/")
    p = {"os": os_name, "architecture": arch}
    if variant:
        p["variant"] = variant[0]
    return dict(descriptor, platform=p)


class Layout:
    def __init__(self, path, kind="oci", algorithm="sha256"):
        self.path, self.types = path, TYPES[kind]
        self.algorithm = algorithm
        os.makedirs(os.path.join(path, "blobs", algorithm), exist_ok=True)
        self.write("oci-layout", {"imageLayoutVersion": "1.0.0"})

    def write(self, name, value):
        with open(os.path.join(self.path, name), "w") as f:
            json.dump(value, f)

    def blob_path(self, d):
        return os.path.join(self.path, "blobs", *d["digest"].split(":"))

    def blob(self, data, media):
        """Adds a blob: its descriptor."""
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        d = {"mediaType": self.types.get(media, media),
             "digest": digest(data, self.algorithm), "size": len(data)}
        with open(self.blob_path(d), "wb") as f:
            f.write(data)
        return d

    def config(self, tars, on="linux/amd64", process=None):
        os_name, arch, *variant = on.split("/")
        c = {"os": os_name, "architecture": arch,
             "rootfs": {"type": "layers",
                        "diff_ids": [digest(t) for t in tars]}}
        if variant:
            c["variant"] = variant[0]
        if process is not None:
            c["config"] = process
        return c

    def layer(self, data, pack="plain", media=None):
        return self.blob(pack_bytes(data, pack), media or pack)

    def manifest(self, config, layers):
        if "digest" not in config:
            config = self.blob(config, "config")
        return self.blob({"schemaVersion": 2,
                          "mediaType": self.types["manifest"],
                          "config": config, "layers": layers}, "manifest")

    def image(self, tars, pack="plain", **config):
        return self.manifest(self.config(tars, **config),
                             [self.layer(t, pack) for t in tars])

    def list(self, descriptors):
        return self.blob({"schemaVersion": 2,
                          "mediaType": self.types["index"],
                          "manifests": descriptors}, "index")

    def index(self, descriptors):
        self.write("index.json", {"schemaVersion": 2,
                                  "manifests": descriptors})
