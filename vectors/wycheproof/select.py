"""Writes the selection of Wycheproof's vectors that lies beside this file.

Usage: select.py FOLDER, where FOLDER is testvectors_v1 of a checkout of github.com/C2SP/wycheproof.
Files of at most WHOLE_BYTES are copied as they are. Of larger ones, groups and tests are kept in their order, the
first PER_FLAGS tests of every combination of result and flags; nothing else is altered, numberOfTests included.
"""

import collections
import json
import pathlib
import sys

WHOLE_BYTES = 500_000
# Signatures of ML-DSA and their keys are long.
PER_FLAGS = {
    "ecdh": 40,
    "mldsa_44_sign": 4,
    "mldsa_44_verify": 3,
    "mldsa_65_sign": 3,
    "mldsa_65_verify": 2,
    "mldsa_87_sign": 2,
    "mldsa_87_verify": 1,
}
FILES = """
ecdh_secp256r1_test ecdh_secp384r1_test ecdh_secp521r1_test
ecdsa_secp256k1_sha256_test ecdsa_secp256r1_sha256_test ecdsa_secp384r1_sha384_test ecdsa_secp521r1_sha512_test
ed25519_test
mldsa_44_sign_seed_test mldsa_44_verify_test mldsa_65_sign_seed_test mldsa_65_verify_test
mldsa_87_sign_seed_test mldsa_87_verify_test
rsa_pss_2048_sha256_mgf1_0_test rsa_pss_2048_sha256_mgf1_32_test rsa_pss_2048_sha384_mgf1_48_test
rsa_pss_3072_sha256_mgf1_32_test rsa_pss_4096_sha384_mgf1_48_test rsa_pss_4096_sha512_mgf1_64_test
rsa_signature_2048_sha256_test rsa_signature_2048_sha384_test rsa_signature_2048_sha512_test
rsa_signature_3072_sha384_test rsa_signature_4096_sha512_test
""".split()


def selection(document, limit):
    seen = collections.Counter()

    def wanted(test):
        kind = (test["result"], *sorted(test["flags"]))
        seen[kind] += 1
        return seen[kind] <= limit

    groups = [group | {"tests": [test for test in group["tests"] if wanted(test)]} for group in document["testGroups"]]
    return document | {"testGroups": [group for group in groups if group["tests"]]}


def main(source):
    for name in FILES:
        text = (source / f"{name}.json").read_text()
        if len(text) > WHOLE_BYTES:
            limit = next(limit for start, limit in PER_FLAGS.items() if name.startswith(start))
            text = json.dumps(selection(json.loads(text), limit), indent=1) + "\n"
        (pathlib.Path(__file__).parent / f"{name}.json").write_text(text)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
