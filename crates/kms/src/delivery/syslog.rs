//! Delivers events as syslog messages (RFC 5424): one event a message, octet-counted over TCP (RFC 6587 §3.4.1), or
//! a datagram or octet-counted stream over a Unix socket. The receiver confirms nothing; what a connection that
//! breaks had not yet taken is sent again.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;
use strongroom_base::UnixMillis;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixDatagram, UnixStream};
use tokio::time::timeout;

use super::sink::SinkError;

/// How long connecting may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a message may wait for the receiver to take it.
const SEND_TIME_MAX: Duration = Duration::from_secs(30);
/// RFC 5424 §6.2.1: facility 13 (log audit), severity 6 (informational).
const PRIORITY: u8 = 13 * 8 + 6;
/// RFC 5424 §6.2.4: HOSTNAME.
const HOST_NAME_LENGTH_MAX: usize = 255;
/// The members of an event whose length clients choose.
const CONTENTS: &[&str] = &[
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
];
const NIL: &str = "-";
const APPLICATION: &str = "strongroom";
/// RFC 5424 §6.2.7: MSGID.
const MESSAGE_ID: &str = "CloudTrail";
/// RFC 5424 §6.4: MSG is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What connecting a stream to a socket of datagrams fails with (connect(2)).
const WRONG_KIND: Errno = Errno::PROTOTYPE;
/// What sending a message that no datagram holds fails with (send(2)).
const TOO_LONG: Errno = Errno::MSGSIZE;

/// Where messages are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAddress {
    /// `host:port`, over TCP.
    Tcp(String),
    /// The path of a Unix socket, a stream or of datagrams.
    Unix(PathBuf),
}

/// A receiver of messages.
pub struct SyslogSink {
    address: SyslogAddress,
    host_name: String,
}

/// An open connection.
pub(super) enum Connection {
    Stream(Box<dyn Stream>),
    Datagrams(UnixDatagram),
}

/// What octet-counted messages are sent over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl SyslogSink {
    /// Messages to `address`, in the name of the host `host_name`.
    pub fn new(address: SyslogAddress, host_name: &str) -> Self {
        let is_printable = |letter: &char| letter.is_ascii_graphic();
        let host_name = host_name.chars().filter(is_printable);
        Self {
            address,
            host_name: host_name.take(HOST_NAME_LENGTH_MAX).collect(),
        }
    }

    /// Connects to the receiver.
    pub(super) async fn connect(&self) -> Result<Connection, SinkError> {
        let connected = timeout(CONNECT_TIME_MAX, connect(&self.address)).await;
        let connected = connected.map_err(|_| SinkError::timeout())?;
        connected.map_err(|error| failed(&error))
    }

    /// Sends events in turn, each with its time, and returns once the operating system has taken all of them and
    /// the receiver has not closed the connection.
    pub(super) async fn send(
        &self,
        connection: &mut Connection,
        events: &[(UnixMillis, String)],
    ) -> Result<(), SinkError> {
        for (time, event) in events {
            let sent = timeout(SEND_TIME_MAX, self.send_one(connection, *time, event)).await;
            let sent = sent.map_err(|_| SinkError::timeout())?;
            sent.map_err(|error| failed(&error))?;
        }
        connection.check().await.map_err(|error| failed(&error))
    }

    async fn send_one(
        &self,
        connection: &mut Connection,
        time: UnixMillis,
        event: &str,
    ) -> io::Result<()> {
        let message = self.message(time, event);
        let sent = connection.send(message.as_bytes()).await;
        if !sent.as_ref().is_err_and(is_too_long) {
            return sent;
        }
        tracing::warn!(
            bytes = message.len(),
            "an event is longer than a datagram: it is sent to syslog without what was asked for and answered"
        );
        // Nobody hides what they do by asking for much.
        let short = without_contents(event).map(|event| self.message(time, &event));
        let sent = match &short {
            Some(message) => connection.send(message.as_bytes()).await,
            None => sent,
        };
        match sent {
            // It will never fit, and must not keep back what comes after it.
            Err(error) if is_too_long(&error) => {
                tracing::error!("an event is longer than a datagram: not sent to syslog");
                Ok(())
            }
            sent => sent,
        }
    }

    /// RFC 5424 §6: one event as a message.
    fn message(&self, time: UnixMillis, event: &str) -> String {
        let time = strongroom_aws::time::iso8601(time);
        let (time, host) = (or_nil(&time), or_nil(&self.host_name));
        let version = 1;
        format!(
            "<{PRIORITY}>{version} {time} {host} {APPLICATION} {NIL} {MESSAGE_ID} {NIL} {BYTE_ORDER_MARK}{event}"
        )
    }
}

async fn connect(address: &SyslogAddress) -> io::Result<Connection> {
    match address {
        SyslogAddress::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            Ok(Connection::Stream(Box::new(stream)))
        }
        SyslogAddress::Unix(path) => match UnixStream::connect(path).await {
            Ok(stream) => Ok(Connection::Stream(Box::new(stream))),
            // The socket is there, but of datagrams, as /dev/log is.
            Err(error) if error.raw_os_error() == Some(WRONG_KIND.raw_os_error()) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                Ok(Connection::Datagrams(socket))
            }
            Err(error) => Err(error),
        },
    }
}

impl Connection {
    async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            // RFC 6587 §3.4.1: the length, a space, the message.
            Self::Stream(stream) => {
                let count = format!("{} ", message.len());
                stream
                    .write_all(&[count.as_bytes(), message].concat())
                    .await?;
                stream.flush().await
            }
            Self::Datagrams(socket) => socket.send(message).await.map(drop),
        }
    }

    /// Fails when the receiver has closed the connection. A receiver never sends, so anything to read is its end.
    async fn check(&mut self) -> io::Result<()> {
        let Self::Stream(stream) = self else {
            return Ok(());
        };
        let mut byte = [0];
        match timeout(Duration::ZERO, stream.read(&mut byte)).await {
            Err(_) | Ok(Ok(1..)) => Ok(()),
            Ok(Ok(0)) => Err(io::ErrorKind::ConnectionReset.into()),
            Ok(Err(error)) => Err(error),
        }
    }
}

fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(TOO_LONG.raw_os_error())
}

/// The event without the members whose length clients choose; CloudTrail leaves out those that are too long, too.
fn without_contents(event: &str) -> Option<String> {
    let mut members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(event).ok()?;
    for name in CONTENTS {
        if let Some(content) = members.get_mut(*name) {
            *content = serde_json::Value::Null;
        }
    }
    serde_json::to_string(&members).ok()
}

fn or_nil(text: &str) -> &str {
    if text.is_empty() { NIL } else { text }
}

fn failed(error: &io::Error) -> SinkError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => SinkError::new("AccessDenied"),
        _ => SinkError::unreachable(),
    }
}

#[cfg(test)]
mod tests;
