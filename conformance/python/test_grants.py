"""Grants: made, listed, retired and revoked, and whom they let in."""

import pytest

import clients
import people
from clients import UNSEEN, refused, starts, violation

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
    _, reader, _ = people.role(clients.fresh_account(), path="/path/")
    asked = {
        "GranteePrincipal": reader,
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
    retiring, other = people.User(account).arn, people.User(account).arn
    made = set()
    for number in range(5):
        arguments = {"GranteePrincipal": root(account), "RetiringPrincipal": retiring}
        if number == 4:
            arguments["GranteePrincipal"] = other
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
    ("arn:aws:iam::000000000000:user/nobody",
     "ARN does not refer to a valid principal: arn:aws:iam::000000000000:user/nobody"),
    ("arn:aws:sts::000000000000:assumed-role/nobody/session",
     "ARN does not refer to a valid principal: arn:aws:sts::000000000000:assumed-role/nobody/session"),
    ("AROA1234567890123456:session", "GranteePrincipal does not refer to a valid principal."),
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


def test_another_account_does_what_its_grants_say_and_nothing_else(kms, account, key):
    other = clients.fresh_account()
    theirs = clients.kms(other)
    arguments = {"KeyId": key, "GranteePrincipal": root(other), "Operations": ["Encrypt", "DescribeKey"]}
    made = kms.create_grant(RetiringPrincipal=root(other), **arguments)
    ours = kms.create_grant(**arguments)
    theirs.describe_key(KeyId=key)
    theirs.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[made["GrantToken"]])
    for operation, action, more in [
        (theirs.generate_data_key, "GenerateDataKey", {"KeySpec": "AES_256", "GrantTokens": [made["GrantToken"]]}),
        (theirs.list_grants, "ListGrants", {}),
        (theirs.revoke_grant, "RevokeGrant", {"GrantId": made["GrantId"]}),
        (theirs.retire_grant, "RetireGrant", {"GrantId": ours["GrantId"]}),
    ]:
        text = f"User: {root(other)} is not authorized to perform: kms:{action} on this resource {UNSEEN}"
        refused(operation, "AccessDeniedException", text, KeyId=key, **more)
    assert ids(theirs, "list_retirable_grants", RetiringPrincipal=root(other)) == [made["GrantId"]]
    theirs.retire_grant(KeyId=key, GrantId=made["GrantId"])
    assert ids(kms, "list_grants", KeyId=key) == [ours["GrantId"]]


def denied(user, action, why, where):
    return f"User: {user.arn} is not authorized to perform: kms:{action} on {where} because {why} the kms:{action} action"


def test_a_grant_lets_a_user_in_until_it_is_revoked(kms, account, key):
    dave = people.User(account)
    text = denied(dave, "Encrypt", "no identity-based policy allows", f"resource: {key}")
    refused(dave.kms.encrypt, "AccessDeniedException", text, KeyId=key, Plaintext=b"x")
    asked = {
        "GranteePrincipal": dave.arn,
        "Operations": ["Encrypt", "Decrypt", "DescribeKey"],
        "Constraints": {"EncryptionContextSubset": {"Dept": "IT"}},
    }
    grant = kms.create_grant(KeyId=key, **asked)
    context = {"dept": "IT", "more": "x"}
    blob = dave.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    assert dave.kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"x"
    assert dave.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    for wrong in ({}, {"Dept": "HR"}, {"Dept": "it"}, {"Dept": "IT", "dept": "HR"}):
        refused(
            dave.kms.encrypt, "AccessDeniedException", text,
            KeyId=key, Plaintext=b"x", EncryptionContext=wrong, GrantTokens=[grant["GrantToken"]],
        )
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    refused(
        dave.kms.encrypt, "AccessDeniedException", text,
        KeyId=key, Plaintext=b"x", EncryptionContext=context,
    )


def test_a_deny_beats_a_grant(kms, account, key):
    denied_user = people.User(account, people.denying("kms:Encrypt"))
    kms.create_grant(KeyId=key, GranteePrincipal=denied_user.id, Operations=["Encrypt", "DescribeKey"])
    denied_user.kms.describe_key(KeyId=key)
    text = starts(
        f"User: {denied_user.arn} is not authorized to perform: kms:Encrypt on resource: {key} "
        "with an explicit deny in an identity-based policy"
    )
    refused(denied_user.kms.encrypt, "AccessDeniedException", text, KeyId=key, Plaintext=b"x")


def test_who_is_made_again_has_nothing_of_the_old_grant(kms, account, key):
    dave = people.User(account)
    asked = {"KeyId": key, "GranteePrincipal": dave.arn, "RetiringPrincipal": dave.arn,
             "Operations": ["DescribeKey"], "Name": "n"}
    made = kms.create_grant(**asked)
    dave.delete()
    [entry] = kms.list_grants(KeyId=key)["Grants"]
    assert (entry["GranteePrincipal"], entry["RetiringPrincipal"]) == (dave.id, dave.id)
    refused(
        kms.create_grant, "InvalidArnException", f"ARN does not refer to a valid principal: {dave.arn}", **asked
    )
    again = people.User(account, name=dave.name)
    text = denied(again, "DescribeKey", "no identity-based policy allows", f"resource: {key}")
    refused(again.kms.describe_key, "AccessDeniedException", text, KeyId=key)
    renewed = kms.create_grant(**asked)
    assert renewed["GrantId"] != made["GrantId"]
    again.kms.describe_key(KeyId=key)
    name, arn, role_id = people.role(account)
    session = f"arn:aws:sts::{account}:assumed-role/{name}/s"
    kms.create_grant(**asked | {"GranteePrincipal": session})
    kms.create_grant(**asked | {"GranteePrincipal": f"{role_id}:s"})
    grantees = [entry["GranteePrincipal"] for entry in kms.list_grants(KeyId=key)["Grants"]]
    assert sorted(grantees) == sorted([dave.id, again.arn, session])
    clients.iam(account).delete_role(RoleName=name)
    grantees = [entry["GranteePrincipal"] for entry in kms.list_grants(KeyId=key)["Grants"]]
    assert sorted(grantees) == sorted([dave.id, again.arn, f"{role_id}:s"])


def test_a_foreign_grantee_needs_both_accounts_or_a_grant_of_its_own(kms, key):
    other = clients.fresh_account()
    dora, able = people.User(other), people.User(other, people.allowing("kms:*"))
    for user in (dora, able):
        kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["DescribeKey"])
    able.kms.describe_key(KeyId=key)
    text = denied(dora, "DescribeKey", "no identity-based policy allows", "this resource")
    refused(dora.kms.describe_key, "AccessDeniedException", text, KeyId=key)
    kms.create_grant(KeyId=key, GranteePrincipal=root(other), Operations=["CreateGrant", "DescribeKey"])
    theirs = clients.kms(other)
    made = theirs.create_grant(KeyId=key, GranteePrincipal=dora.arn, Operations=["DescribeKey"])
    dora.kms.describe_key(KeyId=key)
    [entry] = kms.list_grants(KeyId=key, GrantId=made["GrantId"])["Grants"]
    assert entry["IssuingAccount"] == root(other)


def test_a_grant_made_under_a_grant_is_no_wider(kms, account, key):
    parent, child = people.User(account), people.User(account)
    kms.create_grant(
        KeyId=key, GranteePrincipal=parent.arn, Operations=["CreateGrant", "Encrypt"],
        Constraints={"EncryptionContextSubset": {"a": "1"}},
    )
    kms.create_grant(KeyId=key, GranteePrincipal=parent.arn, Operations=["CreateGrant", "Decrypt"])
    text = denied(parent, "CreateGrant", "no identity-based policy allows", f"resource: {key}")
    asked = {"KeyId": key, "GranteePrincipal": child.arn}
    strict = {"EncryptionContextEquals": {"A": "1", "b": "2"}}
    for operations, constraints in [
        (["Encrypt"], {}),
        (["Encrypt"], {"EncryptionContextSubset": {"a": "2"}}),
        (["Encrypt", "Decrypt"], strict),
        (["DescribeKey"], {}),
    ]:
        refused(
            parent.kms.create_grant, "AccessDeniedException", text,
            Operations=operations, Constraints=constraints, **asked,
        )
    parent.kms.create_grant(Operations=["Encrypt"], Constraints=strict, **asked)
    parent.kms.create_grant(Operations=["Decrypt"], **asked)
    child.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "b": "2"})
    refused(
        child.kms.encrypt, "AccessDeniedException", KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"}
    )


def test_who_retires(kms, account, key):
    retiring, grantee, entitled, nobody = (
        people.User(account), people.User(account),
        people.User(account, people.allowing("kms:RetireGrant")), people.User(account),
    )
    for user in (retiring, grantee, entitled):
        made = kms.create_grant(
            KeyId=key, GranteePrincipal=grantee.arn, RetiringPrincipal=retiring.arn, Operations=["RetireGrant"]
        )
        named = {"KeyId": key, "GrantId": made["GrantId"]}
        text = denied(nobody, "RetireGrant", "no identity-based policy allows", f"resource: {key}")
        refused(nobody.kms.retire_grant, "AccessDeniedException", text, **named)
        refused(user.kms.retire_grant, "DryRunOperationException", DRY, DryRun=True, **named)
        user.kms.retire_grant(GrantToken=made["GrantToken"])
    assert ids(kms, "list_grants", KeyId=key) == []


def test_grant_tokens_are_checked(kms, key, grant):
    token = grant[1]
    kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token])
    kms.describe_key(KeyId=key, GrantTokens=[token])
    for wrong in ("rubbish", token[:-8] + "AAAAAAA="):
        refused(kms.encrypt, "InvalidGrantTokenException", KeyId=key, Plaintext=b"x", GrantTokens=[wrong])
    refused(kms.describe_key, "ValidationException", KeyId=key, GrantTokens=[token] * 11)
    kms.revoke_grant(**grant[0])
    refused(kms.describe_key, "InvalidGrantTokenException", KeyId=key, GrantTokens=[token])
