"""Makes the files in wycheproof/ that are too long to keep whole from a checkout of C2SP/wycheproof.

Run as `python3 wycheproof_subset.py CHECKOUT`. It drops what no test of ours can use and changes no value it keeps:
- mlkem_*_keygen_seed_test: the expanded decapsulation key `dk` goes, because keys here are seeds.
- mlkem_*_test: the encapsulation key `ek` goes (the files above have the same one for the same seeds, and the shared
  secret depends on it); of the 100 cases of ML-KEM-1024 "based on official round 3 seeds" every second one goes.
- rsa_oaep_misc_test: 2048, 3072 and 4096 bits with SHA-1 or SHA-256 for both hashes stay.
"""

import json
import pathlib
import sys

ROUND_3 = "Test vector based on official round 3 seeds "


def without(field, groups):
    for group in groups:
        for test in group["tests"]:
            test.pop(field, None)
    return groups


def half_of_round_3(groups):
    for group in groups:
        group["tests"] = [test for test in group["tests"] if not is_odd_round_3(test)]
    return groups


def is_odd_round_3(test):
    comment = test.get("comment", "")
    return comment.startswith(ROUND_3) and int(comment.removeprefix(ROUND_3)) % 2 == 1


def supported_oaep(groups):
    return [
        group
        for group in groups
        if group["keySize"] in (2048, 3072, 4096)
        and group["sha"] == group["mgfSha"]
        and group["sha"] in ("SHA-1", "SHA-256")
    ]


SUBSETS = {
    "mlkem_512_keygen_seed_test": lambda groups: without("dk", groups),
    "mlkem_768_keygen_seed_test": lambda groups: without("dk", groups),
    "mlkem_1024_keygen_seed_test": lambda groups: without("dk", groups),
    "mlkem_512_test": lambda groups: without("ek", groups),
    "mlkem_768_test": lambda groups: without("ek", groups),
    "mlkem_1024_test": lambda groups: half_of_round_3(without("ek", groups)),
    "rsa_oaep_misc_test": supported_oaep,
}


def main(checkout):
    for name, select in SUBSETS.items():
        text = (pathlib.Path(checkout) / "testvectors_v1" / f"{name}.json").read_text()
        vectors = json.loads(text)
        vectors["testGroups"] = select(vectors["testGroups"])
        vectors["numberOfTests"] = sum(len(group["tests"]) for group in vectors["testGroups"])
        out = pathlib.Path(__file__).parent / "wycheproof" / f"{name}.json"
        out.write_text(json.dumps(vectors, indent=1) + "\n")


main(sys.argv[1])
