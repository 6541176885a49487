"""Requests no SDK would send. Whatever arrives, the answer is a 4xx with a named reason, never a 5xx or
silence, and the server goes on serving."""

import datetime
import http.client
import json
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import clients

HOST = urlsplit(clients.ENDPOINT).netloc
JSON = "application/x-amz-json-1.1"
RANDOM = b'{"NumberOfBytes":1}'


def signed(body=RANDOM, target="TrentService.GenerateRandom", key_id="test", secret="test",
           region="us-east-1", service="kms", content_type=JSON, auth=SigV4Auth):
    """The headers of a correctly signed request, as a list so that they can be spoiled."""
    request = AWSRequest("POST", f"{clients.ENDPOINT}/", data=body)
    request.headers["Content-Type"] = content_type
    request.headers["X-Amz-Target"] = target
    auth(Credentials(key_id, secret), service, region).add_auth(request)
    return [(name, value) for name, value in request.headers.items()]


def send(headers, body=RANDOM, path="/"):
    connection = http.client.HTTPConnection(HOST, timeout=30)
    try:
        connection.putrequest("POST", path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        try:
            connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The server may answer and close before it has read a body it will not take.
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def code(body):
    try:
        return json.loads(body)["__type"]
    except (ValueError, KeyError):
        return None


def changed(headers, name, value):
    """`headers` with `name` replaced after signing, or dropped when `value` is None."""
    others = [pair for pair in headers if pair[0].lower() != name.lower()]
    return others if value is None else [*others, (name, value)]


def at(moment):
    """A signer whose clock shows `moment`."""
    class Clocked(SigV4Auth):
        def add_auth(self, request):
            request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
            self._modify_request_before_signing(request)
            canonical = self.canonical_request(request)
            to_sign = self.string_to_sign(request, canonical)
            self._inject_signature_to_request(request, self.signature(to_sign, request))
    return Clocked


def hours(count):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=count)


def plain(body, **arguments):
    return signed(body, **arguments), body


def query_auth():
    request = AWSRequest("POST", f"{clients.ENDPOINT}/", data=RANDOM)
    request.headers["Content-Type"] = JSON
    request.headers["X-Amz-Target"] = "TrentService.GenerateRandom"
    SigV4QueryAuth(Credentials("test", "test"), "kms", "us-east-1").add_auth(request)
    split = urlsplit(request.url)
    return list(request.headers.items()), f"/?{split.query}"


DEEP = b'{"NumberOfBytes":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

# name, (headers, body), the codes allowed; the first is AWS's.
CASES = [
    ("deep JSON", lambda: plain(DEEP), ["SerializationException"]),
    ("no JSON", lambda: plain(b"NumberOfBytes=1"), ["SerializationException"]),
    ("JSON, but no object", lambda: plain(b"[1]"), ["SerializationException"]),
    ("two values", lambda: plain(b'{"NumberOfBytes":1}{}'), ["SerializationException"]),
    ("duplicate members", lambda: plain(b'{"NumberOfBytes":1,"NumberOfBytes":2}'), ["SerializationException"]),
    ("invalid UTF-8", lambda: plain(b'{"NumberOfBytes":1,"\xff":2}'), ["SerializationException"]),
    ("member of another type", lambda: plain(b'{"NumberOfBytes":"one"}'), ["SerializationException"]),
    ("bad base64", lambda: plain(b'{"CiphertextBlob":"%%%"}', target="TrentService.Decrypt"),
     ["SerializationException", "ValidationException"]),
    ("missing members", lambda: plain(b"{}", target="TrentService.Encrypt"), ["ValidationException"]),
    ("missing key id", lambda: plain(b"{}", target="TrentService.DescribeKey"), ["ValidationException"]),
    ("unknown target", lambda: plain(b"{}", target="TrentService.MakeTea"), ["UnknownOperationException"]),
    ("foreign target", lambda: plain(b"{}", target="Other.GenerateRandom"), ["UnknownOperationException"]),
    ("no target", lambda: (changed(signed(), "X-Amz-Target", None), RANDOM),
     ["InvalidSignatureException", "UnknownOperationException"]),
    ("target changed after signing",
     lambda: (changed(signed(), "X-Amz-Target", "TrentService.ListKeys"), RANDOM),
     ["InvalidSignatureException"]),
    ("body changed after signing", lambda: (signed(), b'{"NumberOfBytes":2}'), ["InvalidSignatureException"]),
    ("wrong secret", lambda: plain(RANDOM, secret="tset"), ["InvalidSignatureException"]),
    ("wrong service", lambda: plain(RANDOM, service="s3"), ["InvalidSignatureException"]),
    ("wrong Region in the scope", lambda: plain(RANDOM, region="us-nowhere"), ["InvalidSignatureException"]),
    ("unknown access key", lambda: plain(RANDOM, key_id="AKIAIOSFODNN7EXAMPLE"),
     ["UnrecognizedClientException"]),
    ("session token of nobody",
     lambda: ([*signed(), ("X-Amz-Security-Token", "abc")], RANDOM),
     ["UnrecognizedClientException", "InvalidSignatureException"]),
    ("unsigned x-amz-* header", lambda: ([*signed(), ("X-Amz-Meta-Trick", "1")], RANDOM),
     ["InvalidSignatureException"]),
    ("stale date", lambda: plain(RANDOM, auth=at(hours(-1))), ["InvalidSignatureException"]),
    ("date to come", lambda: plain(RANDOM, auth=at(hours(1))), ["InvalidSignatureException"]),
    ("no signature", lambda: (changed(signed(), "Authorization", None), RANDOM),
     ["MissingAuthenticationTokenException"]),
    ("half a signature", lambda: (changed(signed(), "Authorization", "AWS4-HMAC-SHA256 Credential=test"), RANDOM),
     ["IncompleteSignatureException"]),
    ("another scheme", lambda: (changed(signed(), "Authorization", "Basic dGVzdDp0ZXN0"), RANDOM),
     ["IncompleteSignatureException", "MissingAuthenticationTokenException"]),
    ("wrong content type", lambda: plain(RANDOM, content_type="text/plain"), None),
    ("duplicate Authorization",
     lambda: ([*signed(), ("Authorization", dict(signed())["Authorization"])], RANDOM), None),
    ("duplicate X-Amz-Target", lambda: ([*signed(), ("X-Amz-Target", "TrentService.ListKeys")], RANDOM), None),
    ("duplicate X-Amz-Date", lambda: ([*signed(), ("X-Amz-Date", dict(signed())["X-Amz-Date"])], RANDOM), None),
    ("duplicate Host", lambda: ([*signed(), ("Host", "elsewhere")], RANDOM), None),
    ("Content-Length twice", lambda: (
        [*signed(), ("Content-Length", str(len(RANDOM))), ("Content-Length", "3")], RANDOM), None),
    ("Transfer-Encoding and Content-Length", lambda: (
        [*signed(), ("Transfer-Encoding", "chunked"), ("Content-Length", str(len(RANDOM)))],
        b"13\r\n" + RANDOM + b"\r\n0\r\n\r\n"), None),
    ("a header of 40 KiB", lambda: ([*signed(), ("X-Long", "x" * 40_960)], RANDOM), None),
    ("100 headers", lambda: ([*signed(), *((f"X-{n}", "x") for n in range(100))], RANDOM), None),
]


@pytest.mark.parametrize("build, codes", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refused(build, codes):
    headers, body = build()
    status, reply = send(headers, body)
    assert 400 <= status < 500, (status, reply)
    if codes is not None:
        assert code(reply) in codes, reply
    assert_serving()


def test_an_oversized_body_is_refused():
    body = b'{"NumberOfBytes":1,"x":"' + b"x" * (1 << 20) + b'"}'
    status, _ = send(signed(body), body)
    assert status in (400, 413)
    assert_serving()


def test_an_announced_oversized_body_is_refused_unread():
    headers = [*signed(), ("Content-Length", str(1 << 40))]
    status, _ = send(headers)
    assert status in (400, 413)
    assert_serving()


def test_query_string_authentication_is_not_header_authentication():
    """Presigned KMS requests exist in the protocol; accepted or not, they must not fail inside."""
    headers, path = query_auth()
    status, reply = send(headers, path=path)
    assert status < 500, reply
    status, reply = send(headers, path=path[:-1] + ("0" if path[-1] != "0" else "1"))
    assert 400 <= status < 500, reply
    assert_serving()


def test_header_and_query_authentication_together_are_refused():
    _, path = query_auth()
    status, _ = send(signed(), path=path)
    assert 400 <= status < 500


def assert_serving():
    status, reply = send(signed())
    assert status == 200, reply
