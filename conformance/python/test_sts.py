"""Temporary credentials with boto3: sessions of roles, users, federated users, and those of identity providers."""

import json
import time

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

import clients
import identity_provider
from clients import refused

ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ROOT = "arn:aws:iam::{}:root"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(principal, *actions):
    return document({"Effect": "Allow", "Principal": principal, "Action": list(actions) or "sts:*"})


def of(credentials, service):
    """A client of whoever the temporary credentials are of."""
    session = boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=clients.REGION,
    )
    return clients.of_session(session, service)


@pytest.fixture(scope="module")
def dave(iam):
    """The access key of a user who may do everything."""
    iam.create_user(UserName="dave")
    iam.put_user_policy(UserName="dave", PolicyName="all", PolicyDocument=document(ALLOW_ALL))
    return iam.create_access_key(UserName="dave")["AccessKey"]


@pytest.fixture(scope="module")
def reader(iam, account):
    """The ARN of a role with a path that everybody in the account may assume, and that may list keys."""
    trust = trusting({"AWS": ROOT.format(account)})
    role = iam.create_role(RoleName="Reader", Path="/app/", AssumeRolePolicyDocument=trust)["Role"]
    allow = document({"Effect": "Allow", "Action": ["kms:ListKeys", "sts:*"], "Resource": "*"})
    iam.put_role_policy(RoleName="Reader", PolicyName="lists", PolicyDocument=allow)
    return role["Arn"]


def assume(client, role, name="s1", **arguments):
    return client.assume_role(RoleArn=role, RoleSessionName=name, **arguments)


def test_a_session_may_what_its_role_may(dave, reader, account):
    made = assume(clients.of_key(dave, "sts"), reader)
    user = made["AssumedRoleUser"]
    assert user["Arn"] == f"arn:aws:sts::{account}:assumed-role/Reader/s1"
    assert user["AssumedRoleId"].startswith("AROA")
    credentials = made["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert 3590 < credentials["Expiration"].timestamp() - time.time() < 3610
    assert of(credentials, "sts").get_caller_identity()["Arn"] == user["Arn"]
    of(credentials, "kms").list_keys()
    text = (
        f"User: {user['Arn']} is not authorized to perform: kms:CreateKey on resource: * "
        "because no identity-based policy allows the kms:CreateKey action"
    )
    refused(of(credentials, "kms").create_key, "AccessDeniedException", text)


def test_session_policies_take_away(dave, reader):
    sts = clients.of_key(dave, "sts")
    policy = document({"Effect": "Allow", "Action": "kms:GenerateRandom", "Resource": "*"})
    limited = assume(sts, reader, Policy=policy)
    assert 0 < limited["PackedPolicySize"] < 100
    kms = of(limited["Credentials"], "kms")
    refused(kms.list_keys, "AccessDeniedException", clients.starts("User: "))
    refused(lambda: assume(sts, reader, Policy="{"), "MalformedPolicyDocument", "This policy contains invalid Json")


def test_who_may_not_assume_is_told_no_more_than_that(account, dave, reader, iam):
    sts = clients.of_key(dave, "sts")
    arn = f"arn:aws:iam::{account}:user/dave"
    for absent in [f"arn:aws:iam::{account}:role/Absent", "arn:aws:iam::999999999999:role/Reader"]:
        text = f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {absent}"
        refused(lambda: assume(sts, absent), "AccessDenied", text)
    iam.create_role(RoleName="Closed", AssumeRolePolicyDocument=trusting({"AWS": ROOT.format("111122223333")}))
    closed = f"arn:aws:iam::{account}:role/Closed"
    text = f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {closed}"
    refused(lambda: assume(sts, closed), "AccessDenied", text)
    roots = "Roles may not be assumed by root accounts."
    refused(lambda: assume(clients.sts(account), reader), "AccessDenied", roots)
    too_long = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    refused(lambda: assume(sts, reader, DurationSeconds=3601), "ValidationError", too_long)


def test_tags_that_are_transitive_and_source_identities_stay(dave, reader, iam, account):
    tag = {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}
    tag["Condition"] = {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:SourceIdentity": "dave"}}
    iam.create_role(RoleName="Next", AssumeRolePolicyDocument=trusting({"AWS": ROOT.format(account)}))
    iam.put_role_policy(RoleName="Next", PolicyName="red", PolicyDocument=document(tag))
    tags = [{"Key": "Team", "Value": "red"}]
    sts = clients.of_key(dave, "sts")
    following = f"arn:aws:iam::{account}:role/Next"
    for transitive, listed in [(["Team"], True), ([], False)]:
        first = assume(sts, reader, Tags=tags, TransitiveTagKeys=transitive, SourceIdentity="dave")
        second = assume(of(first["Credentials"], "sts"), following)
        assert second["SourceIdentity"] == "dave"
        kms = of(second["Credentials"], "kms")
        if listed:
            kms.list_keys()
        else:
            refused(kms.list_keys, "AccessDeniedException", clients.starts("User: "))


def test_sessions_end_with_their_role(dave, iam, account):
    trust = trusting({"AWS": ROOT.format(account)})
    role = iam.create_role(RoleName="Brief", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    credentials = assume(clients.of_key(dave, "sts"), role)["Credentials"]
    sts, kms = of(credentials, "sts"), of(credentials, "kms")
    sts.get_caller_identity()
    unknown = "The security token included in the request is invalid."
    for _ in range(2):
        iam.delete_role(RoleName="Brief")
        refused(sts.get_caller_identity, "InvalidClientTokenId", unknown)
        refused(kms.list_keys, "UnrecognizedClientException", unknown)
        iam.create_role(RoleName="Brief", AssumeRolePolicyDocument=trust)
        refused(sts.get_caller_identity, "InvalidClientTokenId", unknown)


def test_sessions_of_users_cannot_call_iam_nor_most_of_sts(dave, account):
    credentials = clients.of_key(dave, "sts").get_session_token(DurationSeconds=900)["Credentials"]
    assert of(credentials, "sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/dave"
    of(credentials, "kms").list_keys()
    refused(of(credentials, "iam").list_users, "InvalidClientTokenId")
    text = "Cannot call GetSessionToken with session credentials"
    refused(of(credentials, "sts").get_session_token, "AccessDenied", text)


def test_federated_users_may_what_user_and_policy_allow(dave, account):
    sts = clients.of_key(dave, "sts")
    policy = document({"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"})
    for given, listed in [({"Policy": policy}, True), ({}, False)]:
        made = sts.get_federation_token(Name="fed", **given)
        assert made["FederatedUser"]["Arn"] == f"arn:aws:sts::{account}:federated-user/fed"
        kms = of(made["Credentials"], "kms")
        if listed:
            kms.list_keys()
        else:
            refused(kms.list_keys, "AccessDeniedException", clients.starts("User: "))
        refused(of(made["Credentials"], "iam").list_users, "InvalidClientTokenId")


def test_an_access_key_tells_its_account(dave, account):
    found = clients.sts(account).get_access_key_info(AccessKeyId=dave["AccessKeyId"])
    assert found["Account"] == account


def test_tokens_of_an_identity_provider_need_no_signature(iam, account):
    host, arn = identity_provider.HOST, f"arn:aws:iam::{account}:oidc-provider/{identity_provider.HOST}"
    trust = {"Effect": "Allow", "Principal": {"Federated": arn}, "Action": "sts:AssumeRoleWithWebIdentity"}
    trust["Condition"] = {"StringEquals": {f"{host}:sub": "user:1", f"{host}:aud": identity_provider.AUDIENCE}}
    role = iam.create_role(RoleName="Web", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="Web", PolicyName="all", PolicyDocument=document(ALLOW_ALL))
    config = Config(signature_version=UNSIGNED)
    sts = boto3.client("sts", region_name=clients.REGION, endpoint_url=clients.ENDPOINT, config=config)

    def with_token(token):
        return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="web", WebIdentityToken=token)

    made = with_token(identity_provider.token())
    assert made["SubjectFromWebIdentityToken"] == "user:1"
    assert made["Provider"] == identity_provider.ISSUER
    assert made["Audience"] == identity_provider.AUDIENCE
    identity = of(made["Credentials"], "sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/Web/web"
    of(made["Credentials"], "kms").list_keys()
    now = int(time.time())
    denied = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    rows = [
        (identity_provider.token("user:2"), "AccessDenied", denied),
        (identity_provider.token(aud="elsewhere"), "InvalidIdentityToken", "Incorrect token audience"),
        (identity_provider.token(exp=now - 301), "ExpiredTokenException", None),
        (identity_provider.token(nbf=now + 600), "IDPRejectedClaim", None),
        (identity_provider.token(algorithm="none"), "InvalidIdentityToken", None),
        (identity_provider.token()[:-4] + "AAAA", "InvalidIdentityToken", None),
        (identity_provider.token(iss="https://other.example.com"), "InvalidIdentityToken", None),
    ]
    for token, code, text in rows:
        refused(lambda token=token: with_token(token), code, text)
