"""Writes libs/em-io/fixtures: small volumes made by the original implementations.

    python -m venv /tmp/oracle-venv && /tmp/oracle-venv/bin/pip install h5py zarr numpy
    /tmp/oracle-venv/bin/python tools/oracles/em-io_fixtures.py

Every array holds `pattern(shape, dtype)`: voxel with raster index i is (37 i + 11) mod 251, as the dtype;
signed types subtract 100, booleans take the lowest bit. The tests compute the same numbers on their own.
Made with h5py 3.16, zarr 3.1.6, numpy 2.4.
"""

import pathlib
import shutil

import h5py
import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

OUT = pathlib.Path(__file__).resolve().parents[2] / "libs/em-io/fixtures"
SHAPE = (4, 5, 6)
CHUNK = (2, 5, 4)
DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


def pattern(shape, dtype):
    values = (np.arange(int(np.prod(shape)), dtype=np.int64) * 37 + 11) % 251
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        values = values & 1
    elif dtype.kind == "i":
        values = values // 2 - 100
    elif dtype.kind == "f":
        values = values / 4 - 20
    return values.reshape(shape).astype(dtype)


def hdf5():
    root = OUT / "hdf5"
    root.mkdir(parents=True)
    with h5py.File(root / "cremi-like.h5", "w", libver="latest") as f:
        raw = f.create_dataset("volumes/raw", data=pattern(SHAPE, "u1"), chunks=CHUNK, compression="gzip", shuffle=True)
        raw.attrs["resolution"] = [40.0, 4.0, 4.0]
        raw.attrs["offset"] = [400.0, 0.0, 8.0]
        raw.attrs["comment"] = "made by h5py"
        labels = f.create_dataset("volumes/labels/neuron_ids", data=pattern(SHAPE, "u8"), chunks=CHUNK, compression="gzip")
        labels.attrs["resolution"] = [40.0, 4.0, 4.0]
    with h5py.File(root / "dtypes.h5", "w", libver="latest") as f:
        for name in DTYPES + ["float16"]:
            f[f"little/{name}"] = pattern(SHAPE, name)
        for name in ["int16", "uint32", "uint64", "float32", "float64"]:
            f[f"big/{name}"] = pattern(SHAPE, np.dtype(name).newbyteorder(">"))
    with h5py.File(root / "layouts.h5", "w", libver="latest") as f:
        data = pattern(SHAPE, "u2")
        f.create_dataset("contiguous", data=data)
        f.create_dataset("chunked", data=data, chunks=CHUNK)
        f.create_dataset("gzip", data=data, chunks=CHUNK, compression=9)
        f.create_dataset("shuffle-gzip", data=data, chunks=CHUNK, compression="gzip", shuffle=True)
        f.create_dataset("fletcher32", data=data, chunks=CHUNK, fletcher32=True)
        f.create_dataset("scaleoffset", data=data, chunks=CHUNK, scaleoffset=0)
        f.create_dataset("lzf", data=data, chunks=CHUNK, compression="lzf")
        f.create_dataset("growing", data=data, chunks=CHUNK, maxshape=(None, 5, 6))
        f.create_dataset("affinities", data=pattern((3, *SHAPE), "f4"), chunks=(1, *CHUNK), compression="gzip")
        f.create_dataset("section", data=data[0])
        f.create_dataset("movie", data=pattern((1, 1, *SHAPE), "u1"))
        f.create_dataset("empty", shape=(0, 5, 6), dtype="u1")
        f.create_dataset("text", data=np.array([[["a"]]], dtype="S1"))
        f["linked"] = h5py.SoftLink("/contiguous")
        f["broken"] = h5py.SoftLink("/nowhere")
        f["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
    # A virtual dataset whose source is absent: HDF5 itself returns the fill value without a word.
    with h5py.File(root / "virtual.h5", "w", libver="latest") as f:
        for name, source in [("missing", "nowhere.h5"), ("present", "only-one.h5")]:
            layout = h5py.VirtualLayout(SHAPE, "u1")
            layout[...] = h5py.VirtualSource(source, "some/where", SHAPE)
            f.create_virtual_dataset(name, layout, fillvalue=0)
    with h5py.File(root / "only-one.h5", "w") as f:
        f["some/where"] = pattern(SHAPE, "u1")
        f["table"] = np.zeros((2, 3))
    with h5py.File(root / "no-volume.h5", "w") as f:
        f["table"] = np.zeros((2, 3))
    with h5py.File(root / "lzf.h5", "w") as f:
        f.create_dataset("main", data=pattern(SHAPE, "u1"), chunks=CHUNK, compression="lzf")
    whole = (root / "only-one.h5").read_bytes()  # the oldest file version; v110.h5 below has a newer superblock
    (root / "truncated.h5").write_bytes(whole[: len(whole) // 2])
    with h5py.File(root / "v110.h5", "w", libver=("v110", "v110")) as f:
        f.create_dataset("main", data=pattern(SHAPE, "u1"), chunks=CHUNK, compression="gzip")
    whole = (root / "v110.h5").read_bytes()
    (root / "v110-truncated.h5").write_bytes(whole[:-100])
    # One chunk's bytes are overwritten: the file opens, the read must fail rather than return numbers.
    with h5py.File(root / "damaged-chunk.h5", "w") as f:
        f.create_dataset("main", data=pattern(SHAPE, "u1"), chunks=CHUNK, compression="gzip")
        where = f["main"].id.get_chunk_info(0)
    damaged = bytearray((root / "damaged-chunk.h5").read_bytes())
    damaged[where.byte_offset : where.byte_offset + where.size] = b"\xff" * where.size
    (root / "damaged-chunk.h5").write_bytes(damaged)


def zarr_array(path, dtype="uint8", shape=SHAPE, chunks=CHUNK, **options):
    array = zarr.create_array(store=str(OUT / "zarr" / path), shape=shape, chunks=chunks, dtype=dtype, **options)
    array[...] = pattern(shape, dtype)
    return array


def zarr_fixtures():
    zarr_array("zstd.zarr", attributes={"resolution": [40, 4, 4], "offset": [400, 0, 8]}, dimension_names=["z", "y", "x"])
    zarr_array("raw.zarr", dtype="uint16", compressors=None)
    zarr_array("gzip.zarr", dtype="int32", compressors=GzipCodec(level=5))
    zarr_array("blosc.zarr", dtype="float32", compressors=BloscCodec(cname="lz4", shuffle="shuffle"))
    zarr_array("crc32c.zarr", dtype="uint8", compressors=[ZstdCodec(), Crc32cCodec()])
    zarr_array("big-endian.zarr", dtype="uint32", serializer=BytesCodec(endian="big"))
    zarr_array("transposed.zarr", dtype="int16", filters=[TransposeCodec(order=(2, 1, 0))])
    zarr_array("sharded.zarr", dtype="uint64", chunks=(2, 5, 2), shards=(4, 5, 4))
    zarr_array("bool.zarr", dtype="bool")
    zarr_array("channels.zarr", dtype="float64", shape=(3, *SHAPE), chunks=(1, *CHUNK), dimension_names=["c", "z", "y", "x"])
    zarr_array("xyz.zarr", dimension_names=["x", "y", "z"])
    zarr_array("v2.zarr", dtype="uint16", zarr_format=2)
    zarr_array("v2-fortran.zarr", dtype="int16", zarr_format=2, order="F")
    sparse = zarr.create_array(store=str(OUT / "zarr/sparse.zarr"), shape=SHAPE, chunks=CHUNK, dtype="uint8", fill_value=7)
    sparse[:2, :, :4] = pattern(SHAPE, "u1")[:2, :, :4]
    sparse = zarr.create_array(store=str(OUT / "zarr/v2-no-fill.zarr"), shape=SHAPE, chunks=CHUNK, dtype="uint64", zarr_format=2, fill_value=None)
    sparse[:2, :, :4] = pattern(SHAPE, "u8")[:2, :, :4]
    damaged = OUT / "zarr/damaged.zarr"
    zarr_array("damaged.zarr")
    (damaged / "c/0/0/0").write_bytes(b"not zstd at all")
    short = OUT / "zarr/short.zarr"
    zarr_array("short.zarr", compressors=None)
    (short / "c/0/0/0").write_bytes(b"\x01" * 7)
    damaged = OUT / "zarr/crc32c-damaged.zarr"
    zarr_array("crc32c-damaged.zarr", compressors=[Crc32cCodec()])
    chunk = bytearray((damaged / "c/0/0/0").read_bytes())
    chunk[3] ^= 1
    (damaged / "c/0/0/0").write_bytes(chunk)
    # A multiscale group as OME-Zarr 0.5 writes it: level 0 at 10 nm, level 1 at 20 nm.
    group = zarr.create_group(store=str(OUT / "zarr/ome.zarr"), attributes={"ome": {"version": "0.5", "multiscales": [{
        "axes": [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"],
        "datasets": [
            {"path": f"s{level}", "coordinateTransformations": [{"type": "scale", "scale": [0.01 * 2**level] * 3}]}
            for level in range(2)
        ]}]}})
    group.create_array("s0", data=pattern(SHAPE, "u1"), chunks=SHAPE)
    group.create_array("s1", data=pattern((2, 3, 3), "u1"), chunks=(2, 3, 3))
    group = zarr.create_group(store=str(OUT / "zarr/two-arrays.zarr"))
    group.create_array("here/a", data=pattern(SHAPE, "u1"), chunks=SHAPE)
    group.create_array("here/b", data=pattern(SHAPE, "u1"), chunks=SHAPE)


def npy():
    root = OUT / "npy"
    root.mkdir(parents=True)
    for name in DTYPES:
        np.save(root / f"{name}.npy", pattern(SHAPE, name))
    for name in ["int16", "uint32", "uint64", "float32", "float64"]:
        np.save(root / f"{name}-big.npy", pattern(SHAPE, np.dtype(name).newbyteorder(">")))
    np.save(root / "fortran.npy", np.asfortranarray(pattern(SHAPE, "i4")))
    np.save(root / "channels.npy", pattern((3, *SHAPE), "f4"))
    np.save(root / "section.npy", pattern((5, 6), "u1"))
    np.save(root / "scalar.npy", pattern((), "f8"))
    np.save(root / "float16.npy", pattern(SHAPE, "f2"))
    np.save(root / "complex64.npy", pattern(SHAPE, "f4").astype("c8"))
    np.save(root / "text.npy", np.array(["a", "bc"]))
    np.save(root / "object.npy", np.array([[[{"a": 1}]]], dtype=object))
    np.save(root / "structured.npy", np.zeros((1, 2, 3), dtype=[("a", "u1"), ("b", "f4")]))
    for version in [(2, 0), (3, 0)]:
        with open(root / f"version-{version[0]}.npy", "wb") as f:
            np.lib.format.write_array(f, pattern(SHAPE, "u2"), version=version)
    whole = (root / "uint16.npy").read_bytes()
    (root / "truncated.npy").write_bytes(whole[:-7])
    (root / "trailing.npy").write_bytes(whole + b"\0\0\0")


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    hdf5()
    zarr_fixtures()
    npy()
    files = [path for path in OUT.rglob("*") if path.is_file()]
    print(len(files), "files,", sum(path.stat().st_size for path in files), "bytes")
