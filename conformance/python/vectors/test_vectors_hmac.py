"""HMAC: every vector with a full tag is made and verified; a truncated tag is made and refused."""

import hashlib

import pytest

import known
from importing import imported
from known import count, refusal

# Material that may be imported, in bytes, and the hash's block.
BOUNDS = {224: (28, 64), 256: (32, 64), 384: (48, 128), 512: (64, 128)}
BLOCK_BYTES = {224: 64, 256: 64, 384: 128, 512: 128}


def importable(bits, key):
    """`key`, or one that gives the same MACs and fits the bounds: RFC 2104 section 2 hashes keys longer than a
    block and fills shorter ones with zeros."""
    least, _ = BOUNDS[bits]
    if len(key) > BLOCK_BYTES[bits]:
        key = hashlib.new(f"sha{bits}", key).digest()
    return key.ljust(least, b"\0")


class Keys:
    """One imported key for each material."""

    def __init__(self, kms, bits):
        self.kms, self.bits, self.made = kms, bits, {}

    def holding(self, material):
        if material not in self.made:
            self.made[material] = imported(self.kms, f"HMAC_{self.bits}", "GENERATE_VERIFY_MAC", material)
        return self.made[material]


def check(kms, key, bits, message, tag, valid):
    """What the service makes of one vector, in a word for the count."""
    this = {"KeyId": key, "MacAlgorithm": f"HMAC_SHA_{bits}", "Message": message}
    if not message:
        # KMS API, GenerateMac: Message has at least one byte.
        assert refusal(kms.generate_mac, **this) == "ValidationException"
        return "empty refused"
    made = kms.generate_mac(**this)
    assert (made["KeyId"], made["MacAlgorithm"]) == (key, f"HMAC_SHA_{bits}")
    assert (made["Mac"][:len(tag)] == tag) is valid
    if valid and len(tag) == bits // 8:
        assert kms.verify_mac(Mac=tag, **this)["MacValid"] is True
        return "valid"
    assert refusal(kms.verify_mac, Mac=tag, **this) == "KMSInvalidMacException"
    return "truncated refused" if valid else "invalid"


@pytest.mark.parametrize("bits", BOUNDS)
def test_wycheproof(kms, bits):
    keys = Keys(kms, bits)
    for group in known.wycheproof(f"hmac_sha{bits}"):
        for test in group["tests"]:
            key, message, tag = (bytes.fromhex(test[name]) for name in ("key", "msg", "tag"))
            key = keys.holding(importable(bits, key))
            verdict = check(kms, key, bits, message, tag, test["result"] == "valid")
            count(f"HMAC_SHA_{bits}", "Wycheproof", verdict)


@pytest.mark.parametrize("bits", BOUNDS)
def test_rfc_4231(kms, bits):
    keys = Keys(kms, bits)
    for test in known.load("rfc/rfc4231")[str(bits)]:
        key, message, tag = (bytes.fromhex(test[name]) for name in ("Key", "Msg", "MD"))
        verdict = check(kms, keys.holding(importable(bits, key)), bits, message, tag, True)
        count(f"HMAC_SHA_{bits}", "RFC 4231", verdict)
