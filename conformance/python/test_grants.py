"""Grants: made, listed, retired and revoked. They let nobody in yet."""

import pytest

import clients
from clients import refused, starts, violation

NOBODY = "0" * 64
DRY = "The request would have succeeded, but the DryRun option is set."


def root(account):
    return f"arn:aws:iam::{account}:root"


@pytest.fixture
def grant(kms, key, account):
    made = kms.create_grant(KeyId=key, GranteePrincipal=root(account), Operations=["DescribeKey"])
    return {"KeyId": key, "GrantId": made["GrantId"]}, made["GrantToken"]


def ids(kms, operation, **arguments):
    pages = kms.get_paginator(operation).paginate(**arguments)
    return [entry["GrantId"] for page in pages for entry in page["Grants"]]


def test_grants_are_listed_as_they_were_made(kms, account, key):
    other = clients.fresh_account()
    asked = {
        "GranteePrincipal": f"arn:aws:iam::{other}:role/path/reader",
        "RetiringPrincipal": root(account),
        "Operations": ["Decrypt", "GenerateDataKey"],
        "Constraints": {"EncryptionContextEquals": {"a": "b"}},
        "Name": "a:name/of_it-1",
    }
    made = kms.create_grant(KeyId=key, **asked)
    [entry] = kms.list_grants(KeyId=key)["Grants"]
    assert entry.pop("CreationDate").microsecond == 0
    assert entry == asked | {"KeyId": key, "GrantId": made["GrantId"], "IssuingAccount": root(account)}
    again = kms.create_grant(KeyId=key, **asked)
    assert again["GrantId"] == made["GrantId"]
    assert again["GrantToken"] != made["GrantToken"]


def test_lists_come_in_pages(kms, account, key):
    retiring = f"arn:aws:iam::{account}:user/{clients.fresh_account()}"
    made = set()
    for number in range(5):
        arguments = {"GranteePrincipal": root(account), "RetiringPrincipal": retiring}
        if number == 4:
            arguments["GranteePrincipal"] = f"arn:aws:iam::{account}:user/other"
        made.add(kms.create_grant(KeyId=key, Operations=["Encrypt"], **arguments)["GrantId"])
    paging = {"PaginationConfig": {"PageSize": 2}}
    for operation, arguments in [
        ("list_grants", {"KeyId": key}),
        ("list_retirable_grants", {"RetiringPrincipal": retiring}),
    ]:
        found = ids(kms, operation, **arguments, **paging)
        assert (len(found), set(found)) == (5, made)
        refused(getattr(kms, operation), "InvalidMarkerException", "", Marker="rubbish", **arguments)
    assert len(ids(kms, "list_grants", KeyId=key, GranteePrincipal=root(account), **paging)) == 4
    one = made.pop()
    assert ids(kms, "list_grants", KeyId=key, GrantId=one) == [one]
    refused(kms.list_grants, "InvalidGrantIdException", KeyId=key, GrantId=NOBODY)


@pytest.mark.parametrize("principal, text", [
    ("AIDA1234567890123456", "GranteePrincipal does not refer to a valid principal."),
    ("alice", "ARN is not valid: alice"),
    ("arn:aws:iam::000000000000:group/g", "ARN is not valid: arn:aws:iam::000000000000:group/g"),
    ("arn:aws:sts::000000000000:assumed-role/path/role/session",
     "ARN is not valid: arn:aws:sts::000000000000:assumed-role/path/role/session"),
    ("arn:aws-cn:iam::000000000000:root",
     "ARN does not refer to a valid principal: arn:aws-cn:iam::000000000000:root"),
])
def test_principals_that_are_none(kms, key, principal, text):
    refused(
        kms.create_grant, "InvalidArnException", text,
        KeyId=key, GranteePrincipal=principal, Operations=["Encrypt"],
    )


def test_principals_in_lists(kms, key):
    dead = "AROA1234567890123456:session"
    refused(
        kms.list_grants, "InvalidArnException", "Input does not refer to a valid principal",
        KeyId=key, GranteePrincipal=dead,
    )
    for absent in (dead, root(clients.fresh_account())):
        refused(
            kms.list_retirable_grants, "NotFoundException",
            f"Retiring principal {absent} could not be found", RetiringPrincipal=absent,
        )


def test_operations_and_constraints_must_fit_the_key(kms, account):
    metadata = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    arguments = {"KeyId": metadata["Arn"], "GranteePrincipal": root(account)}
    refused(
        kms.create_grant, "ValidationException",
        "Operations [Encrypt] are not supported when creating a grant for a symmetric KMS key with key usage "
        "GENERATE_VERIFY_MAC. Valid operations are [CreateGrant, RetireGrant, DescribeKey, GenerateMac, VerifyMac]",
        Operations=["GenerateMac", "Encrypt"], **arguments,
    )
    refused(
        kms.create_grant, "ValidationException",
        "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key.",
        Operations=["GenerateMac"], Constraints={"EncryptionContextSubset": {"a": "b"}}, **arguments,
    )
    kms.create_grant(Operations=["GenerateMac", "RetireGrant"], **arguments)
    metadata = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    refused(
        kms.create_grant, "ValidationException",
        "Operations [Encrypt] are not supported when creating a grant for an asymmetric KMS key with key usage "
        "SIGN_VERIFY. Valid operations are [CreateGrant, RetireGrant, DescribeKey, GetPublicKey, Sign, Verify]",
        KeyId=metadata["Arn"], GranteePrincipal=root(account), Operations=["Encrypt"],
    )


def test_violations_are_named(kms, account, key):
    arguments = {"KeyId": key, "GranteePrincipal": root(account), "Operations": ["Encrypt"]}
    refused(
        kms.create_grant, "ValidationException",
        violation("Value 'a b' at 'name' failed to satisfy constraint: "
                  "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"),
        Name="a b", **arguments,
    )
    refused(kms.create_grant, "ValidationException", KeyId=key, Operations=["Encrypt"])
    refused(kms.retire_grant, "ValidationException", KeyId=key)


def test_states(kms, account, key, grant):
    kms.disable_key(KeyId=key)
    arguments = {"KeyId": key, "GranteePrincipal": root(account), "Operations": ["Encrypt"]}
    refused(kms.create_grant, "DisabledException", f"{key} is disabled.", **arguments)
    kms.schedule_key_deletion(KeyId=key)
    refused(kms.create_grant, "KMSInvalidStateException", f"{key} is pending deletion.", **arguments)
    assert ids(kms, "list_grants", KeyId=key) == [grant[0]["GrantId"]]
    kms.revoke_grant(**grant[0])
    assert ids(kms, "list_grants", KeyId=key) == []


def test_dry_runs_do_nothing(kms, account, key, grant):
    named, token = grant
    refused(kms.retire_grant, "DryRunOperationException", DRY, GrantToken=token, DryRun=True)
    refused(kms.revoke_grant, "DryRunOperationException", DRY, DryRun=True, **named)
    refused(
        kms.create_grant, "DryRunOperationException", DRY,
        KeyId=key, GranteePrincipal=root(account), Operations=["Encrypt"], DryRun=True,
    )
    assert ids(kms, "list_grants", KeyId=key) == [named["GrantId"]]


def test_grants_are_retired_by_token_and_by_name(kms, account, key, grant):
    named, token = grant
    bare = key.rsplit("/", 1)[1]
    refused(kms.retire_grant, "NotFoundException", f"Invalid arn {bare}", **named | {"KeyId": bare})
    refused(kms.retire_grant, "InvalidGrantIdException", **named | {"GrantId": NOBODY})
    kms.retire_grant(**named)
    refused(kms.retire_grant, "InvalidGrantTokenException", GrantToken=token)
    made = kms.create_grant(KeyId=key, GranteePrincipal=root(account), Operations=["Encrypt"])
    kms.retire_grant(GrantToken=made["GrantToken"])
    assert ids(kms, "list_grants", KeyId=key) == []


def test_another_account_retires_what_names_it_and_sees_nothing_else(kms, account, key):
    other = clients.fresh_account()
    theirs = clients.kms(other)
    arguments = {"KeyId": key, "GranteePrincipal": root(other), "Operations": ["Encrypt", "DescribeKey"]}
    made = kms.create_grant(RetiringPrincipal=root(other), **arguments)
    ours = kms.create_grant(**arguments)
    tokens = [made["GrantToken"]]
    for operation, more in [
        (theirs.describe_key, {"GrantTokens": tokens}),
        (theirs.encrypt, {"GrantTokens": tokens, "Plaintext": b"x"}),
        (theirs.list_grants, {}),
        (theirs.revoke_grant, {"GrantId": made["GrantId"]}),
        (theirs.retire_grant, {"GrantId": ours["GrantId"]}),
    ]:
        who = starts(f"User: {root(other)} is not authorized to perform: kms:")
        refused(operation, "AccessDeniedException", who, KeyId=key, **more)
    assert ids(theirs, "list_retirable_grants", RetiringPrincipal=root(other)) == [made["GrantId"]]
    theirs.retire_grant(KeyId=key, GrantId=made["GrantId"])
    assert ids(kms, "list_grants", KeyId=key) == [ours["GrantId"]]


def test_grant_tokens_are_checked(kms, key, grant):
    token = grant[1]
    kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token])
    kms.describe_key(KeyId=key, GrantTokens=[token])
    for wrong in ("rubbish", token[:-8] + "AAAAAAA="):
        refused(kms.encrypt, "InvalidGrantTokenException", KeyId=key, Plaintext=b"x", GrantTokens=[wrong])
    refused(kms.describe_key, "ValidationException", KeyId=key, GrantTokens=[token] * 11)
    kms.revoke_grant(**grant[0])
    refused(kms.describe_key, "InvalidGrantTokenException", KeyId=key, GrantTokens=[token])
