"""Clients of the server under test, each with its replies held against the service model."""

import itertools
import os
import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import model

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4599")
REGION = os.environ.get("AWS_REGION", "us-east-1")
ROOT_ACCOUNT = "000000000000"
UNSEEN = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)

_accounts = itertools.count(100_000_000_001)


def fresh_account():
    """An account no test has used before: a server in dev makes it on first use."""
    return str(next(_accounts))


def session(account=ROOT_ACCOUNT, region=REGION):
    key_id = "test" if account == ROOT_ACCOUNT else account
    return boto3.Session(aws_access_key_id=key_id, aws_secret_access_key="test", region_name=region)


def kms(account=ROOT_ACCOUNT, region=REGION):
    """The KMS client of an account's root, see kms_of."""
    return kms_of(session(account, region))


def kms_of(session):
    """A KMS client that sends what it is told, right or wrong, and tolerates no unmodelled reply."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    client = session.client("kms", endpoint_url=ENDPOINT, config=config)
    client.meta.events.register("before-parse.kms.*", check_reply)
    return client


def check_reply(operation_model, response_dict, **_):
    model.check_reply(operation_model, response_dict)


def sts(account=ROOT_ACCOUNT, region=REGION):
    return session(account, region).client("sts", endpoint_url=ENDPOINT)


def iam(account=ROOT_ACCOUNT):
    """An IAM client of the account's root that sends what it is told."""
    return of_session(session(account), "iam")


def of_session(session, service):
    """A client of whoever the session is."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=ENDPOINT, config=config)


def of_key(access_key, service):
    """A client of whoever has the access key, as CreateAccessKey answers with it."""
    return of_session(
        boto3.Session(
            aws_access_key_id=access_key["AccessKeyId"],
            aws_secret_access_key=access_key["SecretAccessKey"],
            region_name=REGION,
        ),
        service,
    )


def refused(call, code, text=None, /, **arguments):
    """Checks that `call` fails with `code`. `text` is the exact text, a compiled pattern, or None for any;
    the empty text means the reply has none."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    found = error.get("Message", "")
    if isinstance(text, re.Pattern):
        assert text.fullmatch(found), found
    elif text is not None:
        assert found == text


def status(call, **arguments):
    """The HTTP status and code that `call` fails with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def starts(text):
    return re.compile(re.escape(text) + ".*", re.DOTALL)


def violation(text):
    return f"1 validation error detected: {text}"
