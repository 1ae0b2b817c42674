"""Writes apps/trainer/fixtures/annotations: two small volumes, and the sha256 that numpy gives boxes of them.

    python -m venv /tmp/oracle-venv && /tmp/oracle-venv/bin/pip install numpy
    /tmp/oracle-venv/bin/python tools/oracles/annotation_digest.py

The lines between the marks are what docs/how-to/run-a-nightly.md tells people to run; a test compares them.
Made with numpy 2.4.
"""

import hashlib
import json
import os
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "apps/trainer/fixtures/annotations"
BOXES = {"0:5,0:6,0:7": np.s_[0:5, 0:6, 0:7], "1:4,2:3,3:7": np.s_[1:4, 2:3, 3:7]}

OUT.mkdir(parents=True, exist_ok=True)
os.chdir(OUT)
values = (np.arange(5 * 6 * 7, dtype=np.int64) * 37 + 11) % 251
np.save("raw.npy", values.reshape(5, 6, 7).astype(np.uint8))
np.save("labels.npy", (values * 17_000_003).reshape(5, 6, 7).astype(np.uint32))

digests = {}
for name, box in BOXES.items():
    # the documented lines
    raw, labels = np.load("raw.npy"), np.load("labels.npy")
    voxels = raw[box].tobytes() + labels[box].astype("<u8").tobytes()
    sha256 = hashlib.sha256(voxels).hexdigest()
    # end of the documented lines
    digests[name] = sha256
(OUT / "digests.json").write_text(json.dumps(digests, indent=2) + "\n")
