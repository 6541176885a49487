"""SM2 by the book (GB/T 32918), with numbers of any size: slow, and for tests only."""

import hashlib
import secrets

from cryptography.hazmat.primitives.asymmetric import utils

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
IDENTIFIER = b"1234567812345678"
# SubjectPublicKeyInfo of ecPublicKey on sm2p256v1, up to the point.
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")


def sm3(*parts):
    return hashlib.new("sm3", b"".join(parts)).digest()


def add(one, other):
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % P == 0:
        return None
    if one == other:
        slope = (3 * one[0] ** 2 + A) * pow(2 * one[1], -1, P) % P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P) % P
    x = (slope ** 2 - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def multiply(number, point):
    product = None
    for bit in bin(number)[2:]:
        product = add(product, product)
        if bit == "1":
            product = add(product, point)
    return product


def octets(*numbers):
    return b"".join(number.to_bytes(32) for number in numbers)


class Private:
    def __init__(self):
        self.number = 1 + secrets.randbelow(N - 2)
        self.public = multiply(self.number, G)

    def spki(self):
        return SPKI + octets(*self.public)

    def exchange(self, public):
        return octets(multiply(self.number, point_of(public))[0])


def point_of(spki):
    assert spki[:-64] == SPKI
    point = int.from_bytes(spki[-64:-32]), int.from_bytes(spki[-32:])
    assert (point[1] ** 2 - point[0] ** 3 - A * point[0] - B) % P == 0
    return point


def digest(spki, message):
    """What is signed for a message: SM3 of Z_A and the message (part 2, §5.5 and §6.1)."""
    length = (8 * len(IDENTIFIER)).to_bytes(2)
    return sm3(sm3(length, IDENTIFIER, octets(A, B, *G, *point_of(spki))), message)


def verifies(spki, signature, hashed):
    """Part 2, §7.1, of a signature in DER."""
    r, s = utils.decode_dss_signature(signature)
    t = (r + s) % N
    if not (0 < r < N and 0 < s < N and t):
        return False
    point = add(multiply(s, G), multiply(t, point_of(spki)))
    return (int.from_bytes(hashed) + point[0]) % N == r


def encrypt(spki, plaintext):
    """Part 4, §6.1; the ciphertext as SEQUENCE { x, y, hash, ciphertext } (GB/T 35276)."""
    number = 1 + secrets.randbelow(N - 1)
    first, shared = multiply(number, G), octets(*multiply(number, point_of(spki)))
    stream = b"".join(sm3(shared, count.to_bytes(4)) for count in range(1, len(plaintext) // 32 + 2))
    masked = bytes(one ^ other for one, other in zip(plaintext, stream))
    check = sm3(shared[:32], plaintext, shared[32:])
    return der(0x30, der_integer(first[0]), der_integer(first[1]), der(4, check), der(4, masked))


def der_integer(number):
    return der(2, number.to_bytes(number.bit_length() // 8 + 1))


def der(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content
