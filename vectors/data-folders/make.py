#!/usr/bin/env python3
"""Makes a data folder with an earlier strongroom, and a list of what must be found in it.

    vectors/data-folders/make.py NAME BINARY

What a version cannot do yet is left out of its folder. Needs Python 3.9 or newer and tar.
"""
import base64
import datetime
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

REGION = "us-east-1"
MESSAGE = base64.b64encode(b"what was signed").decode()
SPECS = [
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", None),
    ("RSA_2048", "SIGN_VERIFY", "RSASSA_PSS_SHA_256"),
    ("RSA_2048", "ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_256"),
    ("ECC_NIST_P256", "SIGN_VERIFY", "ECDSA_SHA_256"),
    ("HMAC_256", "GENERATE_VERIFY_MAC", "HMAC_SHA_256"),
    ("ML_DSA_44", "SIGN_VERIFY", "ML_DSA_SHAKE_256"),
]


def hash_of(data):
    return hashlib.sha256(data).hexdigest()


class Server:
    """A running server of an earlier version."""

    def __init__(self, binary, data):
        words = [binary, "dev", "--listen", "127.0.0.1:0", "--json", "--data", data]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = json.loads(self.process.stdout.readline())
        self.endpoint = next(value for value in line.values() if str(value).startswith("http://"))

    def end(self):
        self.process.terminate()
        assert self.process.wait(60) == 0

    def send(self, service, headers, body):
        """The reply's body, or None when it is a refusal."""
        host = urllib.parse.urlparse(self.endpoint).netloc
        now = datetime.datetime.now(datetime.timezone.utc)
        time, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        headers = {"host": host, "x-amz-date": time, **headers}
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = f"POST\n/\n\n{lines}\n{names}\n{hash_of(body)}"
        scope = f"{day}/{REGION}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash_of(request.encode())}"
        key = b"AWS4test"
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        try:
            asked = urllib.request.Request(self.endpoint, body, headers)
            return urllib.request.urlopen(asked).read()
        except urllib.error.HTTPError as error:
            print(f"  left out: {headers.get('x-amz-target', body[:60])}: {error.read()[:120]}")
            return None

    def kms(self, operation, **members):
        headers = {"x-amz-target": f"TrentService.{operation}", "content-type": "application/x-amz-json-1.1"}
        reply = self.send("kms", headers, json.dumps(members).encode())
        return None if reply is None else json.loads(reply or b"{}")

    def iam(self, action, **members):
        form = urllib.parse.urlencode({"Action": action, "Version": "2010-05-08", **members})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.send("iam", headers, form.encode())


def use(server, key, usage, algorithm):
    """What the key did, and what today's server must do with it."""
    if usage == "ENCRYPT_DECRYPT":
        members = {"KeyId": key, "Plaintext": MESSAGE}
        asked = {"KeyId": key}
        if algorithm:
            members["EncryptionAlgorithm"] = asked["EncryptionAlgorithm"] = algorithm
        else:
            members["EncryptionContext"] = asked["EncryptionContext"] = {"of": "an earlier version"}
        done = server.kms("Encrypt", **members)
        return done and ["Decrypt", {**asked, "CiphertextBlob": done["CiphertextBlob"]}, {"Plaintext": MESSAGE}]
    if usage == "SIGN_VERIFY":
        done = server.kms("Sign", KeyId=key, Message=MESSAGE, SigningAlgorithm=algorithm)
        asked = {"KeyId": key, "Message": MESSAGE, "SigningAlgorithm": algorithm}
        return done and ["Verify", {**asked, "Signature": done["Signature"]}, {"SignatureValid": True}]
    done = server.kms("GenerateMac", KeyId=key, Message=MESSAGE, MacAlgorithm=algorithm)
    asked = {"KeyId": key, "Message": MESSAGE, "MacAlgorithm": algorithm}
    return done and ["VerifyMac", {**asked, "Mac": done["Mac"]}, {"MacValid": True}]


def fill(server):
    """Pairs of what to ask and what must be in the answer."""
    facts = []
    for number, (spec, usage, algorithm) in enumerate(SPECS):
        members = {"Description": f"key {number}", "Tags": [{"TagKey": "number", "TagValue": str(number)}]}
        made = server.kms("CreateKey", KeySpec=spec, KeyUsage=usage, **members)
        if made is None:
            continue
        metadata = made["KeyMetadata"]
        key, alias = metadata["Arn"], f"alias/key-{number}"
        known = {name: metadata[name] for name in ("Arn", "Description", "KeyUsage")}
        facts.append(["DescribeKey", {"KeyId": key}, {"KeyMetadata": known}])
        facts.append(["ListResourceTags", {"KeyId": key}, {"Tags": members["Tags"]}])
        if server.kms("CreateAlias", AliasName=alias, TargetKeyId=key) is not None:
            facts.append(["DescribeKey", {"KeyId": alias}, {"KeyMetadata": {"Arn": key}}])
        used = use(server, key, usage, algorithm)
        if used:
            facts.append(used)
    symmetric = facts[0][1]["KeyId"]
    policy = server.kms("GetKeyPolicy", KeyId=symmetric, PolicyName="default")["Policy"]
    text = json.dumps({**json.loads(policy), "Id": "of an earlier version"})
    if server.kms("PutKeyPolicy", KeyId=symmetric, PolicyName="default", Policy=text) is not None:
        facts.append(["GetKeyPolicy", {"KeyId": symmetric, "PolicyName": "default"}, {"Policy": text}])
    granted = server.kms(
        "CreateGrant", KeyId=symmetric, Operations=["Decrypt"], GranteePrincipal="arn:aws:iam::000000000000:root"
    )
    if granted:
        facts.append(["ListGrants", {"KeyId": symmetric}, {"Grants": [{"GrantId": granted["GrantId"]}]}])
    if server.kms("EnableKeyRotation", KeyId=symmetric) is not None:
        facts.append(["GetKeyRotationStatus", {"KeyId": symmetric}, {"KeyRotationEnabled": True}])
    for state, operation in [("Disabled", "DisableKey"), ("PendingDeletion", "ScheduleKeyDeletion")]:
        key = server.kms("CreateKey", Description=state)["KeyMetadata"]["Arn"]
        if server.kms(operation, KeyId=key) is not None:
            facts.append(["DescribeKey", {"KeyId": key}, {"KeyMetadata": {"KeyState": state}}])
    users = []
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
    if server.iam("CreateUser", UserName="somebody") is not None:
        server.iam("PutUserPolicy", UserName="somebody", PolicyName="all", PolicyDocument=json.dumps(policy))
        reply = (server.iam("CreateAccessKey", UserName="somebody") or b"").decode()
        part = lambda name: reply.split(f"<{name}>")[1].split("<")[0]
        if reply:
            users.append({"access_key_id": part("AccessKeyId"), "secret": part("SecretAccessKey")})
    return {"facts": facts, "users": users}


def main(name, binary):
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        server = Server(binary, data)
        known = fill(server)
        server.end()
        # A second life, so that there is more than one segment of the audit log.
        server = Server(binary, data)
        assert server.kms("ListKeys") is not None
        server.end()
        with open(os.path.join(here, f"{name}.json"), "w") as out:
            json.dump(known, out, indent=1)
            out.write("\n")
        # The reserve is room on the disk and nothing else; the next start takes it again.
        reserve = os.path.join(data, "audit", "reserve")
        if os.path.exists(reserve):
            os.remove(reserve)
        packed = os.path.join(here, f"{name}.tar.gz")
        left_out = ["--exclude=*.sock", "--exclude=*-shm", "--owner=0", "--group=0", "--sort=name"]
        subprocess.run(["tar", "-czf", packed, *left_out, "-C", folder, "data"], check=True)
        print(f"{name}: {len(known['facts'])} facts, {os.path.getsize(packed)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
