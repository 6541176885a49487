"""RSA: decryption, signatures to be reproduced, and signatures to be judged, all under imported private keys."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import known
from importing import imported, pkcs8
from known import count, refusal

EXPONENT = 65537
OAEP_FILES = [
    "rsa_oaep_2048_sha1_mgf1sha1", "rsa_oaep_2048_sha256_mgf1sha256", "rsa_oaep_3072_sha256_mgf1sha256",
    "rsa_oaep_4096_sha256_mgf1sha256", "rsa_oaep_misc",
]
SIGN_FILES = [f"rsa_pkcs1_{bits}_sig_gen" for bits in (2048, 3072, 4096)]
PKCS1_FILES = [
    "rsa_signature_2048_sha256", "rsa_signature_2048_sha384", "rsa_signature_2048_sha512",
    "rsa_signature_3072_sha384", "rsa_signature_4096_sha512",
]
PSS_FILES = [
    "rsa_pss_2048_sha256_mgf1_0", "rsa_pss_2048_sha256_mgf1_32", "rsa_pss_2048_sha384_mgf1_48",
    "rsa_pss_3072_sha256_mgf1_32", "rsa_pss_4096_sha384_mgf1_48", "rsa_pss_4096_sha512_mgf1_64",
]
HASHES = {"SHA-256": hashlib.sha256, "SHA-384": hashlib.sha384, "SHA-512": hashlib.sha512}


def algorithm(scheme, sha):
    return f"RSASSA_{scheme}_{sha.replace('-', '_')}"


@pytest.fixture(scope="module")
def materials():
    """The private keys that the vectors name, by modulus."""
    groups = [group for name in SIGN_FILES + OAEP_FILES for group in known.wycheproof(name)]
    return {
        int(group["privateKey"]["modulus"], 16): bytes.fromhex(group["privateKeyPkcs8"])
        for group in groups if int(group["privateKey"]["publicExponent"], 16) == EXPONENT
    }


@pytest.fixture(scope="module")
def key_for(kms, materials):
    """The key for a modulus and usage, imported once."""
    made = {}

    def key(modulus, usage):
        if (modulus, usage) not in made:
            spec = f"RSA_{modulus.bit_length()}"
            made[modulus, usage] = imported(kms, spec, usage, materials[modulus])
        return made[modulus, usage]

    return key


@pytest.mark.parametrize("name", OAEP_FILES)
def test_oaep(kms, key_for, name):
    for group in known.wycheproof(name):
        scheme = f"RSAES_OAEP_{group['sha'].replace('-', '_')}"
        key = key_for(int(group["privateKey"]["modulus"], 16), "ENCRYPT_DECRYPT")
        for test in group["tests"]:
            if is_empty(test):
                continue
            this = {"KeyId": key, "EncryptionAlgorithm": scheme, "CiphertextBlob": bytes.fromhex(test["ct"])}
            count(f"{scheme} {group['keySize']}", "Wycheproof", decrypted(kms, test, this))


def is_empty(test):
    return test["result"] == "valid" and not test["msg"]


def test_empty_plaintexts(kms, key_for):
    """PlaintextType has at least one byte, so that no answer could say what is in these ciphertexts."""
    for group in [group for name in OAEP_FILES for group in known.wycheproof(name)]:
        scheme = f"RSAES_OAEP_{group['sha'].replace('-', '_')}"
        key = key_for(int(group["privateKey"]["modulus"], 16), "ENCRYPT_DECRYPT")
        for test in filter(is_empty, group["tests"]):
            this = {"KeyId": key, "EncryptionAlgorithm": scheme, "CiphertextBlob": bytes.fromhex(test["ct"])}
            assert refusal(kms.decrypt, **this) == "InvalidCiphertextException"
            count(f"{scheme} {group['keySize']}", "Wycheproof", "empty refused")


def decrypted(kms, test, this):
    if not this["CiphertextBlob"]:
        assert refusal(kms.decrypt, **this) == "ValidationException"
        return "empty refused"
    # The API has no label.
    if test["result"] == "invalid" or test["label"]:
        assert refusal(kms.decrypt, **this) == "InvalidCiphertextException", test
        return "invalid" if test["result"] == "invalid" else "labelled refused"
    assert kms.decrypt(**this)["Plaintext"] == bytes.fromhex(test["msg"])
    return "valid"


@pytest.mark.parametrize("name", SIGN_FILES)
def test_signatures_are_reproduced(kms, key_for, name):
    for group in known.wycheproof(name):
        modulus = int(group["privateKey"]["modulus"], 16)
        if group["sha"] not in HASHES or int(group["privateKey"]["publicExponent"], 16) != EXPONENT:
            continue
        key, scheme = key_for(modulus, "SIGN_VERIFY"), algorithm("PKCS1_V1_5", group["sha"])
        for test in group["tests"]:
            message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
            reproduce(kms, key, scheme, group["sha"], message, signature)
            count(f"{scheme} {group['keySize']}", "Wycheproof", "signed alike")


def test_cavp_signatures_are_reproduced(kms):
    for group in known.load("cavp/rsa_siggen15"):
        n, e, d = (int(group[name], 16) for name in "ned")
        p, q = rsa.rsa_recover_prime_factors(n, e, d)
        exponents = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        numbers = rsa.RSAPrivateNumbers(p, q, d, *exponents, rsa.RSAPublicNumbers(e, n))
        key = imported(kms, f"RSA_{n.bit_length()}", "SIGN_VERIFY", pkcs8(numbers.private_key()))
        for test in group["tests"]:
            sha = test["SHAAlg"].replace("SHA", "SHA-")
            scheme = algorithm("PKCS1_V1_5", sha)
            reproduce(kms, key, scheme, sha, bytes.fromhex(test["Msg"]), bytes.fromhex(test["S"]))
            count(f"{scheme} {n.bit_length()}", "NIST CAVP", "signed alike")


def reproduce(kms, key, scheme, sha, message, signature):
    """PKCS #1 v1.5 has one signature for each message (RFC 8017 section 8.2)."""
    for this in forms(message, sha):
        this |= {"KeyId": key, "SigningAlgorithm": scheme}
        assert kms.sign(**this)["Signature"] == signature
        assert kms.verify(Signature=signature, **this)["SignatureValid"] is True


def forms(message, sha):
    """The ways to hand `message` over: its hash, and itself where the API takes it."""
    digest = {"Message": HASHES[sha](message).digest(), "MessageType": "DIGEST"}
    fits = 1 <= len(message) <= 4096
    return [digest, {"Message": message, "MessageType": "RAW"}] if fits else [digest]


@pytest.mark.parametrize("scheme, name", [
    *(("PKCS1_V1_5", name) for name in PKCS1_FILES), *(("PSS", name) for name in PSS_FILES),
])
def test_signatures_are_judged(kms, key_for, scheme, name):
    for group in known.wycheproof(name):
        if int(group["publicKey"]["publicExponent"], 16) != EXPONENT:
            continue
        key = key_for(int(group["publicKey"]["modulus"], 16), "SIGN_VERIFY")
        used = algorithm(scheme, group["sha"])
        # The salt of PSS is as long as the hash here.
        this_salt = HASHES[group["sha"]]().digest_size
        other_salt = scheme == "PSS" and group["sLen"] != this_salt
        for test in group["tests"]:
            form = forms(bytes.fromhex(test["msg"]), group["sha"])[-1 if test["tcId"] % 2 else 0]
            this = form | {"KeyId": key, "SigningAlgorithm": used, "Signature": bytes.fromhex(test["sig"])}
            verdict = with_salt_of_hash(test, this_salt) if other_salt else test["result"]
            judge(kms, verdict, this)
            source = "Wycheproof, other salts" if other_salt else "Wycheproof"
            count(f"{used} {group['keySize']}", source, verdict)


def with_salt_of_hash(test, salt_bytes):
    """The verdict on a test of a file of another salt length: only the one that changes it to ours is valid."""
    return "valid" if test["comment"] == f"s_len changed to {salt_bytes}" else "invalid"


def judge(kms, verdict, this):
    found = refusal(kms.verify, **this)
    if not this["Signature"]:
        assert found == "ValidationException"
    elif verdict == "valid":
        assert found is None
    elif verdict == "invalid":
        assert found == "KMSInvalidSignatureException"
    else:
        assert found in (None, "KMSInvalidSignatureException")


def test_every_modulus_is_known(materials):
    """That no file is passed over because its key is nowhere."""
    for name in PKCS1_FILES + PSS_FILES:
        for group in known.wycheproof(name):
            if int(group["publicKey"]["publicExponent"], 16) == EXPONENT:
                assert int(group["publicKey"]["modulus"], 16) in materials, name
