"""Roles of IAM: their life, their lists, their errors, and whom their trust policies name."""

import json

import pytest

import clients
from clients import refused, status

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def trusting(principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def role(iam, account, name):
    """A new role, named after the test."""
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusting({"AWS": account})))
    return name


def principal_of(iam, role):
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    return document["Statement"][0]["Principal"]


def test_a_role_is_shown_as_it_was_made(iam, account):
    trust = trusting({"AWS": f"arn:aws:iam::{account}:root", "Service": "ec2.amazonaws.com"})
    made = iam.create_role(
        RoleName="Deploy",
        Path="/ci/",
        AssumeRolePolicyDocument=json.dumps(trust),
        Description="deploys",
        MaxSessionDuration=7200,
        PermissionsBoundary=ADMINISTRATOR,
        Tags=[{"Key": "team", "Value": "blue"}],
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{account}:role/ci/Deploy"
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21
    assert made["AssumeRolePolicyDocument"] == trust
    assert made["MaxSessionDuration"] == 7200
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMINISTRATOR
    assert iam.get_role(RoleName="DEPLOY")["Role"] == made
    [listed] = iam.list_roles(PathPrefix="/ci/")["Roles"]
    assert listed == {
        key: value for key, value in made.items() if key not in ("Tags", "PermissionsBoundary", "RoleLastUsed")
    }
    iam.get_waiter("role_exists").wait(RoleName="Deploy")


def test_statuses_and_texts(iam, account, role):
    trust = json.dumps(trusting({"AWS": account}))
    refused(iam.get_role, "NoSuchEntity", "The role with name nobody cannot be found.", RoleName="nobody")
    taken = f"Role with name {role.upper()} already exists."
    refused(iam.create_role, "EntityAlreadyExists", taken, RoleName=role.upper(), AssumeRolePolicyDocument=trust)
    assert status(iam.get_role, RoleName="nobody") == (404, "NoSuchEntity")
    assert status(iam.create_role, RoleName=role, AssumeRolePolicyDocument=trust) == (409, "EntityAlreadyExists")
    short = {"RoleName": "short", "AssumeRolePolicyDocument": trust, "MaxSessionDuration": 3599}
    assert status(iam.create_role, **short) == (400, "ValidationError")


@pytest.mark.parametrize("document, code, text", [
    ("{", "MalformedPolicyDocument", "This policy contains invalid Json"),
    (
        json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}),
        "MalformedPolicyDocument", "Missing required field Principal",
    ),
    (
        json.dumps({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"},
        ]}),
        "MalformedPolicyDocument", "Has prohibited field Resource",
    ),
    (
        json.dumps(trusting({"AWS": "arn:aws:iam::000000000000:user/no-such-user"})),
        "MalformedPolicyDocument",
        'Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:user/no-such-user"',
    ),
    (
        json.dumps({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole"] * 150},
        ]}),
        "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048",
    ),
])
def test_a_trust_policy_that_no_role_may_have_is_refused(iam, role, document, code, text):
    refused(iam.create_role, code, text, RoleName="refused", AssumeRolePolicyDocument=document)
    refused(iam.update_assume_role_policy, code, text, RoleName=role, PolicyDocument=document)


def test_a_trust_policy_names_who_existed_when_it_was_written(iam, account, role, name):
    user = iam.create_user(UserName=name)["User"]
    trust = json.dumps(trusting({"AWS": user["Arn"]}))
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    assert principal_of(iam, role) == {"AWS": user["Arn"]}
    iam.delete_user(UserName=name)
    assert principal_of(iam, role) == {"AWS": user["UserId"]}
    again = iam.create_user(UserName=name)["User"]
    assert again["UserId"] != user["UserId"]
    assert principal_of(iam, role) == {"AWS": user["UserId"]}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    iam.update_user(UserName=name, NewUserName=f"{name}-renamed")
    assert principal_of(iam, role) == {"AWS": f"arn:aws:iam::{account}:user/{name}-renamed"}


def test_a_role_is_changed(iam, role):
    iam.update_role(RoleName=role, Description="one", MaxSessionDuration=43200)
    iam.update_role(RoleName=role)
    shown = iam.get_role(RoleName=role)["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("one", 43200)
    shown = iam.update_role_description(RoleName=role, Description="two")["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("two", 43200)
    iam.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "1"}, {"Key": "B", "Value": "2"}])
    iam.tag_role(RoleName=role, Tags=[{"Key": "A", "Value": "3"}])
    iam.untag_role(RoleName=role, TagKeys=["b"])
    assert iam.list_role_tags(RoleName=role)["Tags"] == [{"Key": "A", "Value": "3"}]


def test_policies_of_a_role(iam, role):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=json.dumps(document))
    assert iam.get_role_policy(RoleName=role, PolicyName="inline")["PolicyDocument"] == document
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["inline"]
    iam.attach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)
    [attached] = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached == {"PolicyName": "AdministratorAccess", "PolicyArn": ADMINISTRATOR}
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=ADMINISTRATOR)
    text = "Cannot delete entity, must detach all policies first."
    refused(iam.delete_role, "DeleteConflict", text, RoleName=role)
    iam.detach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)
    text = "Cannot delete entity, must delete policies first."
    refused(iam.delete_role, "DeleteConflict", text, RoleName=role)
    iam.delete_role_policy(RoleName=role, PolicyName="inline")
    iam.delete_role(RoleName=role)
    assert status(iam.get_role, RoleName=role) == (404, "NoSuchEntity")


def test_roles_are_listed_to_the_end(iam, account):
    trust = json.dumps(trusting({"AWS": account}))
    for number in range(7):
        iam.create_role(RoleName=f"listed{number}", Path="/listed/", AssumeRolePolicyDocument=trust)
    pages = iam.get_paginator("list_roles").paginate(PathPrefix="/listed/", PaginationConfig={"PageSize": 3})
    pages = [[role["RoleName"] for role in page["Roles"]] for page in pages]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(sum(pages, [])) == [f"listed{number}" for number in range(7)]
    refused(iam.list_roles, "ValidationError", "Invalid Marker.", Marker="wrong")


def test_who_may_make_roles_can_be_held_to_a_boundary(iam, account, name):
    boundary = ADMINISTRATOR
    document = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["iam:CreateRole", "iam:DeleteRole"], "Resource": "*",
        "Condition": {"StringEqualsIfExists": {"iam:PermissionsBoundary": boundary}},
    }, {
        "Effect": "Deny", "Action": "iam:CreateRole", "Resource": "*",
        "Condition": {"Null": {"iam:PermissionsBoundary": "true"}},
    }]}
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="delegate", PolicyDocument=json.dumps(document))
    delegate = clients.of_key(iam.create_access_key(UserName=name)["AccessKey"], "iam")
    new = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trusting({"AWS": account}))}
    assert status(delegate.create_role, **new) == (403, "AccessDenied")
    power = "arn:aws:iam::aws:policy/PowerUserAccess"
    assert status(delegate.create_role, **new, PermissionsBoundary=power) == (403, "AccessDenied")
    # Tags need a permission of their own.
    tags = [{"Key": "a", "Value": "b"}]
    assert status(delegate.create_role, **new, PermissionsBoundary=boundary, Tags=tags) == (403, "AccessDenied")
    delegate.create_role(**new, PermissionsBoundary=boundary)
    delegate.delete_role(RoleName=name)
