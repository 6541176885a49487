"""Who may do what, with the AWS CLI: users, roles, key policies, grants, accounts."""

import base64
import json

import pytest

from aws_cli import Credentials, aws, fails

ACCOUNT = "000000000000"
OTHER_ACCOUNT = "456000000001"
OTHER_ROOT = Credentials(OTHER_ACCOUNT, "test")
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ADMINISTRATION = [
    "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*",
    "kms:Disable*", "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
]
USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def root(account=ACCOUNT):
    return {"AWS": f"arn:aws:iam::{account}:root"}


def user(name, *statements, by=None):
    """A new user with an inline policy of these statements, as ARN and credentials."""
    made = aws("iam", "create-user", "--user-name", name, by=by)["User"]
    if statements:
        put = ["iam", "put-user-policy", "--user-name", name, "--policy-name", "own"]
        aws(*put, "--policy-document", document(*statements), by=by)
    key = aws("iam", "create-access-key", "--user-name", name, by=by)["AccessKey"]
    return made["Arn"], Credentials.of(key)


def key(*arguments, by=None):
    return aws("kms", "create-key", *arguments, by=by)["KeyMetadata"]


def encrypt(key_id):
    return ["kms", "encrypt", "--key-id", key_id, "--plaintext", base64.b64encode(b"a secret").decode()]


def denied(arn, action, resource, because):
    return f"User: {arn} is not authorized to perform: {action} on resource: {resource} because {because}"


def test_a_user_may_what_a_grant_says_as_long_as_it_is_there():
    secret = key()
    arn, dave = user("dave")
    reason = denied(arn, "kms:Encrypt", secret["Arn"], "no identity-based policy allows the kms:Encrypt action")
    assert reason in fails("AccessDeniedException", *encrypt(secret["KeyId"]), by=dave)
    create = ["kms", "create-grant", "--key-id", secret["KeyId"], "--operations", "Encrypt"]
    grant = aws(*create, "--grantee-principal", arn)
    aws(*encrypt(secret["KeyId"]), "--grant-tokens", grant["GrantToken"], by=dave)
    aws(*encrypt(secret["KeyId"]), by=dave)
    listed = aws("kms", "list-grants", "--key-id", secret["KeyId"])["Grants"]
    assert [(one["GrantId"], one["GranteePrincipal"]) for one in listed] == [(grant["GrantId"], arn)]
    fails("AccessDeniedException", "kms", "describe-key", "--key-id", secret["KeyId"], by=dave)
    aws("kms", "revoke-grant", "--key-id", secret["KeyId"], "--grant-id", grant["GrantId"])
    assert reason in fails("AccessDeniedException", *encrypt(secret["KeyId"]), by=dave)


def test_who_am_i_as_a_user_and_as_a_session():
    arn, credentials = user("whoami", EVERYTHING)
    identity = aws("sts", "get-caller-identity", by=credentials)
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, arn)
    assert identity["UserId"].startswith("AIDA")
    trust = document({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"})
    role = aws("iam", "create-role", "--role-name", "Whoami", "--assume-role-policy-document", trust)["Role"]
    assume = ["sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "s1"]
    session = Credentials.of(aws(*assume, by=credentials)["Credentials"])
    identity = aws("sts", "get-caller-identity", by=session)
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Whoami/s1"
    assert identity["UserId"] == f"{role['RoleId']}:s1"


def test_key_administrators_cannot_use_and_key_users_cannot_administer():
    administrator, as_administrator = user("key-administrator")
    consumer, as_consumer = user("key-user")
    policy = document(
        {"Sid": "Root", "Effect": "Allow", "Principal": root(), "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": administrator}, "Action": ADMINISTRATION, "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": consumer}, "Action": USE, "Resource": "*"},
    )
    secret = key("--policy", policy)
    aws(*encrypt(secret["KeyId"]), by=as_consumer)
    fails("AccessDeniedException", *encrypt(secret["KeyId"]), by=as_administrator)
    describe = ["kms", "update-key-description", "--key-id", secret["KeyId"], "--description", "d"]
    aws(*describe, by=as_administrator)
    fails("AccessDeniedException", *describe, by=as_consumer)
    disable = ["kms", "disable-key", "--key-id", secret["KeyId"]]
    fails("AccessDeniedException", *disable, by=as_consumer)
    aws(*disable, by=as_administrator)
    assert "DisabledException" in fails("DisabledException", *encrypt(secret["KeyId"]), by=as_consumer)


def test_an_application_role_decrypts_in_its_context_and_nothing_else(tmp_path):
    secret = key()
    arn, caller = user("deployer", {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    trust = document({"Effect": "Allow", "Principal": root(), "Action": "sts:AssumeRole"})
    role = aws("iam", "create-role", "--role-name", "Application", "--assume-role-policy-document", trust)["Role"]
    allowed = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": secret["Arn"],
        "Condition": {"StringEquals": {"kms:EncryptionContext:app": "orders"}},
    }
    put = ["iam", "put-role-policy", "--role-name", "Application", "--policy-name", "decrypt"]
    aws(*put, "--policy-document", document(allowed))
    assume = ["sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "app"]
    session = Credentials.of(aws(*assume, by=caller)["Credentials"])
    reply = aws(*encrypt(secret["KeyId"]), "--encryption-context", "app=orders")
    tmp_path.joinpath("sealed").write_bytes(base64.b64decode(reply["CiphertextBlob"]))
    decrypt = ["kms", "decrypt", "--ciphertext-blob", "fileb://sealed"]
    aws(*decrypt, "--encryption-context", "app=orders", cwd=tmp_path, by=session)
    fails("AccessDeniedException", *decrypt, "--encryption-context", "app=other", cwd=tmp_path, by=session)
    fails("AccessDeniedException", *decrypt, cwd=tmp_path, by=session)
    fails("AccessDeniedException", *encrypt(secret["KeyId"]), by=session)
    fails("AccessDenied", "iam", "list-users", by=session)


def test_another_account_needs_the_key_policy_and_its_own_identity_policy():
    arn, caller = user("visitor")
    secret = key(by=OTHER_ROOT)
    unseen = (
        f"User: {arn} is not authorized to perform: kms:Encrypt on this resource because the resource does not exist "
        "in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    )
    allow = {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"}
    put = ["iam", "put-user-policy", "--user-name", "visitor", "--policy-name", "own", "--policy-document"]
    share = document(
        {"Effect": "Allow", "Principal": root(OTHER_ACCOUNT), "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": root(), "Action": "kms:Encrypt", "Resource": "*"},
    )
    keep = document({"Effect": "Allow", "Principal": root(OTHER_ACCOUNT), "Action": "kms:*", "Resource": "*"})
    policy = ["kms", "put-key-policy", "--key-id", secret["KeyId"], "--policy"]
    missing = secret["Arn"][:-12] + "0" * 12
    assert unseen in fails("AccessDeniedException", *encrypt(secret["Arn"]), by=caller)
    assert unseen in fails("AccessDeniedException", *encrypt(missing), by=caller)
    aws(*put, document(allow))
    assert unseen in fails("AccessDeniedException", *encrypt(secret["Arn"]), by=caller)
    assert unseen in fails("AccessDeniedException", *encrypt(missing), by=caller)
    aws(*policy, share, by=OTHER_ROOT)
    assert aws(*encrypt(secret["Arn"]), by=caller)["KeyId"] == secret["Arn"]
    aws("iam", "delete-user-policy", "--user-name", "visitor", "--policy-name", "own")
    own_side = (
        f"User: {arn} is not authorized to perform: kms:Encrypt on this resource because no identity-based policy "
        "allows the kms:Encrypt action"
    )
    assert own_side in fails("AccessDeniedException", *encrypt(secret["Arn"]), by=caller)
    aws(*put, document(allow))
    aws(*policy, keep, by=OTHER_ROOT)
    assert unseen in fails("AccessDeniedException", *encrypt(secret["Arn"]), by=caller)


def test_revocation_takes_effect_before_it_answers():
    secret = key()
    _, caller = user("leaver", EVERYTHING)
    aws(*encrypt(secret["KeyId"]), by=caller)
    key_id = caller.environment["AWS_ACCESS_KEY_ID"]
    update = ["iam", "update-access-key", "--user-name", "leaver", "--access-key-id", key_id, "--status"]
    aws(*update, "Inactive")
    fails("UnrecognizedClientException", *encrypt(secret["KeyId"]), by=caller)
    aws(*update, "Active")
    aws(*encrypt(secret["KeyId"]), by=caller)
    aws("iam", "delete-user-policy", "--user-name", "leaver", "--policy-name", "own")
    fails("AccessDeniedException", *encrypt(secret["KeyId"]), by=caller)
    aws("iam", "delete-access-key", "--user-name", "leaver", "--access-key-id", key_id)
    fails("UnrecognizedClientException", *encrypt(secret["KeyId"]), by=caller)
    aws("iam", "delete-user", "--user-name", "leaver")
    fails("NoSuchEntity", "iam", "get-user", "--user-name", "leaver")


def test_a_user_made_again_is_somebody_else():
    secret = key()
    arn, first = user("phoenix")
    aws("kms", "create-grant", "--key-id", secret["KeyId"], "--operations", "Encrypt", "--grantee-principal", arn)
    aws(*encrypt(secret["KeyId"]), by=first)
    key_id = first.environment["AWS_ACCESS_KEY_ID"]
    aws("iam", "delete-access-key", "--user-name", "phoenix", "--access-key-id", key_id)
    aws("iam", "delete-user", "--user-name", "phoenix")
    again, second = user("phoenix")
    assert again == arn
    fails("AccessDeniedException", *encrypt(secret["KeyId"]), by=second)


@pytest.mark.parametrize(
    ("action", "decision"), [("kms:Encrypt", "allowed"), ("kms:Decrypt", "explicitDeny"), ("kms:Sign", "implicitDeny")]
)
def test_simulation(action, decision):
    policy = document(
        {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"},
    )
    simulate = ["iam", "simulate-custom-policy", "--policy-input-list", policy, "--action-names", action]
    [result] = aws(*simulate)["EvaluationResults"]
    assert (result["EvalActionName"], result["EvalDecision"]) == (action, decision)
