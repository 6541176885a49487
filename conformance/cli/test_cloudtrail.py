"""CloudTrail with the stock AWS CLI: the history of events, and trails."""

import itertools
import json
import time

import pytest

import clients
from aws_cli import Credentials, aws, fails

# Changes reach the history within a second.
SECONDS_MAX = 10

_names = itertools.count()


@pytest.fixture(scope="module")
def account():
    return clients.fresh_account()


def patient(account):
    """The root of an account, whose commands come back when they are throttled, as look-ups are after two in a second."""
    credentials = Credentials(account, "test")
    credentials.environment |= {"AWS_MAX_ATTEMPTS": "10", "AWS_RETRY_MODE": "standard"}
    return credentials


@pytest.fixture(scope="module")
def root(account):
    return patient(account)


@pytest.fixture(scope="module")
def key(root):
    """The ARN of a key that was encrypted with three times."""
    arn = aws("kms", "create-key", by=root)["KeyMetadata"]["Arn"]
    for _ in range(3):
        aws("kms", "encrypt", "--key-id", arn, "--plaintext", "QUJD", by=root)
    return arn


@pytest.fixture(scope="module")
def created(root, key):
    """The event of the key's creation, which is in the history within a second."""
    return until(lambda: look_up(root, "EventName", "CreateKey"))[0]


def look_up(root, key, value, *arguments):
    attribute = f"AttributeKey={key},AttributeValue={value}"
    return aws("cloudtrail", "lookup-events", "--lookup-attributes", attribute, *arguments, by=root)["Events"]


def until(look):
    """What `look` answers with, once that is anything."""
    ends = time.monotonic() + SECONDS_MAX
    while time.monotonic() < ends:
        if found := look():
            return found
    pytest.fail("nothing was found")


def told(event):
    return json.loads(event["CloudTrailEvent"])


def test_an_event_tells_what_was_done(created, key, account):
    event = told(created)
    assert event["eventID"] == created["EventId"]
    assert (event["eventName"], event["eventSource"]) == ("CreateKey", "kms.amazonaws.com")
    assert (event["awsRegion"], event["recipientAccountId"]) == (clients.REGION, account)
    assert event["resources"][0]["ARN"] == key
    assert created["ReadOnly"] == "false"
    assert created["Username"] == "root"


@pytest.mark.parametrize("attribute, value, expected", [
    ("EventName", "Encrypt", {"Encrypt"}),
    ("EventName", "Decrypt", set()),
    ("EventSource", "sts.amazonaws.com", set()),
    ("ReadOnly", "false", {"CreateKey"}),
    ("Username", "nobody", set()),
    ("ResourceType", "AWS::S3::Bucket", set()),
    ("AccessKeyId", "AKIAIOSFODNN7EXAMPLE", set()),
])
def test_attributes_select(root, created, attribute, value, expected):
    assert {event["EventName"] for event in look_up(root, attribute, value)} == expected


@pytest.mark.parametrize("attribute", [
    "EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId",
])
def test_every_attribute_finds_the_event_it_is_of(root, created, attribute):
    resource = created["Resources"][0]
    value = resource[attribute] if attribute in resource else created[attribute]
    assert created["EventId"] in [event["EventId"] for event in look_up(root, attribute, value)]


def test_pages_show_every_event_once_and_the_newest_first(root, created):
    whole = look_up(root, "EventName", "Encrypt")
    ids = [event["EventId"] for event in whole]
    assert len(set(ids)) == 3
    assert [event["EventTime"] for event in whole] == sorted((event["EventTime"] for event in whole), reverse=True)
    attribute = "AttributeKey=EventName,AttributeValue=Encrypt"
    pages, more = [], []
    while len(pages) < 4:
        page = aws(
            "cloudtrail", "lookup-events", "--lookup-attributes", attribute,
            "--max-items", "1", "--page-size", "1", *more, by=root,
        )
        pages.append(page["Events"][0]["EventId"])
        if "NextToken" not in page:
            break
        more = ["--starting-token", page["NextToken"]]
    assert pages == ids


def test_a_time_range_limits_what_is_shown(root, created):
    later = ["--start-time", str(int(time.time()) + 3600)]
    assert look_up(root, "EventName", "Encrypt", *later) == []
    earlier = ["--end-time", str(int(time.time()) - 3600)]
    assert look_up(root, "EventName", "Encrypt", *earlier) == []


def test_another_account_sees_nothing(created):
    other = patient(clients.fresh_account())
    assert look_up(other, "EventId", created["EventId"]) == []
    events = aws("cloudtrail", "lookup-events", by=other)["Events"]
    assert {event["EventName"] for event in events} <= {"LookupEvents"}


def test_a_trail_is_made_started_stopped_and_deleted(root, account):
    name = f"trail-{next(_names)}"
    arn = f"arn:aws:cloudtrail:{clients.REGION}:{account}:trail/{name}"
    made = aws(
        "cloudtrail", "create-trail", "--name", name, "--s3-bucket-name", "bucket", "--s3-key-prefix", "logs",
        "--is-multi-region-trail", "--enable-log-file-validation", "--tags-list", "Key=team,Value=blue", by=root,
    )
    assert (made["TrailARN"], made["LogFileValidationEnabled"]) == (arn, True)
    described = aws("cloudtrail", "describe-trails", by=root)["trailList"]
    assert [(trail["TrailARN"], trail["S3KeyPrefix"], trail["HomeRegion"]) for trail in described] == [
        (arn, "logs", clients.REGION)
    ]
    assert aws("cloudtrail", "list-trails", by=root)["Trails"][0]["TrailARN"] == arn
    status = ["cloudtrail", "get-trail-status", "--name", name]
    assert aws(*status, by=root)["IsLogging"] is False
    aws("cloudtrail", "start-logging", "--name", name, by=root)
    started = aws(*status, by=root)
    assert started["IsLogging"] and started["StartLoggingTime"]
    aws("cloudtrail", "stop-logging", "--name", arn, by=root)
    stopped = aws(*status, by=root)
    assert not stopped["IsLogging"] and stopped["StopLoggingTime"]
    tags = aws("cloudtrail", "list-tags", "--resource-id-list", arn, by=root)["ResourceTagList"]
    assert tags == [{"ResourceId": arn, "TagsList": [{"Key": "team", "Value": "blue"}]}]
    aws("cloudtrail", "delete-trail", "--name", name, by=root)
    fails("TrailNotFoundException", *status, by=root)


def test_key_events_may_be_left_out_of_a_trail(root):
    name = f"trail-{next(_names)}"
    aws("cloudtrail", "create-trail", "--name", name, "--s3-bucket-name", "bucket", by=root)
    selectors = json.dumps([{"ReadWriteType": "All", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}])
    aws("cloudtrail", "put-event-selectors", "--trail-name", name, "--event-selectors", selectors, by=root)
    shown = aws("cloudtrail", "get-event-selectors", "--trail-name", name, by=root)["EventSelectors"]
    assert shown[0]["ExcludeManagementEventSources"] == ["kms.amazonaws.com"]
    assert aws("cloudtrail", "get-trail", "--name", name, by=root)["Trail"]["HasCustomEventSelectors"] is True


def test_the_keys_of_digests_are_listed(root):
    def keys():
        return aws("cloudtrail", "list-public-keys", by=root)["PublicKeyList"]

    key = until(keys)[0]
    assert key["Value"] and len(key["Fingerprint"]) == 32
