"""Delivery to an S3 endpoint, and what the stock `aws cloudtrail validate-logs` and `strongroom audit verify` say of
what lies there: as delivered, and after each thing was changed that somebody who writes the bucket can change."""

import contextlib
import gzip
import json
import os
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import aws_cli
import s3

BINARY = Path(os.environ.get("STRONGROOM", Path(__file__).parents[2] / "target/release/strongroom"))
BUCKET = "trail-bucket"
TRAIL = "trail"
DIGEST_SECONDS = 4
SECONDS_MAX = 60
ADDRESSES = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "NO_PROXY": "127.0.0.1"}


@contextlib.contextmanager
def running(data, configuration):
    """A server of its own; ended by its process id."""
    command = [str(BINARY), "dev", "--listen", "127.0.0.1:0", "--json", "--data", str(data)]
    command += ["--delivery-config", str(configuration)]
    log = data.with_suffix(".log").open("w")
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        yield json.loads(server.stdout.readline())["endpoint"]
    finally:
        server.kill()
        server.wait()


class Delivered:
    """What was delivered, and who can judge it."""

    def __init__(self, store, clients, endpoint, folder):
        self.store, self.clients, self.endpoint, self.folder = store, clients, endpoint, folder
        self.started = datetime.now(timezone.utc) - timedelta(minutes=1)
        self.arn = None
        self.keys = None

    @property
    def objects(self):
        return self.store.buckets[BUCKET]

    def aws(self, *arguments):
        done = aws_cli.run(*arguments, by=self.clients)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip().startswith("{") else done.stdout

    def of_kind(self, kind):
        return sorted(key for key in self.objects if f"/{kind}/" in key)

    def validate_logs(self):
        """Whether the stock CLI finds all valid, and all that it printed."""
        start = self.started.strftime("%Y-%m-%dT%H:%M:%SZ")
        arguments = ["--trail-arn", self.arn, "--start-time", start, "--verbose"]
        done = aws_cli.run("cloudtrail", "validate-logs", *arguments, by=self.clients)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 0, done.stdout + done.stderr

    def verify(self, *arguments):
        """The exit code of our own verifier over the same files, and all that it printed."""
        exported = self.folder / f"exported-{time.monotonic_ns()}"
        for key, (body, headers) in self.objects.items():
            path = exported / BUCKET / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            metadata = {
                name.removeprefix(s3.METADATA): value for name, value in headers.items() if name.startswith(s3.METADATA)
            }
            if metadata:
                path.with_name(path.name + ".metadata.json").write_text(json.dumps(metadata))
        command = [str(BINARY), "audit", "verify", str(exported), "--public-key", str(self.keys), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX)
        return done.returncode, done.stdout + done.stderr

    @contextlib.contextmanager
    def changed(self):
        """The objects may be changed while this lasts."""
        before = dict(self.objects)
        try:
            yield self.objects
        finally:
            self.store.buckets[BUCKET] = before


def until(look, what):
    ends = time.monotonic() + SECONDS_MAX
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(what)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("delivery")
    with s3.Server(BUCKET) as bucket:
        folder.joinpath("id").write_text("AKIAIOSFODNN7EXAMPLE\n")
        folder.joinpath("secret").write_text("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")
        configuration = folder / "delivery.toml"
        configuration.write_text(
            f"[delivery]\ninterval_seconds = 1\ndigest_seconds = {DIGEST_SECONDS}\n[delivery.s3]\n"
            f'endpoint = "{bucket.endpoint}"\nregion = "us-east-1"\n'
            'access_key_id_file = "id"\nsecret_access_key_file = "secret"\n'
        )
        with running(folder / "data", configuration) as endpoint:
            clients = aws_cli.Credentials("test", "test")
            clients.environment |= ADDRESSES | {"AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_S3": bucket.endpoint}
            delivered = Delivered(bucket.store, clients, endpoint, folder)
            deliver(delivered)
            yield delivered


def deliver(delivered):
    """A life of a trail: two digests with log files and at least one without, then its end."""
    created = delivered.aws("cloudtrail", "create-trail", "--name", TRAIL, "--s3-bucket-name", BUCKET,
                            "--s3-key-prefix", "a/prefix", "--enable-log-file-validation")
    delivered.arn = created["TrailARN"]
    delivered.aws("cloudtrail", "start-logging", "--name", TRAIL)
    for count in (1, 2):
        delivered.aws("kms", "list-keys")
        delivered.aws("kms", "create-key")
        until(lambda: events_named(delivered, "CreateKey") == count, "no log file was delivered")
        digests = len(delivered.of_kind("CloudTrail-Digest"))
        until(lambda: len(delivered.of_kind("CloudTrail-Digest")) > digests + 2, "no digest was delivered")
    delivered.aws("cloudtrail", "stop-logging", "--name", TRAIL)
    until(lambda: is_final(delivered), "no final digest was delivered")
    delivered.keys = delivered.folder / "keys.json"
    delivered.keys.write_text(json.dumps(delivered.aws("cloudtrail", "list-public-keys")))


def is_final(delivered):
    """Whether the newest digest ends when logging did, and the digests name all log files. Times are whole seconds: a
    digest that ended earlier in the second of the stop is told by the event of the stop, which no file has yet."""
    stopped = delivered.aws("cloudtrail", "get-trail-status", "--name", TRAIL)["TimeLoggingStopped"]
    digests = [json.loads(gzip.decompress(delivered.objects[key][0])) for key in delivered.of_kind("CloudTrail-Digest")]
    named = {file["s3Object"] for digest in digests for file in digest["logFiles"]}
    is_told = events_named(delivered, "StopLogging") > 0
    return digests[-1]["digestEndTime"] >= stopped and is_told and named == set(delivered.of_kind("CloudTrail"))


def events_named(delivered, name):
    return sum(event["eventName"] == name for file in log_files(delivered) for event in file["Records"])


def log_files(delivered):
    return [json.loads(gzip.decompress(delivered.objects[key][0])) for key in delivered.of_kind("CloudTrail")]


def test_files_hold_each_event_once(delivered):
    events = [event for file in log_files(delivered) for event in file["Records"]]
    names = [event["eventName"] for event in events]
    assert names.count("CreateKey") == names.count("ListKeys") == 2
    assert len({event["eventID"] for event in events}) == len(events)
    assert {event["recipientAccountId"] for event in events} == {"000000000000"}
    assert all(event["awsRegion"] == "us-east-1" for event in events)
    assert not delivered.store.refused
    assert all(key.startswith("a/prefix/AWSLogs/000000000000/") for key in delivered.objects)


def test_the_status_tells_of_delivery(delivered):
    status = delivered.aws("cloudtrail", "get-trail-status", "--name", TRAIL)
    assert not status["IsLogging"]
    assert status["LatestDeliveryTime"] and status["LatestDigestDeliveryTime"]
    assert not status.get("LatestDeliveryError") and not status.get("LatestDigestDeliveryError")


def test_what_was_delivered_is_valid(delivered):
    is_valid, said = delivered.validate_logs()
    assert is_valid and "INVALID" not in said, said
    digests, logs = len(delivered.of_kind("CloudTrail-Digest")), len(delivered.of_kind("CloudTrail"))
    assert f"{digests}/{digests} digest files valid" in said, said
    assert f"{logs}/{logs} log files valid" in said, said
    assert "No log files were delivered" not in said
    code, said = delivered.verify()
    assert code == 0 and "intact" in said, said
    assert f"{digests}/{digests} valid" in said and f"{logs}/{logs} valid" in said, said
    assert "named by no digest" not in said


def with_digest(change):
    """A change of the content of a digest that is neither the first nor the last."""
    def changed(delivered, objects):
        key = delivered.of_kind("CloudTrail-Digest")[1]
        body, headers = objects[key]
        digest = json.loads(gzip.decompress(body))
        change(digest)
        objects[key] = (gzip.compress(json.dumps(digest).encode()), headers)
    return changed


def with_log(change):
    def changed(delivered, objects):
        key = delivered.of_kind("CloudTrail")[0]
        body, headers = objects[key]
        objects[key] = (change(body), headers)
    return changed


def without_event(body):
    file = json.loads(gzip.decompress(body))
    file["Records"].pop()
    return gzip.compress(json.dumps(file).encode())


def remove(kind):
    return lambda delivered, objects: objects.pop(delivered.of_kind(kind)[1])


def without_signature(delivered, objects):
    key = delivered.of_kind("CloudTrail-Digest")[1]
    body, _ = objects[key]
    objects[key] = (body, {})


def exchange(delivered, objects):
    first, second = delivered.of_kind("CloudTrail-Digest")[1:3]
    objects[first], objects[second] = objects[second], objects[first]


@pytest.mark.parametrize("change, said", [
    (with_log(without_event), "hash value doesn't match"),
    (with_log(lambda body: body[:30]), "invalid format|hash value doesn't match"),
    (remove("CloudTrail"), "not found"),
    (with_digest(lambda digest: digest["logFiles"].clear()), "signature verification failed"),
    (with_digest(lambda digest: digest.update(previousDigestSignature="00")), "signature verification failed"),
    (with_digest(lambda digest: digest.update(digestS3Object="elsewhere")), "has been moved"),
    (with_digest(lambda digest: digest.update(digestPublicKeyFingerprint="00" * 16)), "public key not found"),
    (remove("CloudTrail-Digest"), "not found"),
    (without_signature, "signature verification failed"),
    (exchange, "has been moved"),
])
def test_what_was_changed_is_invalid_to_both(delivered, change, said):
    with delivered.changed() as objects:
        change(delivered, objects)
        is_valid, cli = delivered.validate_logs()
        code, own = delivered.verify()
    texts = said.split("|")
    assert not is_valid and any(f"INVALID: {text}" in cli for text in texts), cli
    assert code == 1 and any(text in own for text in texts), own


def test_what_the_stock_cli_does_not_see_is_seen(delivered):
    with delivered.changed() as objects:
        with_log(lambda body: body + b"more")(delivered, objects)
        code, said = delivered.verify()
        assert code == 1 and "unexpected data after end of compressed stream" in said, said
    newest = delivered.of_kind("CloudTrail-Digest")[-1]
    signature = delivered.objects[newest][1]["x-amz-meta-signature"]
    assert delivered.verify("--digest", signature)[0] == 0
    with delivered.changed() as objects:
        del objects[newest]
        assert delivered.validate_logs()[0]
        code, said = delivered.verify("--digest", signature)
        assert code == 1 and "the digest that was kept is not among these" in said, said


def test_keys_of_another_server_prove_nothing(delivered, tmp_path):
    others = json.loads(delivered.keys.read_text())
    others["PublicKeyList"] = []
    kept, delivered.keys = delivered.keys, tmp_path / "others.json"
    delivered.keys.write_text(json.dumps(others))
    code, said = delivered.verify()
    delivered.keys = kept
    assert code == 1 and "public key not found" in said, said


def test_a_bucket_that_fails_is_told_and_made_good(delivered):
    """Last: it goes on with the trail."""
    delivered.store.failing = (503, "SlowDown")
    delivered.aws("cloudtrail", "start-logging", "--name", TRAIL)
    delivered.aws("kms", "list-aliases")
    status = lambda: delivered.aws("cloudtrail", "get-trail-status", "--name", TRAIL)
    until(lambda: status().get("LatestDigestDeliveryError") == "SlowDown", "the failure is not told")
    delivered.store.failing = None
    until(lambda: "ListAliases" in json.dumps(log_files(delivered)), "nothing is delivered after the failure")
    until(lambda: not status().get("LatestDigestDeliveryError"), "the failure is still told")
