"""ML-KEM between the service and other implementations: cryptography (OpenSSL), and kyber-py for ML-KEM-512."""


import pytest
from cryptography.hazmat.primitives import serialization
from kyber_py.ml_kem import ML_KEM_512

from known import count, refusal

ROUNDS = 5
# SPKI and PKCS #8 of RFC 9935: the header, then the raw public key; the header, then [0] with the seed.
PUBLIC_BYTES = {"ML_KEM_512": 800, "ML_KEM_768": 1184, "ML_KEM_1024": 1568}
CIPHERTEXT_BYTES = {"ML_KEM_512": 768, "ML_KEM_768": 1088, "ML_KEM_1024": 1568}
PRIVATE_HEADER = "3054020100300b0609608648016503040{oid}04428040"
OID = {"ML_KEM_512": "401", "ML_KEM_768": "402", "ML_KEM_1024": "403"}


class Kyber:
    """kyber-py's ML-KEM-512 as cryptography offers the other two."""

    def __init__(self, public):
        self.public = public

    def encapsulate(self):
        return ML_KEM_512.encaps(self.public)

    @staticmethod
    def opener(seed):
        _, private = ML_KEM_512.key_derive(seed)
        return lambda ciphertext: ML_KEM_512.decaps(private, ciphertext)


def public_of(spec, der):
    raw = der[-PUBLIC_BYTES[spec]:]
    assert der.hex().count(f"0609608648016503040{OID[spec]}") == 1
    if spec == "ML_KEM_512":
        return Kyber(raw)
    public = serialization.load_der_public_key(der)
    assert public.public_bytes_raw() == raw
    return public


def opener(spec, der):
    """What decapsulates under the PKCS #8 key `der`, which holds the seed only."""
    assert der[:-64].hex() == PRIVATE_HEADER.format(oid=OID[spec])
    if spec == "ML_KEM_512":
        return Kyber.opener(der[-64:])
    return serialization.load_der_private_key(der, None).decapsulate


@pytest.fixture(scope="module", params=PUBLIC_BYTES)
def spec(request):
    return request.param


@pytest.fixture(scope="module")
def kem(kms, spec):
    """A key, and the call's other arguments."""
    key = kms.create_key(KeySpec=spec, KeyUsage="ENCAPSULATE_DECAPSULATE")["KeyMetadata"]["Arn"]
    return {"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"}


def decapsulate(kms, kem, ciphertext):
    return kms.decapsulate(SharedSecretCiphertextBlob=ciphertext, **kem)["SharedSecret"]


def test_theirs_are_opened_here(kms, spec, kem):
    public = public_of(spec, kms.get_public_key(KeyId=kem["KeyId"])["PublicKey"])
    for _ in range(ROUNDS):
        secret, ciphertext = public.encapsulate()
        assert len(ciphertext) == CIPHERTEXT_BYTES[spec]
        assert decapsulate(kms, kem, ciphertext) == secret
        count(spec, "theirs decapsulated by us", "alike")


def test_ours_are_opened_here(kms, spec, kem):
    secrets = set()
    for _ in range(ROUNDS):
        made = kms.encapsulate(**kem)
        assert len(made["SharedSecretCiphertextBlob"]) == CIPHERTEXT_BYTES[spec]
        assert decapsulate(kms, kem, made["SharedSecretCiphertextBlob"]) == made["SharedSecret"]
        secrets.add(made["SharedSecret"])
    assert len(secrets) == ROUNDS


def test_implicit_rejection(kms, spec, kem):
    """FIPS 203 algorithm 18: a changed ciphertext gives a secret that depends on it, and no error."""
    made = kms.encapsulate(**kem)
    ciphertext, seen = made["SharedSecretCiphertextBlob"], {made["SharedSecret"]}
    for at in [0, 1, len(ciphertext) // 2, len(ciphertext) - 1]:
        other = ciphertext[:at] + bytes([ciphertext[at] ^ 1]) + ciphertext[at + 1:]
        secret = decapsulate(kms, kem, other)
        assert len(secret) == 32 and secret not in seen
        assert decapsulate(kms, kem, other) == secret
        seen.add(secret)
        count(spec, "implicit rejection", "another secret")
    for wrong in [ciphertext[:-1], ciphertext + b"\0", b"x"]:
        code = refusal(kms.decapsulate, SharedSecretCiphertextBlob=wrong, **kem)
        assert code == "InvalidCiphertextException"


def test_private_halves_of_data_key_pairs(kms, spec, key):
    for _ in range(ROUNDS):
        pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec)
        opened = opener(spec, pair["PrivateKeyPlaintext"])
        secret, ciphertext = public_of(spec, pair["PublicKey"]).encapsulate()
        assert opened(ciphertext) == secret
        blob = pair["PrivateKeyCiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == pair["PrivateKeyPlaintext"]
        count(spec, "data key pairs opened by others", "alike")
