"""An identity provider: its tokens verify under the key of oidc-keys.json. The key protects nothing but tests."""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HOST = "idp.example.com"
ISSUER = f"https://{HOST}"
AUDIENCE = "sts.amazonaws.com"
_KEY = ec.derive_private_key(0x5354524F4E47524F4F4D20636F6E666F726D616E6365, ec.SECP256R1())


def _encode(part):
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(subject="user:1", algorithm="ES256", **claims):
    """A token of now for `subject`; a claim that is None is left out."""
    now = int(time.time())
    usual = {"iss": ISSUER, "sub": subject, "aud": AUDIENCE, "iat": now, "exp": now + 600}
    payload = {name: value for name, value in (usual | claims).items() if value is not None}
    signed = f"{_encode({'alg': algorithm, 'kid': 'conformance'})}.{_encode(payload)}"
    r, s = decode_dss_signature(_KEY.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
