"""The kinds of keys that the API can hold: key spec, usage, origin, and place among related keys."""

import itertools
from dataclasses import dataclass

REGION = "us-east-1"
# Where the relatives of multi-Region keys are, and where more may come.
OTHER_REGION = "eu-west-1"
THIRD_REGION = "us-west-2"
CHINA = "cn-north-1"
# An AWS service that has a managed key in every account.
SERVICE = "sqs"

SIGNING = {
    "RSA_2048": "RSASSA_PSS_SHA_256",
    "RSA_3072": "RSASSA_PKCS1_V1_5_SHA_384",
    "RSA_4096": "RSASSA_PSS_SHA_512",
    "ECC_NIST_P256": "ECDSA_SHA_256",
    "ECC_NIST_P384": "ECDSA_SHA_384",
    "ECC_NIST_P521": "ECDSA_SHA_512",
    "ECC_SECG_P256K1": "ECDSA_SHA_256",
    "ECC_NIST_EDWARDS25519": "ED25519_SHA_512",
    "ML_DSA_44": "ML_DSA_SHAKE_256",
    "ML_DSA_65": "ML_DSA_SHAKE_256",
    "ML_DSA_87": "ML_DSA_SHAKE_256",
    "SM2": "SM2DSA",
}
ENCRYPTION = {
    "SYMMETRIC_DEFAULT": "SYMMETRIC_DEFAULT",
    "RSA_2048": "RSAES_OAEP_SHA_1",
    "RSA_3072": "RSAES_OAEP_SHA_256",
    "RSA_4096": "RSAES_OAEP_SHA_256",
    "SM2": "SM2PKE",
}
MACS = {f"HMAC_{bits}": f"HMAC_SHA_{bits}" for bits in (224, 256, 384, 512)}
AGREEMENT = {spec: "ECDH" for spec in ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "SM2")}
ENCAPSULATION = {f"ML_KEM_{size}": "ML_KEM" for size in (512, 768, 1024)}
# An algorithm for each usage and key spec that go together.
ALGORITHMS = {
    "ENCRYPT_DECRYPT": ENCRYPTION,
    "SIGN_VERIFY": SIGNING,
    "GENERATE_VERIFY_MAC": MACS,
    "KEY_AGREEMENT": AGREEMENT,
    "ENCAPSULATE_DECAPSULATE": ENCAPSULATION,
}
SPECS = list(dict.fromkeys(itertools.chain(*ALGORITHMS.values())))
# Key specs that exist only in the Regions of China.
CHINESE = {"SM2"}


@dataclass(frozen=True)
class Kind:
    spec: str
    usage: str
    origin: str = "AWS_KMS"
    # "single", or among related multi-Region keys "primary" or "replica".
    place: str = "single"
    manager: str = "CUSTOMER"
    region: str = REGION

    def __str__(self):
        words = ["AWS" if self.manager == "AWS" else self.spec, self.usage.split("_")[0]]
        words += [self.origin] * (self.origin != "AWS_KMS") + [self.place] * self.multi_region
        return "-".join(words)

    @property
    def multi_region(self):
        return self.place != "single"

    @property
    def symmetric(self):
        return self.spec == "SYMMETRIC_DEFAULT"

    @property
    def secret(self):
        """Whether the key has no public half."""
        return self.symmetric or self.spec in MACS

    @property
    def external(self):
        return self.origin == "EXTERNAL"

    @property
    def algorithm(self):
        return ALGORITHMS[self.usage][self.spec]

    @property
    def states(self):
        """The states that a key of this kind can stay in."""
        if self.manager == "AWS":
            return ["Enabled"]
        states = ["Enabled", "Disabled", "PendingDeletion"]
        states += ["PendingReplicaDeletion"] * (self.place == "primary")
        return states + ["PendingImport"] * self.external


def importable(spec):
    return not spec.startswith(("ML_", "SM2"))


def single_region():
    for usage, specs in ALGORITHMS.items():
        for spec in specs:
            yield Kind(spec, usage, region=CHINA if spec in CHINESE else REGION)
            if importable(spec):
                yield Kind(spec, usage, "EXTERNAL")


def multi_region():
    related = [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EXTERNAL"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "AWS_KMS"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "EXTERNAL"),
        ("RSA_2048", "ENCRYPT_DECRYPT", "AWS_KMS"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "AWS_KMS"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "EXTERNAL"),
        ("ECC_NIST_P384", "KEY_AGREEMENT", "AWS_KMS"),
        ("ML_DSA_44", "SIGN_VERIFY", "AWS_KMS"),
        ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE", "AWS_KMS"),
    ]
    for (spec, usage, origin), place in itertools.product(related, ("primary", "replica")):
        yield Kind(spec, usage, origin, place)


SYMMETRIC = Kind("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
MANAGED = Kind("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", manager="AWS")
KINDS = [*single_region(), *multi_region(), MANAGED]
