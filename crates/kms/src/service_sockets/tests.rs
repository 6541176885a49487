use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{SERVICE_SOCKETS_MAX, ServiceSocket, bind_all};

fn private_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    folder
}

#[tokio::test]
async fn a_socket_is_its_users_own() {
    let folder = private_folder();
    let path = folder.path().join("s3.sock");
    let socket = ServiceSocket::bind("s3.amazonaws.com", &path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let connecting = tokio::net::UnixStream::connect(&path);
    let (accepted, connected) = tokio::join!(socket.accept(), connecting);
    accepted.unwrap();
    connected.unwrap();
    // What an earlier server left behind is no obstacle; a server that still runs is.
    let refused = ServiceSocket::bind("s3.amazonaws.com", &path).unwrap_err();
    assert!(
        refused
            .to_string()
            .ends_with("somebody listens there already"),
        "{refused}"
    );
    drop(socket);
    ServiceSocket::bind("s3.amazonaws.com", &path).unwrap();
}

#[tokio::test]
async fn what_others_could_reach_or_is_no_socket_is_refused() {
    let folder = private_folder();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o710)).unwrap();
    fs::write(folder.path().join("store.db"), "precious").unwrap();
    let long = "x".repeat(108);
    for (principal, name, expected) in [
        ("s3.amazonaws.com", "open/s3.sock", "and mode 0700"),
        (
            "s3.amazonaws.com",
            "store.db",
            "something that is no socket is there",
        ),
        (
            "s3.amazonaws.com",
            &long,
            "the path is too long for a Unix socket",
        ),
        (
            "s3.amazonaws.com",
            "absent/s3.sock",
            "No such file or directory (os error 2)",
        ),
        ("s3", "s3.sock", "no service has this name"),
        (
            "arn:aws:iam::000000000000:root",
            "s3.sock",
            "no service has this name",
        ),
    ] {
        let error = ServiceSocket::bind(principal, &folder.path().join(name)).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{name}: {error}");
    }
    assert_eq!(
        fs::read(folder.path().join("store.db")).unwrap(),
        b"precious"
    );
    let one = ("s3.amazonaws.com".to_owned(), folder.path().join("s"));
    let many = vec![one; SERVICE_SOCKETS_MAX + 1];
    assert_eq!(
        bind_all(&many).unwrap_err().to_string(),
        "more than 32 services"
    );
}
