"""Asks the reference implementation of ONNX whether what we export is ONNX: its checker, with type and shape inference, and
the shapes that its inference gives the output. Run by hand after changing the exporter:

    python -m venv /tmp/oracle-venv && /tmp/oracle-venv/bin/pip install onnx==1.23.2
    node libs/model/bin/export-for-oracles.ts /tmp/exported
    /tmp/oracle-venv/bin/python tools/oracles/onnx_check.py /tmp/exported/onnx

It writes libs/model/src/onnx/fixtures/onnx-checker.json, with the sha256 of every file it looked at: a test exports them
again and says when that list is out of date. With `--only FILE` it checks one file (of any size, external data
included), prints the verdict and writes nothing.
"""

import hashlib
import json
import pathlib
import sys

import onnx
from onnx import shape_inference

FIXTURE = pathlib.Path(__file__).resolve().parents[2] / "libs/model/src/onnx/fixtures/onnx-checker.json"


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(2**24):
            digest.update(chunk)
    return digest.hexdigest()


def dims(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def checked(path):
    # by path, so that external data is found and nothing has to fit into one message
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path, load_external_data=False)
    (opset,) = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    shapes = {value.name: dims(value) for value in inferred.graph.value_info}
    (output,) = model.graph.output
    (rename,) = [node for node in model.graph.node if output.name in node.output]
    assert rename.op_type == "Identity"
    known = shapes.get(rename.input[0])
    # Opset 17 to 21 alike: inferred from the nodes alone, the output has the shape that it is declared with.
    assert known is not None and known[1:] == dims(output)[1:], (path, known, dims(output))
    return {
        "name": path.stem,
        "sha256": sha256(path),
        "opset": opset,
        "ir": model.ir_version,
        "nodes": len(model.graph.node),
        "output": dims(output),
    }


if sys.argv[1] == "--only":
    print(json.dumps({"onnx": onnx.__version__, **checked(pathlib.Path(sys.argv[2]))}))
else:
    models = [checked(path) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))]
    result = {"made by": "tools/oracles/onnx_check.py", "versions": {"onnx": onnx.__version__}, "passed": models}
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps(result, indent=2) + "\n")
    print(len(models), "models pass the checker of ONNX", onnx.__version__)
