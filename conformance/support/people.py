"""Users and roles, made through IAM, and KMS clients that act as users."""

import itertools
import json

import boto3

import clients

TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
}

_names = itertools.count()


def allowing(*actions):
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}}


def denying(*actions):
    return {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": list(actions), "Resource": "*"}}


class User:
    """A user of its own access key, with at most one inline policy."""

    def __init__(self, account, policy=None, name=None):
        self.iam = clients.iam(account)
        self.name = name or f"user-{next(_names)}"
        made = self.iam.create_user(UserName=self.name)["User"]
        self.arn, self.id = made["Arn"], made["UserId"]
        if policy:
            self.iam.put_user_policy(UserName=self.name, PolicyName="p", PolicyDocument=json.dumps(policy))
        key = self.iam.create_access_key(UserName=self.name)["AccessKey"]
        self.key_id = key["AccessKeyId"]
        self.session = boto3.Session(
            aws_access_key_id=self.key_id,
            aws_secret_access_key=key["SecretAccessKey"],
            region_name=clients.REGION,
        )
        self.kms = clients.kms_of(self.session)

    def delete(self):
        self.iam.delete_access_key(UserName=self.name, AccessKeyId=self.key_id)
        self.iam.delete_user(UserName=self.name)


def role(account, name=None, path="/"):
    """A role that everyone may assume: its name, ARN and unique id."""
    made = clients.iam(account).create_role(
        RoleName=name or f"role-{next(_names)}", Path=path, AssumeRolePolicyDocument=json.dumps(TRUST),
    )["Role"]
    return made["RoleName"], made["Arn"], made["RoleId"]
