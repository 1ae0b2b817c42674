"""Checks that zarr-python and numpy read what libs/em-io writes. Run by hand after changing a writer:

    node libs/em-io/bin/write-for-read-back.ts /tmp/read-back      writes volumes with libs/em-io
    /tmp/oracle-venv/bin/python tools/oracles/em-io_read_back.py /tmp/read-back

Last run with zarr 3.1.6 and numpy 2.4: all identical, voxel sizes and axis names included.
"""

import pathlib
import sys

import numpy as np
import zarr

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import importlib

fixtures = importlib.import_module("em-io_fixtures")

root = pathlib.Path(sys.argv[1])
paths = sorted(path for path in root.iterdir() if path.suffix in (".zarr", ".npy"))
assert len(paths) >= 40, f"only {len(paths)} volumes in {root}"
for path in paths:
    dtype, channels, *_ = path.stem.split("-")
    shape = ((3,) if channels == "channels" else ()) + (5, 6, 7)
    expected = fixtures.pattern(shape, dtype)
    if path.suffix == ".npy":
        array = np.load(path)
    else:
        array = zarr.open_array(str(path), mode="r")
        assert array.metadata.dimension_names == (("c",) if channels == "channels" else ()) + ("z", "y", "x"), path
        assert array.attrs["resolution"] == [40, 4.5, 4.5] and array.attrs["offset"] == [400, 0, 9], path
        assert array.fill_value == 0, path
        array = array[...]
    assert array.dtype == expected.dtype and array.shape == expected.shape, (path, array.dtype, array.shape)
    assert np.array_equal(array, expected), path
print(len(paths), "volumes identical")
