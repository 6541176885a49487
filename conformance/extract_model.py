#!/usr/bin/env python3
"""Writes what of botocore's KMS model our shapes are held to: all operations, without documentation.

usage: extract_model.py service-2.json.gz > crates/aws/tests/data/kms-model.json
"""

import gzip
import json
import sys

# What says nothing of the wire. Everything else is kept, and the test fails for what it does not know.
IGNORED = ("documentation", "deprecated", "deprecatedMessage")
PARTS = ("member", "key", "value")


def named(reference):
    """The shape that a part refers to, which must not be constrained in its place."""
    unknown = set(reference) - {"shape", *IGNORED}
    if unknown:
        sys.exit(f"unknown traits of a reference: {unknown}")
    return reference["shape"]


def reduced(shape):
    """A shape without documentation."""
    out = {key: value for key, value in shape.items() if key not in IGNORED}
    for part in PARTS:
        if part in out:
            out[part] = named(out[part])
    if "members" in out:
        out["members"] = {name: named(member) for name, member in out["members"].items()}
    return out


def reach(shapes, name, found):
    """Adds the shape `name` and all it is made of to `found`."""
    if name in found:
        return
    found[name] = shape = reduced(shapes[name])
    parts = [shape[part] for part in PARTS if part in shape]
    for part in parts + list(shape.get("members", {}).values()):
        reach(shapes, part, found)


def main(path):
    with gzip.open(path) as file:
        model = json.load(file)
    operations, shapes, errors = {}, {}, {}
    for name, operation in sorted(model["operations"].items()):
        operations[name] = {
            side: named(operation[side]) for side in ("input", "output") if side in operation
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
    main(*sys.argv[1:])
