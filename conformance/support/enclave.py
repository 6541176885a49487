"""Enclaves for tests: attestation documents as the Nitro hypervisor signs them, under a root of our own, and the
key that opens the answers. Run as a program it writes the root, which the server under test trusts."""

import datetime
import pathlib
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

import openssl
from importing import pkcs8, spki

ROOT_FILE = pathlib.Path(__file__).with_name("enclave_root.pem")
# Known to everyone, and trusted by servers under test only.
ROOT_KEY = ec.derive_private_key(0x7e57, ec.SECP384R1())
ES384 = bytes.fromhex("a1013822")
DAY = datetime.timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, public, issuer, issuer_key, *, authority, days=1, start=None):
    """A certificate of an authority or a leaf."""
    start = start or datetime.datetime.now(datetime.UTC) - DAY
    usage = {field: False for field in (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )} | {"key_cert_sign" if authority else "digital_signature": True}
    builder = (
        x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(public)
        .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + days * DAY + DAY)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    return builder.sign(issuer_key, hashes.SHA384())


def der(of):
    return of.public_bytes(serialization.Encoding.DER)


def root():
    return x509.load_pem_x509_certificate(ROOT_FILE.read_bytes())


def head(major, number):
    """RFC 8949 section 3: the start of a data item."""
    for bits, size in [(24, 1), (25, 2), (26, 4), (27, 8)]:
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << 8 * size:
            return bytes([major << 5 | bits]) + number.to_bytes(size)
    raise ValueError(number)


def cbor(value):
    """RFC 8949, as much of it as a document has."""
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())


def signed(payload, key):
    """COSE_Sign1 (RFC 9052 section 4.2) with ES384, untagged as NSM writes it."""
    to_sign = cbor(["Signature1", ES384, b"", payload])
    r, s = decode_dss_signature(key.sign(to_sign, ec.ECDSA(hashes.SHA384())))
    return cbor([ES384, {}, payload, r.to_bytes(48) + s.to_bytes(48)])


class Enclave:
    """One enclave with its RSA key, below an intermediate authority below the root."""

    def __init__(self, root_key=ROOT_KEY, root_certificate=None, bits=2048, days=1, start=None):
        self.private = rsa.generate_private_key(65537, bits)
        self.signer = ec.generate_private_key(ec.SECP384R1())
        zone = ec.generate_private_key(ec.SECP384R1())
        middle = certificate("zone", zone.public_key(), "root", root_key, authority=True)
        leaf = certificate("enclave", self.signer.public_key(), "zone", zone, authority=False, days=days, start=start)
        self.leaf, self.authorities = der(leaf), [der(root_certificate or root()), der(middle)]

    def fields(self, age_seconds=0, **others):
        measured = {index: bytes(48) if index > 4 else bytes([index + 1]) * 48 for index in range(16)}
        return {
            "module_id": "i-0123456789abcdef0-enc0123456789abcdef", "digest": "SHA384",
            "timestamp": int((time.time() - age_seconds) * 1000), "pcrs": measured, "certificate": self.leaf,
            "cabundle": self.authorities, "public_key": spki(self.private.public_key()), "user_data": None,
            "nonce": None,
        } | others

    def document(self, age_seconds=0, **others):
        """A document of now, or as old as said, with fields other than usual."""
        return signed(cbor(self.fields(age_seconds, **others)), self.signer)

    def recipient(self, document=None):
        """The Recipient member of a request."""
        return {
            "KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": document or self.document(),
        }

    def open(self, ciphertext):
        """What CiphertextForRecipient holds: CMS EnvelopedData, read by OpenSSL."""
        key = openssl.run("pkey", "-inform", "DER", "-in", "IN", "-out", "OUT", **{"in": pkcs8(self.private)})
        return openssl.run("cms", "-decrypt", "-inform", "DER", "-in", "MESSAGE", "-inkey", "KEY", "-binary",
                           "-out", "OUT", message=ciphertext, key=key)


if __name__ == "__main__":
    whole = certificate("root", ROOT_KEY.public_key(), "root", ROOT_KEY, authority=True, days=36500,
                        start=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    ROOT_FILE.write_bytes(whole.public_bytes(serialization.Encoding.PEM))
