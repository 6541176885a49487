#!/usr/bin/env python3
"""Writes the part of botocore's KMS model that our shapes are held to.

usage: extract_model.py service-2.json.gz OPERATION... > crates/aws/tests/data/kms-model.json
"""

import gzip
import json
import sys

CONSTRAINTS = ("type", "min", "max", "pattern", "enum", "sensitive", "required")


def reduced(shape):
    """A shape without documentation."""
    out = {key: shape[key] for key in CONSTRAINTS if key in shape}
    for part in ("member", "key", "value"):
        if part in shape:
            out[part] = shape[part]["shape"]
    if "members" in shape:
        out["members"] = {name: member["shape"] for name, member in shape["members"].items()}
    return out


def reach(shapes, name, found):
    """Adds the shape `name` and all it is made of to `found`."""
    if name in found:
        return
    found[name] = shape = reduced(shapes[name])
    parts = [shape[part] for part in ("member", "key", "value") if part in shape]
    for part in parts + list(shape.get("members", {}).values()):
        reach(shapes, part, found)


def main(path, names):
    with gzip.open(path) as file:
        model = json.load(file)
    operations, shapes, errors = {}, {}, {}
    for name in sorted(names):
        operation = model["operations"][name]
        operations[name] = {
            side: operation[side]["shape"] for side in ("input", "output") if side in operation
        }
        for shape in operations[name].values():
            reach(model["shapes"], shape, shapes)
        for error in operation["errors"]:
            fault = model["shapes"][error["shape"]].get("fault", False)
            errors[error["shape"]] = 500 if fault else 400
    extract = {"operations": operations, "errors": errors, "shapes": shapes}
    json.dump(extract, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
