//! What lies in the folder after a put, and names that must not be followed.

use std::os::unix::fs::PermissionsExt;

use bytes::Bytes;

use super::FolderSink;
use crate::delivery::sink::{Object, Sink, SinkError};

fn object(bucket: &str, key: &str, body: &str) -> Object {
    Object {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        metadata: vec![("signature", "00".to_owned())],
    }
}

#[tokio::test]
async fn objects_lie_under_their_names_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("out");
    let sink = FolderSink::open(&root).unwrap();
    for body in ["first", "second"] {
        let put = sink.put(&object("bucket", "a/b/name.gz", body)).await;
        assert_eq!(put, Ok(()));
        let path = root.join("bucket/a/b/name.gz");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), body);
        let metadata = root.join("bucket/a/b/name.gz.metadata.json");
        assert_eq!(
            std::fs::read_to_string(&metadata).unwrap(),
            r#"{"signature":"00"}"#
        );
        for (path, mode) in [
            (&path, 0o600),
            (&metadata, 0o600),
            (&root.join("bucket/a"), 0o700),
        ] {
            let found = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode, "{}", path.display());
        }
    }
    assert_eq!(
        std::fs::read_dir(root.join("bucket/a/b")).unwrap().count(),
        2
    );
}

#[tokio::test]
async fn no_name_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let sink = FolderSink::open(&folder.path().join("out")).unwrap();
    for (bucket, key) in [
        ("..", "x"),
        (".", "x"),
        ("", "x"),
        ("a/b", "x"),
        ("bucket", "../x"),
        ("bucket", "a/../../../x"),
        ("bucket", "a//x"),
        ("bucket", "/x"),
        ("bucket", "a/"),
        ("bucket", ""),
        ("bucket", "a\0b"),
    ] {
        let put = sink.put(&object(bucket, key, "x")).await;
        assert_eq!(put, Err(SinkError::invalid_name()), "{bucket} {key:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_the_disk_refuses_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let sink = FolderSink::open(folder.path()).unwrap();
    std::fs::write(folder.path().join("bucket"), "in the way").unwrap();
    let put = sink.put(&object("bucket", "a/x", "x")).await;
    assert_eq!(put, Err(SinkError::new("InvalidObjectName")));
    let long = "x".repeat(300);
    let put = sink.put(&object("other", &long, "x")).await;
    assert_eq!(put, Err(SinkError::new("InvalidObjectName")));
}
