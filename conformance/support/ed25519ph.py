"""Ed25519ph after RFC 8032 sections 5.1 and 4, in plain Python: the libraries at hand offer Ed25519 alone."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
# Section 2: dom2(1, "") for the prehashed variant without a context.
DOMAIN = b"SigEd25519 no Ed25519 collisions" + bytes([1, 0])


def digest(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def add(a, b):
    """Section 5.1.4, in extended coordinates."""
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    product = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            product = add(product, point)
        point, scalar = add(point, point), scalar >> 1
    return product


def base_point():
    y = 4 * pow(5, -1, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = x if x % 2 == 0 else P - x
    return x, y, 1, x * y % P


BASE = base_point()


def encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def sign(seed, message):
    """The signature of `message`, which is hashed first."""
    hashed = hashlib.sha512(message).digest()
    expanded = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(expanded[:32], "little") & (2**254 - 8) | 2**254
    public = encode(multiply(scalar, BASE))
    nonce = digest(DOMAIN, expanded[32:], hashed) % ORDER
    commitment = encode(multiply(nonce, BASE))
    response = (nonce + digest(DOMAIN, commitment, public, hashed) * scalar) % ORDER
    return commitment + response.to_bytes(32, "little")
