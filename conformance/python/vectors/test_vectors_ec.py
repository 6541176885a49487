"""ECDSA, Ed25519 and ECDH under imported private keys."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import ed25519ph
import known
from importing import imported, pkcs8, spki
from known import count, refusal

CURVES = {
    "P-256": ("ECC_NIST_P256", ec.SECP256R1(), "SHA_256"),
    "P-384": ("ECC_NIST_P384", ec.SECP384R1(), "SHA_384"),
    "P-521": ("ECC_NIST_P521", ec.SECP521R1(), "SHA_512"),
    "K-256": ("ECC_SECG_P256K1", ec.SECP256K1(), "SHA_256"),
}
ECDH_FILES = {"P-256": "ecdh_secp256r1", "P-384": "ecdh_secp384r1", "P-521": "ecdh_secp521r1"}


def private_key(scalar, curve):
    return pkcs8(ec.derive_private_key(scalar, CURVES[curve][1]))


def is_private_key(scalar, curve):
    try:
        return bool(private_key(scalar, curve))
    except ValueError:
        return False


def changed(signature):
    """The signature with its last byte changed, as the last byte of s."""
    return signature[:-1] + bytes([signature[-1] ^ 1])


def judge_ecdsa(kms, key, curve, message, signature, valid):
    """Whether the service says so too, of the message and of its hash."""
    sha = CURVES[curve][2]
    digest = hashlib.new(sha.replace("_", ""), message).digest()
    for form in [{"Message": message, "MessageType": "RAW"}, {"Message": digest, "MessageType": "DIGEST"}]:
        this = form | {"KeyId": key, "SigningAlgorithm": f"ECDSA_{sha}"}
        if valid:
            assert kms.verify(Signature=signature, **this)["SignatureValid"] is True
            continue
        assert refusal(kms.verify, Signature=signature, **this) == "KMSInvalidSignatureException"


@pytest.mark.parametrize("name, source", [
    ("cavp/ecdsa_siggen", "NIST CAVP"), ("pyca/ecdsa_secp256k1_siggen", "pyca"),
])
def test_ecdsa_siggen(kms, name, source):
    groups = known.load(name)
    for curve, tests in groups.items() if isinstance(groups, dict) else [("K-256", groups)]:
        for test in tests:
            scalar, r, s = (int(test[name], 16) for name in ("d", "R", "S"))
            key = imported(kms, CURVES[curve][0], "SIGN_VERIFY", private_key(scalar, curve))
            message, signature = bytes.fromhex(test["Msg"]), encode_dss_signature(r, s)
            judge_ecdsa(kms, key, curve, message, signature, True)
            judge_ecdsa(kms, key, curve, message, changed(signature), False)
            judge_ecdsa(kms, key, curve, message + b"\0", signature, False)
            count(f"ECDSA {curve}", source, "valid")


def test_rfc_6979(kms):
    for group in known.load("rfc/rfc6979"):
        curve = group["curve"]
        material = pkcs8(load_pem_private_key(group["privateKeyPem"].encode(), None))
        key = imported(kms, CURVES[curve][0], "SIGN_VERIFY", material)
        for test in group["tests"]:
            valid = test["result"] == "valid"
            judge_ecdsa(kms, key, curve, test["msg"].encode(), bytes.fromhex(test["sig"]), valid)
            count(f"ECDSA {curve}", "RFC 6979", test["result"])


def ed25519_key(kms, seed, public):
    pair = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    assert pair.public_key().public_bytes_raw() == public
    key = imported(kms, "ECC_NIST_EDWARDS25519", "SIGN_VERIFY", pkcs8(pair))
    assert kms.get_public_key(KeyId=key)["PublicKey"] == spki(pair.public_key())
    return key


def judge_ed25519(kms, key, message, signature, valid):
    this = {"KeyId": key, "Message": message, "SigningAlgorithm": "ED25519_SHA_512"}
    if not message:
        # KMS API, Sign: Message has at least one byte.
        assert refusal(kms.sign, **this) == "ValidationException"
        return "empty refused"
    if valid:
        assert kms.sign(**this)["Signature"] == signature
        assert kms.verify(Signature=signature, **this)["SignatureValid"] is True
        return "valid and signed alike"
    expected = "KMSInvalidSignatureException" if signature else "ValidationException"
    assert refusal(kms.verify, Signature=signature, **this) == expected
    return "invalid"


def test_ed25519_wycheproof(kms):
    seeds = {pair["pk"]: bytes.fromhex(pair["sk"]) for pair in known.load("wycheproof/ed25519_keys")}
    keys = {}
    for group in known.wycheproof("ed25519"):
        public = group["publicKey"]["pk"]
        if public not in seeds:
            count("ED25519_SHA_512", "Wycheproof", "left out for want of a private key", len(group["tests"]))
            continue
        if public not in keys:
            keys[public] = ed25519_key(kms, seeds[public], bytes.fromhex(public))
        for test in group["tests"]:
            message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
            verdict = judge_ed25519(kms, keys[public], message, signature, test["result"] == "valid")
            count("ED25519_SHA_512", "Wycheproof", verdict)


def test_ed25519_of_its_authors(kms):
    for test in known.load("pyca/ed25519_sign"):
        seed, public, message, signature = (bytes.fromhex(test[name]) for name in ("seed", "pk", "msg", "sig"))
        key = ed25519_key(kms, seed, public)
        count("ED25519_SHA_512", "RFC 8032 and authors", judge_ed25519(kms, key, message, signature, True))
        if message:
            judge_ed25519(kms, key, message, changed(signature), False)
            judge_ed25519(kms, key, message[:-1] + b"\xff\0", signature, False)


def test_ed25519ph(kms):
    """The API takes 64 bytes and hashes them again, so RFC 8032 7.3 itself, a message of 3 bytes, cannot be put to
    it: the vector proves the other implementation, and that judges the service."""
    seed = bytes.fromhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")
    assert ed25519ph.sign(seed, b"abc") == bytes.fromhex(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    )
    for number in range(8):
        seed = hashlib.sha256(bytes([number])).digest()
        pair = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        key = ed25519_key(kms, seed, pair.public_key().public_bytes_raw())
        message = hashlib.sha512(b"message %d" % number).digest()
        this = {
            "KeyId": key, "Message": message, "MessageType": "DIGEST", "SigningAlgorithm": "ED25519_PH_SHA_512",
        }
        signature = ed25519ph.sign(seed, message)
        assert kms.sign(**this)["Signature"] == signature
        assert kms.verify(Signature=signature, **this)["SignatureValid"] is True
        # Neither of the two schemes is the other.
        plain = pair.sign(message)
        assert refusal(kms.verify, Signature=plain, **this) == "KMSInvalidSignatureException"
        judge_ed25519(kms, key, message, signature, False)
        count("ED25519_PH_SHA_512", "own RFC 8032", "signed alike")


class Agreements:
    """One imported key for each scalar, and what it agrees on with others."""

    def __init__(self, kms, curve):
        self.kms, self.curve, self.made = kms, curve, {}

    def arguments(self, scalar, public):
        if scalar not in self.made:
            material = private_key(scalar, self.curve)
            self.made[scalar] = imported(self.kms, CURVES[self.curve][0], "KEY_AGREEMENT", material)
        return {"KeyId": self.made[scalar], "KeyAgreementAlgorithm": "ECDH", "PublicKey": public}

    def refusal(self, scalar, public):
        return refusal(self.kms.derive_shared_secret, **self.arguments(scalar, public))

    def secret(self, scalar, public):
        reply = self.kms.derive_shared_secret(**self.arguments(scalar, public))
        assert (reply["KeyAgreementAlgorithm"], reply["KeyOrigin"]) == ("ECDH", "EXTERNAL")
        return reply["SharedSecret"]


@pytest.mark.parametrize("curve", ECDH_FILES)
def test_ecdh_wycheproof(kms, curve):
    keys = Agreements(kms, curve)
    for group in known.wycheproof(ECDH_FILES[curve]):
        for test in group["tests"]:
            scalar, public = int(test["private"], 16), bytes.fromhex(test["public"])
            shared, verdict = bytes.fromhex(test["shared"]), test["result"]
            if verdict == "valid" or verdict == "acceptable" and keys.refusal(scalar, public) is None:
                assert keys.secret(scalar, public) == shared, test["comment"]
            else:
                assert keys.refusal(scalar, public) == "ValidationException", test["comment"]
                verdict = "acceptable and refused" if verdict == "acceptable" else verdict
            count(f"ECDH {curve}", "Wycheproof", verdict)


@pytest.mark.parametrize("curve", ECDH_FILES)
def test_ecdh_cavp(kms, curve):
    keys, sha = Agreements(kms, curve), CURVES[curve][2].replace("_", "")
    for test in known.load("cavp/kas_ecc")[curve]:
        kind = test["Result"][3:].split(" ")[0].strip("(")
        scalar, *public = (int(test[name], 16) for name in ("dsIUT", "QsCAVSx", "QsCAVSy"))
        verdict = agree(keys, sha, scalar, point(curve, *public), test, kind)
        count(f"ECDH {curve}", "NIST CAVP", verdict)


def agree(keys, sha, scalar, public, test, kind):
    # 1 and 2: the other's point is none of the curve.
    if kind in ("1", "2"):
        assert keys.refusal(scalar, public) == "ValidationException"
        return "invalid"
    if not is_private_key(scalar, keys.curve):
        return "left out for want of a private key"
    # 0 and 13 are correct. Of 5 to 8 the hash is another secret's: something of ours or the secret was changed.
    secret = keys.secret(scalar, public)
    alike = hashlib.new(sha, secret).hexdigest() == test["CAVSHashZZ"]
    assert alike is (kind in ("0", "13")), test
    return "valid" if alike else "invalid with another secret"


def point(curve, x, y):
    """The SubjectPublicKeyInfo of a point, which need not be one of the curve."""
    on_curve = spki(ec.derive_private_key(1, CURVES[curve][1]).public_key())
    size = (CURVES[curve][1].key_size + 7) // 8
    return on_curve[:-2 * size] + x.to_bytes(size) + y.to_bytes(size)
