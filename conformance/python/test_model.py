"""The reply checker itself: it must fail what it exists to fail."""

import botocore.session
import pytest

import model

KMS = botocore.session.get_session().get_service_model("kms")
HEADERS = {
    "x-amzn-RequestId": "00000000-0000-4000-8000-000000000000",
    "Date": "Sun, 22 Nov 2026 00:00:00 GMT",
    "Content-Type": "application/x-amz-json-1.1",
}
RANDOM = b'{"Plaintext":"AAAA"}'


def check(operation, body, status=200, headers=HEADERS):
    response = {"status_code": status, "headers": headers, "body": body}
    model.check_reply(KMS.operation_model(operation), response)


@pytest.mark.parametrize("operation, status, body", [
    ("GenerateRandom", 200, RANDOM),
    ("GenerateRandom", 200, b'{"CiphertextForRecipient":"AAAA"}'),
    ("Decrypt", 200, b'{"KeyId":"x","EncryptionAlgorithm":"RSAES_OAEP_SHA_1","Plaintext":"AAAA"}'),
    ("DisableKey", 200, b""),
    ("DisableKey", 200, b"{}"),
    ("DisableKey", 400, b'{"__type":"NotFoundException","message":"x"}'),
    ("Decrypt", 400, b'{"__type":"InvalidCiphertextException"}'),
    ("Decrypt", 400, b'{"__type":"AccessDeniedException","Message":"x"}'),
    ("Decrypt", 500, b'{"__type":"KMSInternalException","message":"x"}'),
    ("ListKeys", 200, b'{"Keys":[{"KeyId":"a","KeyArn":"arn:aws:kms:us-east-1:0:key/a"}],"Truncated":false}'),
])
def test_replies_of_aws_pass(operation, status, body):
    check(operation, body, status)


@pytest.mark.parametrize("operation, status, body", [
    ("GenerateRandom", 200, b""),
    ("GenerateRandom", 200, b"{}"),
    ("GenerateRandom", 200, b'{"Plaintext":"AAAA","Extra":1}'),
    ("GenerateRandom", 200, b'{"Plaintext":"AAAA","Plaintext":"AAAA"}'),
    ("GenerateRandom", 200, b'{"Plaintext":"AAA"}'),
    ("GenerateRandom", 200, b'{"Plaintext":null}'),
    ("GenerateRandom", 200, b'{"Plaintext":""}'),
    ("GenerateRandom", 200, b'{"Plaintext":"AAAA","CiphertextForRecipient":"AAAA"}'),
    ("Decrypt", 200, b'{"KeyId":"x","EncryptionAlgorithm":"SYMMETRIC_DEFAULT","Plaintext":"AAAA"}'),
    ("DisableKey", 200, b'{"KeyId":"x"}'),
    ("CancelKeyDeletion", 200, b"{}"),
    ("ListKeys", 200, b'{"Keys":[]}'),
    ("ListKeys", 200, b'{"Keys":[{"KeyId":"a"}],"Truncated":false}'),
    ("ListKeys", 200, b'{"Keys":[],"Truncated":"false"}'),
    ("Decrypt", 400, b'{"__type":"InvalidCiphertextException","message":""}'),
    ("Decrypt", 400, b'{"__type":"NotFoundException","Message":"x"}'),
    ("Decrypt", 400, b'{"__type":"AccessDeniedException","message":"x"}'),
    ("Decrypt", 400, b'{"__type":"KMSInternalException","message":"x"}'),
    ("Decrypt", 403, b'{"__type":"AccessDeniedException","Message":"x"}'),
])
def test_other_replies_fail(operation, status, body):
    with pytest.raises(model.Mismatch):
        check(operation, body, status)


@pytest.mark.parametrize("name", HEADERS)
def test_every_header_is_needed(name):
    headers = {key: value for key, value in HEADERS.items() if key != name}
    with pytest.raises(model.Mismatch):
        check("GenerateRandom", RANDOM, headers=headers)
