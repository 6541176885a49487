#!/usr/bin/env python3
"""Whether a missing and a forbidden key of another account can be told apart by time.

usage: unseen.py [PAIRS]     against the dev server of AWS_ENDPOINT_URL; 100,000 pairs by default

Asks for both in turns, in an order drawn anew for each pair, over one connection, and prints Welch's t of the two
samples with their means and medians. Ends with failure when |t| is 10 or more. Not part of CI: it takes minutes.
"""

import http.client
import json
import math
import os
import random
import statistics
import sys
import time
import urllib.parse

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4599")
REGION = "us-east-1"
OWNER, CALLER = "455000000001", "455000000002"
T_MAX = 10


def client(account):
    session = boto3.Session(aws_access_key_id=account, aws_secret_access_key="test", region_name=REGION)
    return session.client("kms", endpoint_url=ENDPOINT)


class Prober:
    """Signs and sends Encrypt over one connection; the time counts from the first byte sent to the last received."""

    def __init__(self):
        self.host = urllib.parse.urlsplit(ENDPOINT).netloc
        self.auth = SigV4Auth(Credentials(CALLER, "test"), "kms", REGION)
        self.connection = http.client.HTTPConnection(self.host)

    def ask(self, key_arn):
        body = json.dumps({"KeyId": key_arn, "Plaintext": "YQ=="})
        headers = {
            "Host": self.host,
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "TrentService.Encrypt",
        }
        request = AWSRequest("POST", ENDPOINT + "/", headers, body)
        self.auth.add_auth(request)
        signed = dict(request.headers.items())
        began = time.perf_counter_ns()
        self.connection.request("POST", "/", body, signed)
        reply = self.connection.getresponse()
        text = reply.read()
        return time.perf_counter_ns() - began, (reply.status, text)


def welch(one, other):
    variance = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(variance)


def main(pairs):
    forbidden = client(OWNER).create_key()["KeyMetadata"]["Arn"]
    missing = forbidden[:-12] + "000000000000"
    prober = Prober()
    times = {forbidden: [], missing: []}
    answers = set()
    for _ in range(pairs):
        for key_arn in random.sample([forbidden, missing], 2):
            took, answer = prober.ask(key_arn)
            times[key_arn].append(took)
            answers.add(answer)
    if len(answers) != 1:
        sys.exit(f"the answers differ: {answers}")
    for name, key_arn in (("forbidden", forbidden), ("missing", missing)):
        mean, median = statistics.fmean(times[key_arn]), statistics.median(times[key_arn])
        print(f"{name}: mean {mean / 1e3:.1f} us, median {median / 1e3:.1f} us")
    t = welch(times[forbidden], times[missing])
    print(f"{pairs} pairs, one answer, Welch's t = {t:.2f} (|t| < {T_MAX} wanted)")
    return abs(t) >= T_MAX


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
