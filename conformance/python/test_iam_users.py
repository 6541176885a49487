"""Users, groups and access keys of IAM: their life, their lists, their errors, and that what ends ends at once."""

import json

import pytest

import clients
from clients import refused, status, violation

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
UNKNOWN = "The security token included in the request is invalid."
READ_KEYS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:List*", "Resource": "*"}]}


@pytest.fixture
def user(iam, request):
    """A new user, named after the test."""
    name = request.node.name[:64].replace("[", "-").replace("]", "")
    iam.create_user(UserName=name)
    return name


def test_a_user_is_shown_as_it_was_made(iam, account):
    made = iam.create_user(
        UserName="Alice",
        Path="/division/",
        Tags=[{"Key": "team", "Value": "blue"}],
        PermissionsBoundary=ADMINISTRATOR,
    )["User"]
    assert made["Arn"] == f"arn:aws:iam::{account}:user/division/Alice"
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert made["CreateDate"].tzinfo is not None
    assert made["Tags"] == [{"Key": "team", "Value": "blue"}]
    bounded = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": ADMINISTRATOR}
    assert made["PermissionsBoundary"] == bounded
    assert iam.get_user(UserName="alice")["User"] == made
    [listed] = iam.list_users(PathPrefix="/division/")["Users"]
    assert listed == {name: made[name] for name in ("Path", "UserName", "UserId", "Arn", "CreateDate")}
    iam.get_waiter("user_exists").wait(UserName="Alice")


def test_the_root_is_shown(iam, account):
    root = iam.get_user()["User"]
    assert (root["UserId"], root["Arn"]) == (account, f"arn:aws:iam::{account}:root")


def test_statuses_and_texts(iam, user):
    refused(iam.get_user, "NoSuchEntity", "The user with name nobody cannot be found.", UserName="nobody")
    refused(iam.get_group, "NoSuchEntity", "The group with name nobody cannot be found.", GroupName="nobody")
    taken = f"User with name {user.upper()} already exists."
    refused(iam.create_user, "EntityAlreadyExists", taken, UserName=user.upper())
    assert status(iam.get_user, UserName="nobody") == (404, "NoSuchEntity")
    assert status(iam.create_user, UserName=user) == (409, "EntityAlreadyExists")
    iam.attach_user_policy(UserName=user, PolicyArn=ADMINISTRATOR)
    assert status(iam.delete_user, UserName=user) == (409, "DeleteConflict")
    document = {"UserName": user, "PolicyName": "p", "PolicyDocument": "{"}
    assert status(iam.put_user_policy, **document) == (400, "MalformedPolicyDocument")
    refused(iam.put_user_policy, "MalformedPolicyDocument", "This policy contains invalid Json", **document)
    missing = "arn:aws:iam::aws:policy/NoSuchPolicy"
    text = f"Policy {missing} does not exist or is not attachable."
    refused(iam.attach_user_policy, "NoSuchEntity", text, UserName=user, PolicyArn=missing)
    text = violation(
        r"Value 'a b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+"
    )
    refused(iam.create_user, "ValidationError", text, UserName="a b")
    refused(iam.list_users, "ValidationError", "Invalid Marker.", Marker="wrong")


def test_documents_come_back_as_they_were(iam, user):
    group = f"{user}-group"
    iam.create_group(GroupName=group)
    for kind, name in (("user", {"UserName": user}), ("group", {"GroupName": group})):
        put, get = getattr(iam, f"put_{kind}_policy"), getattr(iam, f"get_{kind}_policy")
        put(**name, PolicyName="read", PolicyDocument=json.dumps(READ_KEYS, indent=2))
        shown = get(**name, PolicyName="read")
        assert shown["PolicyDocument"] == READ_KEYS
        assert getattr(iam, f"list_{kind}_policies")(**name)["PolicyNames"] == ["read"]
        getattr(iam, f"delete_{kind}_policy")(**name, PolicyName="read")
        text = f"The {kind} policy with name read cannot be found."
        refused(get, "NoSuchEntity", text, **name, PolicyName="read")


def test_lists_come_in_pages(iam):
    names = {f"page{number}" for number in range(7)}
    for name in names:
        iam.create_user(UserName=name, Path="/pages/")
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 3}))
    assert [len(page["Users"]) for page in pages] == [3, 3, 1]
    assert {user["UserName"] for page in pages for user in page["Users"]} == names


def test_groups_carry_permissions(iam, account, user):
    group = f"{user}-group"
    made = iam.create_group(GroupName=group, Path="/g/")["Group"]
    assert made["Arn"] == f"arn:aws:iam::{account}:group/g/{group}"
    assert made["GroupId"].startswith("AGPA")
    iam.attach_group_policy(GroupName=group, PolicyArn=ADMINISTRATOR)
    attached = iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMINISTRATOR}]
    key = iam.create_access_key(UserName=user)["AccessKey"]
    kms = clients.of_key(key, "kms")
    assert status(kms.list_keys) == (400, "AccessDeniedException")
    iam.add_user_to_group(GroupName=group, UserName=user)
    kms.list_keys()
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=user)["Groups"]] == [group]
    shown = iam.get_group(GroupName=group)
    assert shown["Group"] == made
    assert [one["UserName"] for one in shown["Users"]] == [user]
    iam.update_group(GroupName=group, NewGroupName=f"{group}-2")
    kms.list_keys()
    iam.remove_user_from_group(GroupName=f"{group}-2", UserName=user)
    assert status(kms.list_keys) == (400, "AccessDeniedException")
    iam.detach_group_policy(GroupName=f"{group}-2", PolicyArn=ADMINISTRATOR)
    iam.delete_group(GroupName=f"{group}-2")


def test_access_keys_end_at_once(iam, account, user):
    iam.attach_user_policy(UserName=user, PolicyArn=ADMINISTRATOR)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA") and len(key["AccessKeyId"]) == 20
    assert len(key["SecretAccessKey"]) == 40
    assert (key["UserName"], key["Status"]) == (user, "Active")
    named = {"UserName": user, "AccessKeyId": key["AccessKeyId"]}
    sts, kms = clients.of_key(key, "sts"), clients.of_key(key, "kms")
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/{user}"
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["UserName"] == user
    assert used["AccessKeyLastUsed"]["ServiceName"] == "sts"
    iam.update_access_key(**named, Status="Inactive")
    refused(kms.list_keys, "UnrecognizedClientException", UNKNOWN)
    [listed] = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert (listed["AccessKeyId"], listed["Status"]) == (key["AccessKeyId"], "Inactive")
    iam.update_access_key(**named, Status="Active")
    kms.list_keys()
    iam.delete_access_key(**named)
    refused(kms.list_keys, "UnrecognizedClientException", UNKNOWN)
    refused(sts.get_caller_identity, "InvalidClientTokenId", UNKNOWN)


def test_a_user_made_again_has_nothing_of_the_old_one(iam, kms, account, user):
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    arn = f"arn:aws:iam::{account}:user/{user}"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:DescribeKey", "Resource": "*"},
        ],
    }
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    clients.of_key(key, "kms").describe_key(KeyId=key_id)
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    old = iam.get_user(UserName=user)["User"]
    iam.delete_user(UserName=user)
    new = iam.create_user(UserName=user)["User"]
    assert (new["Arn"], new["UserId"] == old["UserId"]) == (arn, False)
    refused(clients.of_key(key, "kms").list_keys, "UnrecognizedClientException", UNKNOWN)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    assert status(clients.of_key(key, "kms").describe_key, KeyId=key_id) == (400, "AccessDeniedException")
    shown = kms.get_key_policy(KeyId=key_id)["Policy"]
    assert old["UserId"] in shown and arn not in shown


def test_quotas(iam, user):
    iam.create_access_key(UserName=user)
    iam.create_access_key(UserName=user)
    text = "Cannot exceed quota for AccessKeysPerUser: 2"
    refused(iam.create_access_key, "LimitExceeded", text, UserName=user)
    wide = READ_KEYS | {"Statement": [READ_KEYS["Statement"][0] | {"Action": "kms:" + "x" * 2048}]}
    text = f"Maximum policy size of 2048 bytes exceeded for user {user}"
    refused(
        iam.put_user_policy, "LimitExceeded", text, UserName=user, PolicyName="p", PolicyDocument=json.dumps(wide)
    )


def test_denials_name_the_user(iam, account, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    arn = f"arn:aws:iam::{account}:user/{user}"
    text = (
        f"User: {arn} is not authorized to perform: iam:GetUser on resource: {arn} because no identity-based "
        "policy allows the iam:GetUser action"
    )
    own = clients.of_key(key, "iam")
    refused(own.get_user, "AccessDenied", text)
    assert status(own.get_user) == (403, "AccessDenied")
