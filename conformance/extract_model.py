#!/usr/bin/env python3
"""Writes what of a model of botocore our shapes are held to, without documentation: all operations, or
those that are named.

usage: extract_model.py service-2.json.gz [operation ...] > crates/aws/tests/data/kms-model.json

The operations of iam-model.json, sts-model.json, cloudtrail-model.json and cloudwatch-model.json are those that these
files name already.
"""

import gzip
import json
import sys

# What says nothing of the wire. Everything else is kept, and the test fails for what it does not know.
# A box is an integer or boolean that Java may leave out, which ours always may. A union is written as any
# structure; that it has one member is for the service to check.
IGNORED = ("documentation", "xmlOrder", "deprecated", "deprecatedMessage", "deprecatedSince", "box", "union")
PARTS = ("member", "key", "value")


def named(reference, wrapper=None):
    """The shape that a part refers to, which must not be constrained in its place."""
    unknown = set(reference) - {"shape", *IGNORED}
    if wrapper and reference.get("resultWrapper") == wrapper:
        unknown -= {"resultWrapper"}
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


def error(shape, name):
    """The name of an error on the wire and its HTTP status: JSON has neither in its model."""
    default = {"code": name, "httpStatusCode": 500 if shape.get("fault", False) else 400}
    wire = {**default, **shape.get("error", {})}
    return wire["code"], wire["httpStatusCode"]


def main(path, *wanted):
    with gzip.open(path) as file:
        model = json.load(file)
    operations, shapes, errors = {}, {}, {}
    for name in sorted(wanted or model["operations"]):
        operation = model["operations"][name]
        operations[name] = {
            side: named(operation[side], f"{name}Result")
            for side in ("input", "output") if side in operation
        }
        for shape in operations[name].values():
            reach(model["shapes"], shape, shapes)
        for reference in operation.get("errors", []):
            code, status = error(model["shapes"][reference["shape"]], reference["shape"])
            errors[code] = status
    extract = {"operations": operations, "errors": errors, "shapes": shapes}
    json.dump(extract, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])
