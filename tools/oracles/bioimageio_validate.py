"""Asks the reference implementation of BioImage.IO what it thinks of our model packages. Run by hand after changing what a
package says of itself:

    python -m venv /tmp/oracle-venv
    /tmp/oracle-venv/bin/pip install bioimageio.core==0.11.0 bioimageio.spec==0.5.12.0 "pydantic<2.13" onnxruntime==1.32.0 pyyaml
    node libs/model/bin/export-for-oracles.ts /tmp/exported
    /tmp/oracle-venv/bin/python tools/oracles/bioimageio_validate.py /tmp/exported

It writes libs/model/src/package/fixtures/bioimageio.json: for models/default and for every package of /tmp/exported whether the
reference validator passes it, its own dynamic test included (preprocess, run, compare with the test output, at batch 1
and 2); and for every variant of fixtures/bioimageio-variants.json, applied to models/default, whether its rules refuse it.
A test holds our rules to the second list, and says when the first is out of date.

(pydantic 2.13 and later: bioimageio.spec 0.5.12 fails inside its own serialiser.)
"""

import copy
import hashlib
import json
import logging
import os
import pathlib
import shutil
import sys
import tempfile

os.environ.setdefault("BIOIMAGEIO_CACHE_PATH", tempfile.mkdtemp())
import bioimageio.core
import bioimageio.spec
import onnxruntime
import yaml
from loguru import logger

logger.remove()
logging.disable(logging.CRITICAL)

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFAULT = ROOT / "models/default"
FIXTURES = ROOT / "libs/model/src/package/fixtures"


def checked(directory, name):
    summary = bioimageio.core.test_description(directory / "rdf.yaml", weight_format="onnx")
    steps = [{"step": d.name, "status": d.status, **errors(d)} for d in summary.details]
    steps = [s for s in steps if s["status"] != "skipped" and "conda" not in s["step"]]
    print(name, summary.status)
    text = (directory / "rdf.yaml").read_text()
    files = yaml.safe_load(text)["config"]["tokenunify"]["files"]
    # the last bits of an output depend on the processor, and nothing of what is checked here does
    described = hashlib.sha256(text.replace(files["test-output.npy"], "").encode()).hexdigest()
    return {"package": name, "status": summary.status, "rdf without test output": described, "steps": steps}


def errors(detail):
    return {"errors": [f"{'.'.join(map(str, e.loc))}: {e.msg}" for e in detail.errors]} if detail.errors else {}


def changed(rdf, variant):
    rdf = copy.deepcopy(rdf)
    *parents, last = variant["path"]
    at = rdf
    for key in parents:
        at = at[key]
    if "repeat" in variant:
        at[last] = "a" * variant["repeat"]
    elif "value" in variant:
        at[last] = variant["value"]
    else:
        del at[last]
    return rdf


def judged(variant, rdf, directory):
    (directory / "rdf.yaml").write_text(yaml.safe_dump(changed(rdf, variant), sort_keys=False))
    try:
        summary = bioimageio.spec.load_description(directory / "rdf.yaml", format_version="discover").validation_summary
        said = [f"{'.'.join(map(str, e.loc))}: {e.msg}" for d in summary.details for e in d.errors]
        refused = summary.status == "failed"
    except Exception as error:  # of some fields its report on the error fails too
        said, refused = [str(error).splitlines()[0]], True
    said = [line.replace(f"{directory}/", "") for line in said]  # a temporary one, another each time
    print(" refused" if refused else " taken  ", variant["what"], "|", said[0][:150] if said else "")
    return {"what": variant["what"], "refused": refused, **({"because": said[0][:300]} if said else {})}


packages = [checked(DEFAULT, "models/default")]
for rdf in sorted(pathlib.Path(sys.argv[1]).glob("packages/*/rdf.yaml")):
    packages.append(checked(rdf.parent, rdf.parent.name))

variants = json.loads((FIXTURES / "bioimageio-variants.json").read_text())
rdf = yaml.safe_load((DEFAULT / "rdf.yaml").read_text())
rdf["timestamp"] = rdf["timestamp"].isoformat() if hasattr(rdf["timestamp"], "isoformat") else rdf["timestamp"]
with tempfile.TemporaryDirectory() as temporary:
    directory = pathlib.Path(temporary) / "package"
    shutil.copytree(DEFAULT, directory)
    judgements = [judged(variant, rdf, directory) for variant in variants]

result = {
    "made by": "tools/oracles/bioimageio_validate.py",
    "versions": {
        "bioimageio.core": bioimageio.core.__version__,
        "bioimageio.spec": bioimageio.spec.__version__,
        "onnxruntime": onnxruntime.__version__,
    },
    "packages": packages,
    "variants": judgements,
}
(FIXTURES / "bioimageio.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
assert all(package["status"] == "passed" for package in packages), "a package of ours is refused"
