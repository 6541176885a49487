"""Writes the vectors that come with private keys, which the service imports over HTTP; the selection is below.

Usage: private_keys.py WYCHEPROOF PYCA, where WYCHEPROOF is a checkout of github.com/C2SP/wycheproof with its history
and PYCA the folder cryptography_vectors of the package of that name. No value is altered; CAVP's text becomes JSON.
"""

import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
# The last commit of Wycheproof whose vectors of Ed25519 name the private keys.
WITH_ED25519_KEYS = "156d287^:testvectors/eddsa_test.json"
# Hashes other than these are not offered with these curves.
CURVES = {"P-256,SHA-256": "P-256", "P-384,SHA-384": "P-384", "P-521,SHA-512": "P-521", "K-256,SHA-256": "K-256"}
AGREEMENTS = {"EC - SHA256": "P-256", "ED - SHA384": "P-384", "EE - SHA512": "P-521"}
MODULUS_BITS = {"2048", "3072", "4096"}
HASHES = {"SHA256", "SHA384", "SHA512"}
# Every n-th signature of the authors' 1024 of Ed25519: their messages are 0 to 1023 bytes long.
ED25519_STEP = 33


def write(name, value):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def sections(path):
    """The paragraphs of a CAVS file, each as pairs of its lines, by the heading in brackets above them."""
    heading, found = None, {}
    for paragraph in re.split(r"\n\s*\n", path.read_text().replace("\r", "")):
        fields = []
        for line in paragraph.splitlines():
            if match := re.fullmatch(r"\[(.*?)\]\s*", line):
                heading = match[1]
            elif match := re.fullmatch(r"(\w+) = (.*)", line):
                fields.append((match[1], match[2].strip()))
        if fields:
            found.setdefault(heading, []).append(fields)
    return found


def ecdsa(pyca):
    found = {}
    for name in ["FIPS_186-3", "SECP256K1"]:
        for heading, tests in sections(pyca / "asymmetric" / "ECDSA" / name / "SigGen.txt").items():
            if heading in CURVES:
                found[CURVES[heading]] = [{k: v for k, v in test if k in ("Msg", "d", "R", "S")} for test in tests]
    secp256k1 = found.pop("K-256")
    write("cavp/ecdsa_siggen.json", found)
    write("pyca/ecdsa_secp256k1_siggen.json", secp256k1[::6])


def agreement(pyca):
    found = {}
    for role in ["init", "resp"]:
        path = pyca / "asymmetric" / "ECDH" / f"KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_{role}.fax"
        for heading, tests in sections(path).items():
            if heading in AGREEMENTS:
                found.setdefault(AGREEMENTS[heading], []).extend(dict(test) for test in tests)
    write("cavp/kas_ecc.json", found)


def rsa(pyca):
    groups = []
    for heading, paragraphs in sections(pyca / "asymmetric" / "RSA" / "FIPS_186-2" / "SigGen15_186-2.txt").items():
        if heading.removeprefix("mod = ") not in MODULUS_BITS:
            continue
        group = {"tests": []}
        for fields in map(dict, paragraphs):
            if "SHAAlg" in fields:
                if fields["SHAAlg"] in HASHES:
                    group["tests"].append(fields)
            else:
                group |= {name: value.lstrip("0") for name, value in fields.items()}
        groups.append(group)
    write("cavp/rsa_siggen15.json", groups)


def rfc6979(pyca):
    text = (pyca / "asymmetric" / "ECDSA" / "RFC6979" / "evppkey_ecdsa_rfc6979.txt").read_text()
    keys = dict(re.findall(r"PrivateKey=(\S+)_PRIV\n(-----BEGIN.*?END PRIVATE KEY-----)", text, re.S))
    form = r'DigestVerify = (\S+)\nKey = (P-\d+)_PUB\nInput = "?(.*?)"?\nOutput = (\S+)\n(Result)?'
    groups = {}
    for digest, curve, message, signature, failure in re.findall(form, text):
        if f"{curve},SHA-{digest.removeprefix('SHA')}" in CURVES:
            group = groups.setdefault(curve, {"curve": curve, "privateKeyPem": keys[curve], "tests": []})
            result = "invalid" if failure else "valid"
            group["tests"].append({"msg": message, "sig": signature, "result": result})
    write("rfc/rfc6979.json", list(groups.values()))


def hmac(pyca):
    found = {}
    for bits in ["224", "256", "384", "512"]:
        tests = sections(pyca / "HMAC" / f"rfc-4231-sha{bits}.txt")[None]
        found[bits] = [dict(test) for test in tests if "MD" in dict(test)]
    write("rfc/rfc4231.json", found)


def ed25519(wycheproof, pyca):
    lines = (pyca / "asymmetric" / "Ed25519" / "sign.input").read_text().splitlines()
    chosen = [line.split(":") for line in [*lines[:3], *lines[3::ED25519_STEP], lines[-1]]]
    tests = [{"seed": secret[:64], "pk": public, "msg": message, "sig": signed[:128]}
             for secret, public, message, signed, _ in chosen]
    write("pyca/ed25519_sign.json", tests)
    text = subprocess.check_output(["git", "-C", wycheproof, "show", WITH_ED25519_KEYS])
    keys = [{name: group["key"][name] for name in ("pk", "sk")} for group in json.loads(text)["testGroups"]]
    write("wycheproof/ed25519_keys.json", keys)


def wycheproof_rsa(wycheproof):
    for bits in MODULUS_BITS:
        name = f"rsa_pkcs1_{bits}_sig_gen_test.json"
        text = subprocess.check_output(["git", "-C", wycheproof, "show", f"HEAD:testvectors_v1/{name}"])
        (HERE / "wycheproof" / name).write_bytes(text)


def main(wycheproof, pyca):
    for part in [ecdsa, agreement, rsa, rfc6979, hmac]:
        part(pathlib.Path(pyca))
    ed25519(wycheproof, pathlib.Path(pyca))
    wycheproof_rsa(wycheproof)


if __name__ == "__main__":
    main(*sys.argv[1:])
