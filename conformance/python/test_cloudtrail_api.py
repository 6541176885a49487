"""What CloudTrail refuses, with boto3, and who may see what."""

import json

import pytest
from botocore.config import Config

import clients
from clients import refused
from people import User, allowing, denying


def patient(session):
    """A client that comes back when it is throttled, as look-ups are after two in a second."""
    config = Config(parameter_validation=False, retries={"mode": "standard", "total_max_attempts": 10})
    return session.client("cloudtrail", endpoint_url=clients.ENDPOINT, config=config)


@pytest.fixture(scope="module")
def trails(account):
    return patient(clients.session(account))


@pytest.fixture
def trail(trails, name):
    made = trails.create_trail(Name=name.replace("_", "-"), S3BucketName="bucket")
    yield made
    trails.delete_trail(Name=made["TrailARN"])


@pytest.mark.parametrize("name, text", [
    ("", "Trail name cannot be blank!"),
    (
        "ab",
        "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters.",
    ),
    (
        "a" * 200,
        "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 200 characters.",
    ),
    (".hidden", "Trail name must starts with a letter or number."),
    ("open-ended-", "Trail name must ends with a letter or number."),
    (
        "two words",
        "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
        "hyphens (-), and underscores (_).",
    ),
])
def test_names_that_no_trail_has(trails, name, text):
    refused(trails.create_trail, "InvalidTrailNameException", text, Name=name, S3BucketName="bucket")
    refused(trails.get_trail, "InvalidTrailNameException", text, Name=name)


def test_a_trail_that_there_is_not(trails, account):
    text = f"Unknown trail: nobody for the user: {account}"
    for call in (trails.get_trail, trails.get_trail_status, trails.start_logging, trails.delete_trail):
        refused(call, "TrailNotFoundException", text, Name="nobody")


def test_a_name_is_taken_once(trails, trail, account):
    text = f"Trail {trail['Name']} already exists for customer: {account}"
    refused(trails.create_trail, "TrailAlreadyExistsException", text, Name=trail["Name"], S3BucketName="other")


def test_there_are_five_trails_in_a_region():
    account = clients.fresh_account()
    trails = clients.of_session(clients.session(account), "cloudtrail")
    for number in range(5):
        trails.create_trail(Name=f"trail{number}", S3BucketName="bucket")
    text = f"User: {account} already has 5 trails in {clients.REGION}."
    refused(
        trails.create_trail, "MaximumNumberOfTrailsExceededException", text, Name="trail5", S3BucketName="bucket",
    )


@pytest.mark.parametrize("arguments, code", [
    ({"S3BucketName": "Upper"}, "InvalidS3BucketNameException"),
    ({"S3BucketName": "../up"}, "InvalidS3BucketNameException"),
    ({"S3KeyPrefix": "../up"}, "InvalidS3PrefixException"),
    ({"S3KeyPrefix": "/top"}, "InvalidS3PrefixException"),
    ({"SnsTopicName": "topic"}, "UnsupportedOperationException"),
    ({"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False}, "InvalidParameterCombinationException"),
    ({"TagsList": [{"Key": "a"}, {"Key": "a"}]}, "InvalidTagParameterException"),
])
def test_settings_that_no_trail_has(trails, arguments, code):
    refused(trails.create_trail, code, **{"Name": "settings", "S3BucketName": "bucket"} | arguments)


def test_a_trail_is_changed_at_home(trail, account):
    elsewhere = clients.of_session(clients.session(account, "eu-west-1"), "cloudtrail")
    refused(elsewhere.start_logging, "InvalidHomeRegionException", Name=trail["TrailARN"])
    assert elsewhere.get_trail(Name=trail["TrailARN"])["Trail"]["HomeRegion"] == clients.REGION


@pytest.mark.parametrize("arguments, code", [
    ({"MaxResults": 51}, "InvalidMaxResultsException"),
    ({"MaxResults": 0}, "InvalidMaxResultsException"),
    ({"NextToken": "made-up"}, "InvalidNextTokenException"),
    ({"StartTime": 2000000000, "EndTime": 1000000000}, "InvalidTimeRangeException"),
    (
        {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "a"}] * 2},
        "InvalidLookupAttributesException",
    ),
    ({"LookupAttributes": [{"AttributeKey": "Colour", "AttributeValue": "a"}]}, "ValidationException"),
])
def test_lookups_that_make_no_sense(trails, arguments, code):
    refused(trails.lookup_events, code, **arguments)


def test_a_token_belongs_to_its_query_and_account(trails, kms):
    for _ in range(2):
        kms.list_keys()
    query = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "ListKeys"}]}
    token = trails.lookup_events(MaxResults=1, **query)["NextToken"]
    assert len(trails.lookup_events(NextToken=token, **query)["Events"]) == 1
    refused(trails.lookup_events, "InvalidNextTokenException", NextToken=token)
    other = patient(clients.session(clients.fresh_account()))
    refused(other.lookup_events, "InvalidNextTokenException", NextToken=token, **query)


def test_a_third_lookup_in_a_second_is_throttled():
    trails = clients.of_session(clients.session(clients.fresh_account()), "cloudtrail")
    codes = []
    for _ in range(12):
        try:
            trails.lookup_events(MaxResults=1)
            codes.append(None)
        except trails.exceptions.ThrottlingException as error:
            codes.append(error.response["Error"]["Message"])
    assert "Rate exceeded" in codes and None in codes


def test_who_may_not_is_told_so(trail, account):
    arn = trail["TrailARN"]
    for policy, because in [
        (None, "because no identity-based policy allows the {} action"),
        (denying("cloudtrail:*"), "with an explicit deny in an identity-based policy: p"),
    ]:
        user = User(account, policy)
        theirs = clients.of_session(user.session, "cloudtrail")
        for call, action, arguments, place in [
            (theirs.lookup_events, "cloudtrail:LookupEvents", {}, ""),
            (theirs.get_trail_status, "cloudtrail:GetTrailStatus", {"Name": arn}, f" on resource: {arn}"),
        ]:
            text = f"User: {user.arn} is not authorized to perform: {action}{place} {because.format(action)}"
            refused(call, "AccessDeniedException", text, **arguments)


def test_a_denied_call_is_in_the_history(trails, account):
    user = User(account, allowing("kms:ListAliases"))
    refused(user.kms.list_keys, "AccessDeniedException")
    found = trails.lookup_events(LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": user.name}])
    event = json.loads(found["Events"][0]["CloudTrailEvent"])
    assert (event["eventName"], event["errorCode"]) == ("ListKeys", "AccessDenied")
