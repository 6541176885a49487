"""A Nitro Enclave as KMS sees it: makes attestation documents under a root of our own, which the server under
test trusts, and opens what is encrypted to it. The root's key is no secret; nobody else may trust the root."""

import datetime
import hashlib
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding as block_padding
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ROOT_FILE = Path(__file__).with_name("attestation-root.pem")
SCALAR = int.from_bytes(hashlib.sha384(b"strongroom conformance attestation root").digest()) >> 1
MODULE = "i-0123456789abcdef0-enc0123456789abcdef"


def root_key():
    return ec.derive_private_key(SCALAR, ec.SECP384R1())


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def certificate(subject, public, signer, validity, is_authority):
    usage = dict.fromkeys([
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ], False)
    usage["key_cert_sign" if is_authority else "digital_signature"] = True
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject)).issuer_name(name("conformance root"))
        .public_key(public).serial_number(x509.random_serial_number())
        .not_valid_before(validity[0]).not_valid_after(validity[1])
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(signer, hashes.SHA384())
    )


def write_root():
    """Makes the root's certificate anew: `python enclave.py`."""
    validity = datetime.datetime(2020, 1, 1), datetime.datetime(2120, 1, 1)
    made = certificate("conformance root", root_key().public_key(), root_key(), validity, True)
    ROOT_FILE.write_bytes(made.public_bytes(Encoding.PEM))


def head(major, value):
    """The head of a CBOR item (RFC 8949 §3)."""
    for bits, (limit, length) in enumerate([(24, 0), (1 << 8, 1), (1 << 16, 2), (1 << 32, 4), (1 << 64, 8)]):
        if value < limit:
            first = value if length == 0 else 23 + bits
            return bytes([major << 5 | first]) + (value.to_bytes(length) if length else b"")
    raise ValueError(value)


def cbor(value):
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


class Enclave:
    def __init__(self, bits=2048):
        self.key = rsa.generate_private_key(65537, bits)

    def document(self, signer=None, age=0, public=..., image=bytes(48)):
        """An attestation document; `signer` is the key that issues the enclave's certificate, `image` the
        measurement of the enclave's image."""
        leaf = ec.generate_private_key(ec.SECP384R1())
        now, hours = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(hours=3)
        issued = certificate(MODULE, leaf.public_key(), signer or root_key(), (now - hours, now + hours), False)
        root = x509.load_pem_x509_certificate(ROOT_FILE.read_bytes())
        if public is ...:
            public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        payload = cbor({
            "module_id": MODULE, "digest": "SHA384", "timestamp": int((time.time() - age) * 1000),
            "pcrs": {0: image} | {index: bytes(48) for index in range(1, 16)},
            "certificate": issued.public_bytes(Encoding.DER), "cabundle": [root.public_bytes(Encoding.DER)],
            "public_key": public, "user_data": None, "nonce": None,
        })
        protected = bytes.fromhex("a1013822")
        signed = cbor(["Signature1", protected, b"", payload])
        numbers = utils.decode_dss_signature(leaf.sign(signed, ec.ECDSA(hashes.SHA384())))
        signature = b"".join(number.to_bytes(48) for number in numbers)
        return head(4, 4) + cbor(protected) + cbor({}) + cbor(payload) + cbor(signature)

    def recipient(self, **change):
        return {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": self.document(**change)}

    def open(self, message):
        """The content of a CMS EnvelopedData (RFC 5652 §6) to this enclave."""
        version, recipients, content = children(content_of(message, "1.2.840.113549.1.7.3"))
        assert version == (2, b"\x02")
        ((tag, recipient),) = children(recipients[1])
        assert tag == 0x30
        number, _, algorithm, sealed = children(recipient)
        assert number == (2, b"\x02")
        assert children(algorithm[1])[0] == (6, oid("1.2.840.113549.1.1.7"))
        oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
        secret = self.key.decrypt(sealed[1], oaep)
        kind, algorithm, sealed = children(content[1])
        assert kind == (6, oid("1.2.840.113549.1.7.1"))
        (cipher, (_, iv)) = children(algorithm[1])
        assert cipher == (6, oid("2.16.840.1.101.3.4.1.42"))
        opened = Cipher(algorithms.AES256(secret), modes.CBC(iv)).decryptor()
        padded = opened.update(inner(*sealed)) + opened.finalize()
        unpadder = block_padding.PKCS7(128).unpadder()
        return unpadder.update(padded) + unpadder.finalize()


def content_of(message, wanted):
    """What a ContentInfo of the wanted type holds."""
    ((tag, outer),) = children(message)
    kind, explicit = children(outer)
    assert (tag, kind) == (0x30, (6, oid(wanted)))
    ((tag, content),) = children(explicit[1])
    assert tag == 0x30
    return content


def inner(tag, content):
    """The bytes of [0] IMPLICIT OCTET STRING, primitive or in pieces."""
    return content if tag == 0x80 else b"".join(piece for _, piece in children(content))


def children(content):
    """The items of DER, or of BER with indefinite lengths, each as tag and content."""
    items, at = [], 0
    while at < len(content):
        item, at = take(content, at)
        items.append(item)
    return items


def take(content, at):
    tag, length, at = content[at], content[at + 1], at + 2
    if length == 0x80:
        start = at
        while content[at:at + 2] != b"\0\0":
            _, at = take(content, at)
        return (tag, content[start:at]), at + 2
    if length > 0x80:
        length, at = int.from_bytes(content[at:at + length - 0x80]), at + length - 0x80
    return (tag, content[at:at + length]), at + length


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = bytes([40 * first + second])
    for arc in rest:
        groups = [arc & 0x7f]
        while arc := arc >> 7:
            groups.insert(0, arc & 0x7f | 0x80)
        out += bytes(groups)
    return out


if __name__ == "__main__":
    write_root()
