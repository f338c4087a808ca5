# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# Every blob of an image is verified: one with other bytes, another size, or
# that is not there, a layer that is not what the configuration says, and
# documents that are not what they should be, give one line, and no template.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need python3 zstd

# make NAME: a layout by the python on stdin, which has `l`, the layout, and
# `layers`, two tars.
make()
{
	rm -rf "${T:?}/$1"
	{
		cat <<-'END'
			import shutil, sys
			from oci_image import *
			l = Layout(sys.argv[1])
			layers = [tar(["file a " + "a" * 5000]),
				  tar(["file b b", "file .wh.a"])]
			blob_of = lambda d: open(l.blob_path(d), "rb").read()
			damage = lambda d, b: open(l.blob_path(d), "wb").write(b)
		END
		cat
	} >"$T/make.py"
	image_py "$T/make.py" "$T/$1"
}

# refused WORDS NAME: the python on stdin makes it.
refused()
{
	make "$2"
	t_refuses "$1" -q build x "oci:$2"
	[ ! -e "$STORE/templates/x" ] || t_fail "a template of $2"
	t_no_remains
}

make good <<'END'
l.index([l.image(layers, "gzip")])
END
mk -q build good oci:good >/dev/null
t_eq b "$(cat "$(root_of good)/b")" "an image"

# Each blob: another byte, cut, longer, gone, a link, a pipe, a directory.
for blob in manifest config layer0 layer1; do
	for how in plain gzip zstd; do
		[[ $how = plain || $blob = layer* ]] || continue
		cat >"$T/image.py" <<-END
			parts = [l.layer(t, "$how") for t in layers]
			config = l.blob(l.config(layers), "config")
			m = l.manifest(config, parts)
			l.index([m])
			d = {"manifest": m, "config": config,
			     "layer0": parts[0], "layer1": parts[1]}["$blob"]
			data = blob_of(d)
			other = bytearray(data)
		END
		refused "sha256:[0-9a-f]*: its digest is sha256:[0-9a-f]* and should be sha256:" \
			flip < <(cat "$T/image.py"; echo 'other[len(data) // 2] ^= 1
damage(d, bytes(other))')
		[ $how = plain ] || continue
		refused "has [0-9]* bytes, not the [0-9]* that it should have" \
			short < <(cat "$T/image.py"; echo 'damage(d, data[:-1])')
		refused "has [0-9]* bytes, not the [0-9]* that it should have" \
			long < <(cat "$T/image.py"; echo 'damage(d, data + b" ")')
		refused "sha256:[0-9a-f]*: No such file" \
			gone < <(cat "$T/image.py"; echo 'os.unlink(l.blob_path(d))')
		refused "sha256:[0-9a-f]*: Too many levels" \
			link < <(cat "$T/image.py"; echo 'shutil.move(l.blob_path(d), "away")
os.symlink(os.path.abspath("away"), l.blob_path(d))')
		refused "not a regular file" \
			fifo < <(cat "$T/image.py"; echo 'os.unlink(l.blob_path(d))
os.mkfifo(l.blob_path(d))')
	done
done
refused "sha256:.*: \(Not a directory\|Too many levels\)" blobs <<'END'
l.index([l.image(layers)])
shutil.move(l.path + "/blobs", "blobs-away")
os.symlink(os.path.abspath("blobs-away"), l.path + "/blobs")
END

# What is unpacked has a digest of its own.
for i in 0 1; do
	refused "layer $i (sha256:[0-9a-f]*): its digest is sha256:[0-9a-f]* and should be sha256:" \
		diffid <<-END
			c = l.config(layers)
			c["rootfs"]["diff_ids"][$i] = digest(b"other")
			l.index([l.manifest(c, [l.layer(t, "gzip") for t in layers])])
		END
done
refused "has 1 diff_ids, and the image 2 layers" fewer <<'END'
l.index([l.manifest(l.config(layers[:1]), [l.layer(t) for t in layers])])
END
refused "has no list 'diff_ids'" none <<'END'
c = l.config(layers)
del c["rootfs"]["diff_ids"]
l.index([l.manifest(c, [l.layer(t) for t in layers])])
END
# A truncated packed layer whose digest is right is damaged all the same.
for how in gzip zstd xz; do
	command -v $how >/dev/null || continue
	refused "layer 0 " cut <<-END
		d = l.blob(pack_bytes(layers[0], "$how")[:-9], "gzip")
		l.index([l.manifest(l.config(layers[:1]), [d])])
	END
done
refused "layer 0 .*\(Unrecognized\|damaged\|digest\)" garbage <<'END'
t = os.urandom(20000)
l.index([l.image([t])])
END

# Documents.
for digest in sha256:../../../../etc/passwd sha256: sha256 "" md5:0123 \
	"sha256:$(printf '%064d' 0)0" "SHA256:$(printf '%064d' 0)" \
	"sha512:$(printf '%064d' 0)" "sha256:$(printf '%063dG' 0)" \
	"/sha256:$(printf '%064d' 0)"; do
	refused "index.json: '.*' in it is not a digest" digest <<-END
		l.index([dict(l.image(layers), digest="$digest")])
	END
	[[ $digest = sha256:..* ]] || continue
	refused "sha256:.*: '.*' in it is not a digest" digest2 <<-END
		d = dict(l.layer(layers[0]), digest="$digest")
		l.index([l.manifest(l.config(layers[:1]), [d])])
	END
	refused "one of its diff_ids is not a digest" digest3 <<-END
		c = l.config(layers[:1])
		c["rootfs"]["diff_ids"] = ["$digest"]
		l.index([l.manifest(c, [l.layer(layers[0])])])
	END
done
for size in -1 1e3 '"12"' None 1.5; do
	refused "lacks mediaType, digest or size" size <<-END
		l.index([dict(l.image(layers), size=$size)])
	END
done
refused "too many" huge <<'END'
l.index([dict(l.image(layers), size=5 << 20)])
END
refused "is not JSON, from line 1" nojson <<'END'
l.index([l.blob(b"{no", "manifest")])
END
refused "index.json: is not JSON" dup <<'END'
l.index([l.image(layers)])
open(l.path + "/index.json", "w").write('{"schemaVersion": 2, "manifests": [], "manifests": []}')
END
refused "index.json: File too large" large <<'END'
open(l.path + "/index.json", "w").write(" " * (5 << 20))
END
refused "index.json: is not JSON" deep <<'END'
open(l.path + "/index.json", "w").write("[" * 100000)
END
refused "is an index and a manifest at once" both <<'END'
m = json.loads(blob_of(l.image(layers)))
m["manifests"] = []
l.index([l.blob(m, "manifest")])
END
refused "its mediaType is not the one that it is referred to by" other <<'END'
m = l.image(layers)
l.index([dict(m, mediaType=l.types["index"])])
END
refused "its schemaVersion is not 2" schema <<'END'
l.index([l.blob({"schemaVersion": 1, "config": {}, "layers": []}, "manifest")])
END
refused "'layers' has 1001 items, and at most 1000" layers <<'END'
d = l.layer(layers[0])
l.index([l.manifest(l.config(layers[:1] * 1001), [d] * 1001)])
END
refused "of version 2.0.0, and 1.0.0 is known" version <<'END'
l.index([l.image(layers)])
l.write("oci-layout", {"imageLayoutVersion": "2.0.0"})
END
refused "has no imageLayoutVersion" version2 <<'END'
l.index([l.image(layers)])
l.write("oci-layout", {})
END
refused "not the image of a file system, its configuration is application/vnd.x" artifact <<'END'
c = l.blob(l.config(layers), "application/vnd.x")
l.index([l.manifest(c, [l.layer(t) for t in layers])])
END
refused "has its content elsewhere" foreign <<'END'
d = l.layer(layers[0], media="application/vnd.oci.image.layer.nondistributable.v1.tar")
l.index([l.manifest(l.config(layers[:1]), [d])])
END
refused "is of a type that is not known: application/vnd.oci.image.layer.v1.tar+encrypted" \
	encrypted <<'END'
d = l.layer(layers[0], media="application/vnd.oci.image.layer.v1.tar+encrypted")
l.index([l.manifest(l.config(layers[:1]), [d])])
END
refused "has no image" unknown <<'END'
l.index([dict(l.image(layers), mediaType="application/x")])
END

# What an image says never reaches the terminal as it is.
make escape <<'END'
l.index([ref(l.image(layers), "\x1b[31m\n")])
END
t_refuses "but: ?\[31m?" -q build x oci:escape:x

# --max-size holds for what is unpacked.
t_refuses "more data than --max-size allows" -q build x oci:good --max-size=4000
mk -q build x oci:good --max-size=6000 >/dev/null
t_no_remains
