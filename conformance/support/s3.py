"""A small S3 for tests: what delivery puts and `aws cloudtrail validate-logs` gets, path style, in memory.

It checks that requests are signed, not who signed them.
"""

import hashlib
import http.server
import threading
import urllib.parse
from xml.sax.saxutils import escape

MAX_KEYS = 1000
METADATA = "x-amz-meta-"


class Store:
    """The buckets: bucket -> key -> (body, headers)."""

    def __init__(self, *buckets):
        self.buckets = {bucket: {} for bucket in buckets}
        # What requests are answered with instead, as (status, code).
        self.failing = None
        self.refused = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        bucket, key, query = self.target()
        objects = self.server.store.buckets.get(bucket)
        if objects is None:
            return self.fail(404, "NoSuchBucket")
        if key:
            return self.get_object(objects, key)
        if "location" in query:
            # us-east-1 has no constraint.
            return self.answer(200, b"<LocationConstraint/>")
        return self.list_objects(bucket, objects, query)

    def do_PUT(self):
        bucket, key, _ = self.target()
        body = self.rfile.read(int(self.headers["content-length"]))
        problem = self.problem(body)
        if problem:
            self.server.store.refused.append(problem)
            return self.fail(403, problem)
        if self.server.store.failing:
            return self.fail(*self.server.store.failing)
        if bucket not in self.server.store.buckets:
            return self.fail(404, "NoSuchBucket")
        kept = ("content-type", "content-encoding")
        headers = {
            name.lower(): value
            for name, value in self.headers.items()
            if name.lower() in kept or name.lower().startswith(METADATA)
        }
        self.server.store.buckets[bucket][key] = (body, headers)
        return self.answer(200, b"")

    def problem(self, body):
        """What S3 would refuse the signature for, as far as it can be told without the secret."""
        authorization = self.headers.get("authorization", "")
        if not authorization.startswith("AWS4-HMAC-SHA256 Credential="):
            return "AccessDenied"
        signed = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
        wanted = {"host", "x-amz-date", "x-amz-content-sha256"}
        wanted |= {name.lower() for name in self.headers if name.lower().startswith(METADATA)}
        if not wanted <= set(signed) or len(authorization.split("Signature=")[1]) != 64:
            return "SignatureDoesNotMatch"
        if self.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            return "XAmzContentSHA256Mismatch"
        return None

    def target(self):
        url = urllib.parse.urlsplit(self.path)
        bucket, _, key = urllib.parse.unquote(url.path).removeprefix("/").partition("/")
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        return bucket, key, query

    def get_object(self, objects, key):
        if key not in objects:
            return self.fail(404, "NoSuchKey")
        body, headers = objects[key]
        return self.answer(200, body, headers)

    def list_objects(self, bucket, objects, query):
        prefix, marker = query.get("prefix", ""), query.get("marker", "")
        found = sorted(key for key in objects if key.startswith(prefix) and key > marker)
        page = found[: int(query.get("max-keys", MAX_KEYS))]
        contents = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in page)
        truncated = str(len(page) < len(found)).lower()
        body = (
            f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<Marker>{escape(marker)}</Marker><MaxKeys>{MAX_KEYS}</MaxKeys>"
            f"<IsTruncated>{truncated}</IsTruncated>{contents}</ListBucketResult>"
        )
        return self.answer(200, body.encode())

    def fail(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {"content-type": "application/xml"}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing: the tests tell what matters."""


class Server:
    """Serves a store while it is entered."""

    def __init__(self, *buckets):
        self.store = Store(*buckets)
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.store = self.store
        self.endpoint = f"http://127.0.0.1:{self.http.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
