"""Managed policies of IAM, and the account as a whole: versions, counts, lists, and that what changes counts at once."""

import json

import pytest

import clients
from clients import refused, status

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def allowing(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


LISTS = allowing("kms:ListKeys")
NOTHING = allowing("s3:ListBucket")


@pytest.fixture
def policy(iam, name):
    """The ARN of a new policy, named after the test."""
    return iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(LISTS))["Policy"]["Arn"]


def counts(iam, arn):
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    return policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]


def trusting(account):
    principal = {"AWS": account}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_is_shown_as_it_was_made(iam, account):
    made = iam.create_policy(
        PolicyName="Readers",
        Path="/kms/",
        PolicyDocument=json.dumps(LISTS, indent=4),
        Description="reads",
        Tags=[{"Key": "team", "Value": "blue"}],
    )["Policy"]
    assert made["Arn"] == f"arn:aws:iam::{account}:policy/kms/Readers"
    assert made["PolicyId"].startswith("ANPA") and len(made["PolicyId"]) == 21
    assert (made["DefaultVersionId"], made["IsAttachable"]) == ("v1", True)
    assert (made["AttachmentCount"], made["PermissionsBoundaryUsageCount"]) == (0, 0)
    shown = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert shown == {**made, "Description": "reads"}
    version = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v1")["PolicyVersion"]
    assert (version["Document"], version["IsDefaultVersion"]) == (LISTS, True)
    [listed] = iam.list_policies(PathPrefix="/kms/")["Policies"]
    assert listed == {key: value for key, value in made.items() if key != "Tags"}
    iam.get_waiter("policy_exists").wait(PolicyArn=made["Arn"])


def test_statuses_and_texts(iam, account, policy, name):
    taken = f"A policy called {name.upper()} already exists. Duplicate names are not allowed."
    document = json.dumps(LISTS)
    refused(iam.create_policy, "EntityAlreadyExists", taken, PolicyName=name.upper(), PolicyDocument=document)
    missing = f"arn:aws:iam::{account}:policy/none"
    refused(iam.get_policy, "NoSuchEntity", f"Policy {missing} was not found.", PolicyArn=missing)
    refused(iam.get_policy, "InvalidInput", "Invalid ARN:  Could not be parsed!", PolicyArn="x" * 20)
    text = f"Policy {policy} version v7 does not exist or is not attachable."
    refused(iam.get_policy_version, "NoSuchEntity", text, PolicyArn=policy, VersionId="v7")
    assert status(iam.create_policy, PolicyName=name, PolicyDocument=document) == (409, "EntityAlreadyExists")
    assert status(iam.get_policy, PolicyArn=missing) == (404, "NoSuchEntity")
    assert status(iam.delete_policy, PolicyArn=ADMINISTRATOR) == (403, "AccessDenied")


@pytest.mark.parametrize("document, code, text", [
    ("{", "MalformedPolicyDocument", "This policy contains invalid Json"),
    (
        json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*"}]}),
        "MalformedPolicyDocument", "Policy statement must contain actions.",
    ),
    (
        json.dumps({"Statement": [{"Effect": "Allow", "Action": "kms:*"}]}),
        "MalformedPolicyDocument", "Policy statement must contain resources.",
    ),
    (
        json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}),
        "MalformedPolicyDocument", "Has prohibited field Principal",
    ),
    (json.dumps(allowing(*["kms:Decrypt"] * 500)), "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"),
])
def test_a_document_that_no_policy_may_have_is_refused(iam, document, code, text):
    refused(iam.create_policy, code, text, PolicyName="refused", PolicyDocument=document)


def test_versions(iam, policy):
    for number in range(2, 6):
        made = iam.create_policy_version(PolicyArn=policy, PolicyDocument=json.dumps(NOTHING))["PolicyVersion"]
        assert (made["VersionId"], made["IsDefaultVersion"]) == (f"v{number}", False)
        assert "Document" not in made
    assert status(iam.create_policy_version, PolicyArn=policy, PolicyDocument=json.dumps(NOTHING)) == (
        409, "LimitExceeded",
    )
    assert status(iam.delete_policy_version, PolicyArn=policy, VersionId="v1") == (409, "DeleteConflict")
    assert status(iam.delete_policy, PolicyArn=policy) == (409, "DeleteConflict")
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v3")
    iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    pages = iam.get_paginator("list_policy_versions").paginate(PolicyArn=policy, PaginationConfig={"PageSize": 3})
    versions = [version for page in pages for version in page["Versions"]]
    assert [version["VersionId"] for version in versions] == ["v5", "v4", "v3", "v2"]
    assert [version["IsDefaultVersion"] for version in versions] == [False, False, True, False]
    assert iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v3"


def test_tags(iam, policy):
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    iam.untag_policy(PolicyArn=policy, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == [{"Key": "b", "Value": ""}]


def test_uses_are_counted_and_keep_a_policy(iam, account, policy, name):
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting(account))
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    iam.attach_group_policy(GroupName=name, PolicyArn=policy)
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=policy)
    assert counts(iam, policy) == (3, 1)
    users = iam.list_entities_for_policy(PolicyArn=policy)
    found = [users[kind] for kind in ("PolicyGroups", "PolicyUsers", "PolicyRoles")]
    assert [len(kind) for kind in found] == [1, 1, 1]
    pages = iam.get_paginator("list_entities_for_policy")
    pages = list(pages.paginate(PolicyArn=policy, PaginationConfig={"PageSize": 1}))
    assert len(pages) == 3
    bounded = iam.list_entities_for_policy(PolicyArn=policy, PolicyUsageFilter="PermissionsBoundary")
    assert [user["UserName"] for user in bounded["PolicyUsers"]] == [name]
    assert (bounded["PolicyGroups"], bounded["PolicyRoles"]) == ([], [])
    only = iam.list_entities_for_policy(PolicyArn=policy, EntityFilter="Role")
    assert (len(only["PolicyRoles"]), only["PolicyUsers"]) == (1, [])
    attached = iam.list_policies(Scope="Local", OnlyAttached=True)["Policies"]
    assert policy in [one["Arn"] for one in attached]
    refused(iam.delete_policy, "DeleteConflict", "Cannot delete a policy attached to entities.", PolicyArn=policy)
    iam.detach_user_policy(UserName=name, PolicyArn=policy)
    iam.detach_group_policy(GroupName=name, PolicyArn=policy)
    iam.detach_role_policy(RoleName=name, PolicyArn=policy)
    assert counts(iam, policy) == (0, 1)
    iam.delete_user(UserName=name)
    assert counts(iam, policy) == (0, 0)
    iam.delete_policy(PolicyArn=policy)
    assert status(iam.get_policy, PolicyArn=policy) == (404, "NoSuchEntity")


def test_policies_of_aws(iam, name):
    listed = {one["PolicyName"]: one for one in iam.list_policies(Scope="AWS")["Policies"]}
    assert {"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"} <= listed.keys()
    before = counts(iam, ADMINISTRATOR)
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=ADMINISTRATOR)
    assert counts(iam, ADMINISTRATOR) == (before[0] + 1, before[1])
    version = iam.get_policy_version(PolicyArn=ADMINISTRATOR, VersionId="v1")["PolicyVersion"]
    assert version["Document"]["Statement"][0]["Action"] == "*"


@pytest.mark.parametrize("use", ["attached", "boundary"])
def test_a_new_default_version_counts_at_once(iam, policy, name, use):
    iam.create_user(UserName=name)
    if use == "attached":
        iam.attach_user_policy(UserName=name, PolicyArn=policy)
    else:
        iam.attach_user_policy(UserName=name, PolicyArn=ADMINISTRATOR)
        iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=policy)
    kms = clients.of_key(iam.create_access_key(UserName=name)["AccessKey"], "kms")
    kms.list_keys()
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=json.dumps(NOTHING), SetAsDefault=True)
    refused(kms.list_keys, "AccessDeniedException")
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    kms.list_keys()


def test_who_may_manage_policies_is_said_by_arn(iam, account, policy, name):
    own = f"arn:aws:iam::{account}:policy/own/*"
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*Policy", "Resource": own}]}
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document))
    limited = clients.of_key(iam.create_access_key(UserName=name)["AccessKey"], "iam")
    user = f"arn:aws:iam::{account}:user/{name}"
    text = (
        f"User: {user} is not authorized to perform: iam:GetPolicy on resource: {policy} "
        "because no identity-based policy allows the iam:GetPolicy action"
    )
    refused(limited.get_policy, "AccessDenied", text, PolicyArn=policy)
    new = {"PolicyName": f"{name}-own", "PolicyDocument": json.dumps(LISTS)}
    assert status(limited.create_policy, **new) == (403, "AccessDenied")
    made = limited.create_policy(**new, Path="/own/")["Policy"]["Arn"]
    limited.delete_policy(PolicyArn=made)


def test_the_account_as_a_whole():
    account = clients.fresh_account()
    iam = clients.iam(account)
    iam.create_user(UserName="Dave")
    iam.put_user_policy(UserName="Dave", PolicyName="inline", PolicyDocument=json.dumps(LISTS))
    iam.create_group(GroupName="Staff")
    iam.add_user_to_group(UserName="Dave", GroupName="Staff")
    arn = iam.create_policy(PolicyName="Own", PolicyDocument=json.dumps(LISTS))["Policy"]["Arn"]
    iam.create_role(RoleName="Deploy", AssumeRolePolicyDocument=trusting(account), PermissionsBoundary=arn)
    iam.attach_role_policy(RoleName="Deploy", PolicyArn=ADMINISTRATOR)
    summary = iam.get_account_summary()["SummaryMap"]
    found = {key: summary[key] for key in ("Users", "Groups", "Roles", "Policies", "PolicyVersionsInUse")}
    assert set(found.values()) == {1}
    assert (summary["RolesQuota"], summary["VersionsPerPolicyQuota"]) == (1000, 5)
    details = iam.get_account_authorization_details()
    [user] = details["UserDetailList"]
    assert user["GroupList"] == ["Staff"]
    assert user["UserPolicyList"] == [{"PolicyName": "inline", "PolicyDocument": LISTS}]
    [role] = details["RoleDetailList"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert role["AssumeRolePolicyDocument"] == json.loads(trusting(account))
    assert {policy["PolicyName"] for policy in details["Policies"]} == {"Own", "AdministratorAccess"}
    own = next(policy for policy in details["Policies"] if policy["Arn"] == arn)
    assert own["PolicyVersionList"][0]["Document"] == LISTS
    pages = iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 1})
    kinds = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    assert sum(len(page[kind]) for page in pages for kind in kinds) == 5
    only = iam.get_account_authorization_details(Filter=["Group"])
    assert [len(only[kind]) for kind in kinds] == [0, 1, 0, 0]
