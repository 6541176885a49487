"""Runs the stock AWS CLI against the server under test."""

import base64
import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import botocore

AWS = Path(sys.executable).with_name("aws")
SECONDS_MAX = 120
# What the pinned CLI's own copy of the model lacks. It takes these from boto3's, as `aws configure add-model` would
# have it: from the home directory.
NEWER = {"decapsulate", "encapsulate"}

_succeeded = set()


@contextlib.contextmanager
def succeeded():
    """The commands of KMS that succeed while this lasts."""
    _succeeded.clear()
    yield _succeeded


@functools.cache
def home_with_newer_models():
    home = tempfile.TemporaryDirectory()
    configuration = Path(home.name) / ".aws"
    configuration.mkdir()
    configuration.joinpath("models").symlink_to(Path(botocore.__file__).with_name("data"))
    return home


class Credentials:
    """Whom commands are run as; without any, the root of the default account."""

    def __init__(self, access_key_id, secret_access_key, session_token=None):
        self.environment = {"AWS_ACCESS_KEY_ID": access_key_id, "AWS_SECRET_ACCESS_KEY": secret_access_key}
        if session_token:
            self.environment["AWS_SESSION_TOKEN"] = session_token

    @classmethod
    def of(cls, reply):
        """The credentials of a reply: an AccessKey of IAM, or Credentials of STS."""
        return cls(reply["AccessKeyId"], reply["SecretAccessKey"], reply.get("SessionToken"))


def run(*arguments, cwd=None, by=None):
    environment = os.environ | {"AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
    if by:
        environment.pop("AWS_SESSION_TOKEN", None)
        environment |= by.environment
    if arguments[1] in NEWER:
        environment["HOME"] = home_with_newer_models().name
    command = [str(AWS), *arguments, "--output", "json"]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=SECONDS_MAX)


def aws(*arguments, cwd=None, by=None):
    """What a command that must succeed prints."""
    done = run(*arguments, cwd=cwd, by=by)
    assert done.returncode == 0, done.stderr
    if arguments[0] == "kms":
        _succeeded.add(arguments[1])
    return json.loads(done.stdout) if done.stdout.strip() else None


def fails(code, *arguments, cwd=None, by=None):
    """What a command that must fail with `code` prints to the error stream."""
    done = run(*arguments, cwd=cwd, by=by)
    assert done.returncode != 0, done.stdout
    assert f"({code})" in done.stderr, done.stderr
    return done.stderr


class Folder:
    """The files that commands take their blobs from."""

    def __init__(self, path):
        self.path = path

    def put(self, name, data):
        """Writes bytes, or the base64 of a reply, and returns how an argument names them."""
        self.path.joinpath(name).write_bytes(base64.b64decode(data) if isinstance(data, str) else data)
        return f"fileb://{self.path / name}"
