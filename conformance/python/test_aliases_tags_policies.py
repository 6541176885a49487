"""Aliases, tags, key policies, and who the caller is."""

import json

import pytest

import clients
from clients import refused, starts, violation

PREFIX = (
    'Alias must start with the prefix "alias/". Please see '
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)
LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."
NO_PRINCIPAL = "Policy contains a statement with one or more invalid principals."


def alias_arn(account, name):
    return f"arn:aws:kms:us-east-1:{account}:{name}"


def names(kms, **arguments):
    pages = kms.get_paginator("list_aliases").paginate(**arguments)
    entries = [entry for page in pages for entry in page["Aliases"]]
    return {
        entry["AliasName"]: entry.get("TargetKeyId")
        for entry in entries
        if not entry["AliasName"].startswith("alias/aws/")
    }


def test_aliases_come_move_and_go(kms, account, key):
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    bare = key.rsplit("/", 1)[1]
    kms.create_alias(AliasName="alias/moving", TargetKeyId=key)
    [entry] = kms.list_aliases(KeyId=key)["Aliases"]
    assert entry["AliasArn"] == alias_arn(account, "alias/moving")
    assert entry["TargetKeyId"] == bare
    assert {"CreationDate", "LastUpdatedDate"} <= entry.keys()
    kms.update_alias(AliasName="alias/moving", TargetKeyId=other)
    assert kms.list_aliases(KeyId=key)["Aliases"] == []
    assert names(kms, KeyId=other) == {"alias/moving": other}
    kms.delete_alias(AliasName="alias/moving")
    assert "alias/moving" not in names(kms)
    absent = f"Alias {alias_arn(account, 'alias/moving')} is not found."
    refused(kms.delete_alias, "NotFoundException", absent, AliasName="alias/moving")
    refused(kms.update_alias, "NotFoundException", absent, AliasName="alias/moving", TargetKeyId=key)


def test_aliases_are_unique(kms, account, key):
    kms.create_alias(AliasName="alias/unique", TargetKeyId=key)
    arn = alias_arn(account, "alias/unique")
    refused(
        kms.create_alias, "AlreadyExistsException", f"An alias with the name {arn} already exists",
        AliasName="alias/unique", TargetKeyId=key,
    )
    kms.create_alias(AliasName="alias/Unique", TargetKeyId=key)


@pytest.mark.parametrize("name, code, text", [
    ("plain", "ValidationException", PREFIX),
    ("alias/a:b", "ValidationException", "alias/a:b contains invalid characters for an alias"),
    ("alias/aws/mine", "NotAuthorizedException", None),
    ("alias/ä", "ValidationException", starts("1 validation error detected: Value 'alias/ä' at 'aliasName'")),
    ("alias/" + "x" * 251, "ValidationException", starts("1 validation error detected: ")),
])
def test_alias_names(kms, key, name, code, text):
    refused(kms.create_alias, code, text, AliasName=name, TargetKeyId=key)


def test_aliases_name_keys_only(kms, account, key):
    kms.create_alias(AliasName="alias/first", TargetKeyId=key)
    refused(
        kms.create_alias, "ValidationException", "Aliases must refer to keys. Not aliases",
        AliasName="alias/second", TargetKeyId="alias/first",
    )


def test_list_aliases_in_pages(kms, key):
    wanted = {f"alias/page-{number}" for number in range(5)}
    for name in wanted:
        kms.create_alias(AliasName=name, TargetKeyId=key)
    pages = list(kms.get_paginator("list_aliases").paginate(KeyId=key, PaginationConfig={"PageSize": 2}))
    found = [entry["AliasName"] for page in pages for entry in page["Aliases"]]
    assert sorted(found) == sorted(wanted)
    assert [page["Truncated"] for page in pages] == [True] * (len(pages) - 1) + [False]
    refused(kms.list_aliases, "InvalidMarkerException", "", Marker="rubbish")


def tag(key, value="x"):
    return {"TagKey": key, "TagValue": value}


def tags(kms, key):
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key, PaginationConfig={"PageSize": 2})
    return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}


def test_tags_come_change_and_go(kms):
    key = kms.create_key(Tags=[tag("a", "1"), tag("b", "")])["KeyMetadata"]["Arn"]
    assert tags(kms, key) == {"a": "1", "b": ""}
    kms.tag_resource(KeyId=key, Tags=[tag("a", "2"), tag("c c", "+-=._:/@"), tag("é", "ü")])
    assert tags(kms, key) == {"a": "2", "b": "", "c c": "+-=._:/@", "é": "ü"}
    kms.untag_resource(KeyId=key, TagKeys=["a", "never-there"])
    assert tags(kms, key) == {"b": "", "c c": "+-=._:/@", "é": "ü"}


@pytest.mark.parametrize("wrong, text", [
    ([tag("a"), tag("a")], "Duplicate tag keys"),
    ([tag(str(number)) for number in range(51)], "Too many tags"),
    ([tag("aws:x")], "Tags beginning with aws: are reserved"),
    ([tag("AWS:x")], "Tags beginning with aws: are reserved"),
    ([tag("a,b")], "Invalid tag"),
])
def test_tags_that_are_refused(kms, key, wrong, text):
    refused(kms.tag_resource, "TagException", text, KeyId=key, Tags=wrong)
    refused(kms.create_key, "TagException", text, Tags=wrong)
    assert tags(kms, key) == {}


def test_tag_members_are_named_in_violations(kms, key):
    refused(
        kms.tag_resource, "ValidationException",
        violation(f"Value '{'x' * 129}' at 'tags.1.member.tagKey' failed to satisfy constraint: "
                  "Member must have length less than or equal to 128"),
        KeyId=key, Tags=[tag("x" * 129)],
    )


def default_policy(account):
    return {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }],
    }


def restricted_policy(account):
    """The root may look after the policy, and nothing else."""
    policy = default_policy(account)
    policy["Statement"][0]["Action"] = ["kms:PutKeyPolicy", "kms:GetKeyPolicy"]
    return policy


def test_the_default_policy_reads_as_aws_writes_it(kms, account, key):
    reply = kms.get_key_policy(KeyId=key)
    assert reply["PolicyName"] == "default"
    assert json.loads(reply["Policy"]) == default_policy(account)
    assert reply["Policy"].startswith('{\n  "Version" : "2012-10-17",\n  "Id" : "key-default-1",\n')
    assert '  "Statement" : [ {\n    "Sid" : "Enable IAM User Permissions",\n' in reply["Policy"]
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]


def test_policies_are_enforced_and_can_be_put_back(kms, account, key):
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(restricted_policy(account)))
    stored = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    assert json.loads(stored) == restricted_policy(account)
    assert '"Action" : [ "kms:PutKeyPolicy", "kms:GetKeyPolicy" ],' in stored
    who = f"User: arn:aws:iam::{account}:root is not authorized to perform: kms:Encrypt on "
    refused(kms.encrypt, "AccessDeniedException", starts(who), KeyId=key, Plaintext=b"x")
    kms.put_key_policy(KeyId=key, Policy=json.dumps(default_policy(account)))
    kms.encrypt(KeyId=key, Plaintext=b"x")


def test_keys_are_created_with_policies(kms, account):
    policy = json.dumps(restricted_policy(account))
    metadata = kms.create_key(Policy=policy)["KeyMetadata"]
    assert json.loads(kms.get_key_policy(KeyId=metadata["KeyId"])["Policy"]) == restricted_policy(account)
    refused(kms.encrypt, "AccessDeniedException", KeyId=metadata["KeyId"], Plaintext=b"x")


def changed(**changes):
    return lambda account: json.dumps(
        {"Version": "2012-10-17", "Statement": [default_policy(account)["Statement"][0] | changes]}
    )


@pytest.mark.parametrize("policy, text", [
    (lambda account: "{", None),
    (lambda account: "{}", None),
    (lambda account: '{"Statement":[],"Statement":[]}', None),
    (changed(Effect="Maybe"), None),
    (changed(Effect="Deny"), LOCKED_OUT),
    (changed(Action="kms:Encrypt"), LOCKED_OUT),
    (changed(Principal={"AWS": "alice"}), NO_PRINCIPAL),
    (changed(Condition={"StringIs": {"kms:CallerAccount": "1"}}), None),
])
def test_policies_that_are_refused(kms, account, key, policy, text):
    document = policy(account)
    refused(kms.put_key_policy, "MalformedPolicyDocumentException", text, KeyId=key, Policy=document)
    refused(kms.create_key, "MalformedPolicyDocumentException", text, Policy=document)


def test_policy_names_and_sizes(kms, account, key):
    policy = json.dumps(default_policy(account))
    large = policy + " " * 32768
    refused(kms.put_key_policy, "LimitExceededException", KeyId=key, Policy=large)
    refused(kms.get_key_policy, "NotFoundException", "No such policy exists", KeyId=key, PolicyName="x")
    refused(
        kms.put_key_policy, "ValidationException",
        "The AWS_RAM policy can only be managed by the RAM service",
        KeyId=key, PolicyName="AWS_RAM", Policy=policy,
    )


def test_a_custom_policy_leaves_the_root_what_it_allows(kms, account):
    policy = changed(Action=["kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"])(account)
    key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"]
    for operation in (kms.enable_key, kms.disable_key, kms.list_key_policies):
        refused(
            operation, "AccessDeniedException",
            f"User: arn:aws:iam::{account}:root is not authorized to perform: "
            f"kms:{''.join(word.capitalize() for word in operation.__name__.split('_'))} on resource: {key} "
            f"because no resource-based policy allows the "
            f"kms:{''.join(word.capitalize() for word in operation.__name__.split('_'))} action",
            KeyId=key,
        )
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"]) == json.loads(policy)
    kms.put_key_policy(KeyId=key, Policy=json.dumps(default_policy(account)))
    kms.disable_key(KeyId=key)


def test_callers_are_known_by_their_key():
    assert_caller(clients.ROOT_ACCOUNT)
    assert_caller("123456789012")


def assert_caller(account):
    reply = clients.sts(account).get_caller_identity()
    del reply["ResponseMetadata"]
    assert reply == {"Account": account, "Arn": f"arn:aws:iam::{account}:root", "UserId": account}
