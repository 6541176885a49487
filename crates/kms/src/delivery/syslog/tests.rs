//! Messages as receivers get them, over each kind of socket, and a stream that loses its receiver.

use std::sync::Arc;

use serde_json::json;
use strongroom_base::UnixMillis;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, UnixDatagram, UnixListener};

use super::{SyslogAddress, SyslogSink};
use crate::delivery::sink::SinkError;
use crate::delivery::stream::{Stopped, Stream};
use crate::workbench::Bench;

const TIME: UnixMillis = UnixMillis(1_795_338_487_000);

fn events(texts: &[&str]) -> Vec<(UnixMillis, String)> {
    texts
        .iter()
        .map(|text| (TIME, (*text).to_owned()))
        .collect()
}

fn expected(event: &str) -> String {
    format!("<110>1 2026-11-22T09:08:07Z host strongroom - CloudTrail - \u{feff}{event}")
}

/// Takes one octet-counted message (RFC 6587 §3.4.1).
async fn take(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut length = 0;
    loop {
        match stream.read_u8().await.ok()? {
            b' ' => break,
            digit => length = length * 10 + usize::from(digit - b'0'),
        }
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.ok()?;
    Some(String::from_utf8(message).unwrap())
}

async fn send(address: SyslogAddress, texts: &[&str]) -> Result<(), SinkError> {
    let sink = SyslogSink::new(address, "ho\u{e9} st");
    let mut connection = sink.connect().await?;
    sink.send(&mut connection, &events(texts)).await
}

#[tokio::test]
async fn messages_arrive_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = SyslogAddress::Tcp(listener.local_addr().unwrap().to_string());
    let long = "x".repeat(200_000);
    let texts = ["{}", r#"{"a":"line\n"}"#, long.as_str()];
    let receiving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut taken = Vec::new();
        while let Some(message) = take(&mut stream).await {
            taken.push(message);
        }
        taken
    });
    send(address, &texts).await.unwrap();
    assert_eq!(receiving.await.unwrap(), texts.map(expected));
}

#[tokio::test]
async fn messages_arrive_over_unix_sockets_of_both_kinds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stream");
    let listener = UnixListener::bind(&path).unwrap();
    send(SyslogAddress::Unix(path), &["{}"]).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    assert_eq!(take(&mut stream).await.unwrap(), expected("{}"));

    let path = folder.path().join("datagrams");
    let socket = UnixDatagram::bind(&path).unwrap();
    // What no datagram holds keeps nothing else back, and nobody hides by asking for much.
    let long = "x".repeat(16 << 20);
    let event = format!(r#"{{"eventID":"3","requestParameters":{{"description":"{long}"}}}}"#);
    send(SyslogAddress::Unix(path), &["1", &long, &event, "2"])
        .await
        .unwrap();
    let mut buffer = vec![0; 1000];
    let short = r#"{"eventID":"3","requestParameters":null}"#;
    for event in ["1", short, "2"] {
        let length = socket.recv(&mut buffer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&buffer[..length]), expected(event));
    }
}

#[tokio::test]
async fn nobody_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = SyslogAddress::Unix(folder.path().join("none"));
    assert_eq!(send(nowhere, &["{}"]).await, Err(SinkError::unreachable()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = SyslogAddress::Tcp(listener.local_addr().unwrap().to_string());
    drop(listener);
    assert_eq!(send(address, &["{}"]).await, Err(SinkError::unreachable()));
}

#[tokio::test]
async fn the_stream_goes_on_where_the_receiver_was_lost() {
    let bench = Bench::new().await;
    let (kms, log) = (Arc::downgrade(&bench.kms), bench.log());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sink = SyslogSink::new(SyslogAddress::Tcp(address.to_string()), "host");
    let mut stream = Stream::new(&sink);
    let name = |message: &str| {
        let (_, event) = message.split_once('\u{feff}').unwrap();
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        event["eventName"].as_str().unwrap().to_owned()
    };

    bench.call("ListKeys", &json!({})).await.unwrap();
    bench
        .call_as("111122223333", "ListAliases", &json!({}))
        .await
        .unwrap();
    stream.send_new(&kms, &log).await.unwrap();
    let (mut receiver, _) = listener.accept().await.unwrap();
    for expected in ["ListKeys", "ListAliases"] {
        assert_eq!(name(&take(&mut receiver).await.unwrap()), expected);
    }

    // Nothing new, nothing sent; then the receiver hangs up, and nothing is lost.
    stream.send_new(&kms, &log).await.unwrap();
    drop(receiver);
    bench.call("ListKeys", &json!({})).await.unwrap();
    let stopped = stream.send_new(&kms, &log).await;
    assert!(matches!(stopped, Err(Stopped::Receiver(_))), "{stopped:?}");
    stream.send_new(&kms, &log).await.unwrap();
    let (mut receiver, _) = listener.accept().await.unwrap();
    assert_eq!(name(&take(&mut receiver).await.unwrap()), "ListKeys");

    // Another life goes on from what was noted.
    bench.call("ListAliases", &json!({})).await.unwrap();
    let mut stream = Stream::new(&sink);
    stream.send_new(&kms, &log).await.unwrap();
    let (mut receiver, _) = listener.accept().await.unwrap();
    assert_eq!(name(&take(&mut receiver).await.unwrap()), "ListAliases");
}
