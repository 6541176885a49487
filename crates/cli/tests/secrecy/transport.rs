//! The wire of a production server: TLS, HTTP/1.1 and HTTP/2, and what is refused on it.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderValue};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use serde_json::json;
use strongroom_base::hex;
use tempfile::TempDir;

use crate::client::{Account, Connection, Http, answered};
use crate::data_folder::init;
use crate::memory::{Way, assert_searchable, sweep};
use crate::needles::Needles;
use crate::server::{Server, run};
use crate::service::clean_after;
use crate::truth::random;
use crate::{PROGRAM, block_on, may_read_memory};

/// The server's own limit.
const IDLE_TIME_MAX: Duration = Duration::from_secs(5);
const TLS_CONFIG: &str = "[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n";

/// A certificate authority of the test's own.
struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let name = hex::encode(random::<8>().expose());
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// Writes the certificate of `localhost` and its key into `folder`.
    fn certify(&self, folder: &Path) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(folder.join("server.pem"), certificate.pem()).unwrap();
        fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    }

    /// A client that trusts this authority alone.
    fn client(&self) -> rustls::ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

/// An unsealed production server with TLS.
struct Production {
    server: Server,
    authority: Authority,
    account: Account,
    passphrase: String,
}

fn production() -> Production {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.certify(folder.path());
    let passphrase = hex::encode(random::<16>().expose());
    let account = init(folder.path(), TLS_CONFIG, &passphrase);
    let secret_file = folder.path().join("passphrase");
    let server = Server::serve(folder);
    run(Command::new(PROGRAM)
        .arg("unseal")
        .arg("--data")
        .arg(server.data())
        .arg("--secret-file")
        .arg(secret_file));
    Production {
        server,
        authority,
        account,
        passphrase,
    }
}

#[test]
fn signed_requests_pass_over_tls_and_leave_nothing_behind() {
    let production = production();
    let Production {
        server,
        authority,
        account,
        passphrase,
    } = &production;
    block_on(async {
        let mut needles = Needles::default();
        let mut connections = Vec::new();
        for http in Http::BOTH {
            let mut connection = Connection::tls(server.address, http, authority.client())
                .await
                .unwrap();
            let made = connection.call(account, "CreateKey", &json!({})).await;
            let key = &made["KeyMetadata"]["KeyId"];
            let plaintext = random::<32>();
            let encoded = base64(plaintext.expose());
            let input = json!({"KeyId": key, "Plaintext": encoded});
            let made = connection.call(account, "Encrypt", &input).await;
            let input = json!({"CiphertextBlob": made["CiphertextBlob"]});
            let opened = connection.call(account, "Decrypt", &input).await;
            assert_eq!(opened["Plaintext"], encoded);
            needles.message(&format!("{http:?} plaintext"), plaintext.expose());
            connections.push(connection);
        }
        if !may_read_memory() {
            return;
        }
        assert_searchable(&needles);
        clean_after("service, TLS connections open", server.pid(), &needles);
        let mut operators = Needles::default();
        operators.raw("passphrase", passphrase.as_bytes());
        operators.raw("secret access key", account.secret.as_bytes());
        for pid in [server.pid(), server.key_process()] {
            let hits = sweep(pid, Way::ProcessVm, &operators.search())
                .unwrap()
                .hits;
            assert!(hits.is_empty(), "{hits:#?}");
        }
    });
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn tls_is_insisted_on_by_both_sides() {
    let production = production();
    let address = production.server.address;
    block_on(async {
        for http in Http::BOTH {
            let stranger = Authority::new().client();
            let refused = Connection::tls(address, http, stranger).await;
            let error = refused.err().unwrap().to_string();
            assert_eq!(error, "invalid peer certificate: UnknownIssuer");
        }
    });
    let alert = answer_to_hello(address, 0x02);
    assert_eq!(alert[..3], [21, 3, 3], "an alert");
    assert_eq!(alert[5..7], [2, 70], "fatal, protocol_version");
    let hello = answer_to_hello(address, 0x03);
    assert_eq!(hello[0], 22, "TLS 1.2 gets a handshake");
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut said = Vec::new();
    // The server may close before it has read all.
    let _ended = stream.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "no HTTP without TLS");
}

/// The first bytes of the answer to a hello of TLS 1.`minor - 1`, with a cipher suite that fits the server's
/// certificate: only the version can displease.
fn answer_to_hello(address: SocketAddr, minor: u8) -> [u8; 7] {
    const SIGNATURE_ALGORITHMS: &[u8] = &[0, 13, 0, 4, 0, 2, 4, 3];
    const GROUPS: &[u8] = &[0, 10, 0, 4, 0, 2, 0, 23];
    const POINT_FORMATS: &[u8] = &[0, 11, 0, 2, 1, 0];
    let extensions = [SIGNATURE_ALGORITHMS, GROUPS, POINT_FORMATS].concat();
    let mut hello = vec![3, minor];
    hello.extend_from_slice(random::<32>().expose());
    // No session, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression.
    hello.extend_from_slice(&[0, 0, 2, 0xc0, 0x2b, 1, 0]);
    hello.extend_from_slice(&[0, u8::try_from(extensions.len()).unwrap()]);
    hello.extend_from_slice(&extensions);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend_from_slice(&hello);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&record).unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    answer
}

#[test]
fn what_could_be_read_in_two_ways_is_refused_over_http_2() {
    let server = Server::dev();
    let account = Account::test();
    block_on(async {
        let mut connection = Connection::clear(server.address, Http::Two).await;
        let body = || b"{}".to_vec();

        let mut request = connection.signed(&account, "ListKeys", body());
        let other = HeaderValue::from_static("other.example:4599");
        request.headers_mut().insert(HOST, other);
        refused(&mut connection, request, "host").await;

        for name in [
            "x-amz-target",
            "x-amz-date",
            "authorization",
            "content-type",
        ] {
            let mut request = connection.signed(&account, "ListKeys", body());
            let again = request.headers()[name].clone();
            request.headers_mut().append(name, again);
            refused(&mut connection, request, name).await;
        }

        let mut request = connection.signed(&account, "ListKeys", body());
        let same = request.uri().authority().unwrap().to_string();
        let same = HeaderValue::from_str(&same).unwrap();
        request.headers_mut().insert(HOST, same);
        let response = connection.send(request).await.unwrap();
        assert_eq!(response.status(), 200, "the same host twice");
    });
}

async fn refused(
    connection: &mut Connection,
    request: http::Request<http_body_util::Full<hyper::body::Bytes>>,
    what: &str,
) {
    let (status, answer) = answered(connection.send(request).await.unwrap()).await;
    assert_eq!(status, 400, "{what}");
    let expected = json!({
        "__type": "MalformedHttpRequestException",
        "Message": format!("The request has the header '{what}' more than once."),
    });
    assert_eq!(answer, expected, "{what}");
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let server = Server::dev();
    let account = Account::test();
    block_on(async {
        for http in Http::BOTH {
            let mut connection = Connection::clear(server.address, http).await;
            let request = connection.signed(&account, "ListKeys", vec![b' '; (1 << 20) + 1]);
            let (status, answer) = answered(connection.send(request).await.unwrap()).await;
            assert_eq!(status, 413, "{http:?}");
            let expected = json!({
                "__type": "RequestEntityTooLargeException",
                "Message": "The request body is longer than 1048576 bytes.",
            });
            assert_eq!(answer, expected, "{http:?}");
        }
    });
}

/// What `serve` says when its TLS files are not what they should be.
fn complaint(spoil: impl FnOnce(&TempDir)) -> String {
    let folder = tempfile::tempdir().unwrap();
    Authority::new().certify(folder.path());
    let config = format!("data = \"data\"\nlisten = \"127.0.0.1:0\"\n{TLS_CONFIG}");
    fs::write(folder.path().join("strongroom.toml"), config).unwrap();
    spoil(&folder);
    let output = Command::new(PROGRAM)
        .arg("serve")
        .arg("--config")
        .arg(folder.path().join("strongroom.toml"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    said.replace(folder.path().to_str().unwrap(), "FOLDER")
}

#[test]
fn tls_files_that_cannot_be_used_are_named() {
    const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
    const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let another_key = KeyPair::generate().unwrap().serialize_pem();
    let cases: [(&str, Option<&[u8]>, &str); 7] = [
        (
            "server.pem",
            None,
            "I/O error: No such file or directory (os error 2)",
        ),
        (
            "server.pem",
            Some(b"text"),
            "there is no PEM certificate in it",
        ),
        (
            "server.pem",
            Some(CERTIFICATE),
            "base64 decode error: InvalidCharacter(33)",
        ),
        (
            "server.key",
            None,
            "I/O error: No such file or directory (os error 2)",
        ),
        (
            "server.key",
            Some(b"text"),
            "there is no PEM private key in it",
        ),
        (
            "server.key",
            Some(KEY),
            "the private key is none of RSA, ECDSA or Ed25519",
        ),
        (
            "server.key",
            Some(another_key.as_bytes()),
            "this is not the key of the certificate in FOLDER/server.pem",
        ),
    ];
    for (name, content, reason) in cases {
        let said = complaint(|folder| {
            let path = folder.path().join(name);
            match content {
                Some(content) => fs::write(path, content).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
        });
        assert_eq!(said, format!("strongroom: FOLDER/{name}: {reason}\n"));
    }
}

#[test]
fn a_connection_that_asks_nothing_is_ended() {
    let server = Server::dev();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(IDLE_TIME_MAX * 3)).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    assert_eq!(said, b"");
}

#[test]
fn a_connection_is_ended_when_its_requests_have_ended_or_were_given_up() {
    let server = Server::dev();
    let account = Account::test();
    block_on(async {
        let mut ends = Vec::new();
        for http in Http::BOTH {
            let mut connection = Connection::clear(server.address, http).await;
            connection.call(&account, "ListKeys", &json!({})).await;
            let request = connection.signed(&account, "CreateKey", b"{}".to_vec());
            tokio::select! {
                biased;
                _ = connection.send(request) => {}
                () = std::future::ready(()) => {}
            }
            ends.push(tokio::spawn(connection.ended()));
        }
        for end in ends {
            let end = tokio::time::timeout(IDLE_TIME_MAX * 3, end).await;
            end.expect("the server ends idle connections").unwrap();
        }
    });
}
