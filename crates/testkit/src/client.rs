//! A blocking client of one connection: HTTP/1.1, signed, no retries, so that every call is one request.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::request::{Credentials, Request};

/// How long a reply may take.
const REPLY_MAX: Duration = Duration::from_secs(60);

/// A client of one account and Region.
pub struct Client {
    address: SocketAddr,
    socket: Option<PathBuf>,
    credentials: Credentials,
    region: String,
    headers: Vec<(String, String)>,
    ahead_seconds: i64,
    connection: Option<BufReader<Box<dyn Stream>>>,
}

/// What bytes go through.
trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// A reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client that signs with these credentials for us-east-1.
    pub fn new(address: SocketAddr, access_key_id: &str, secret_access_key: &str) -> Self {
        Self {
            address,
            credentials: Credentials {
                access_key_id: access_key_id.to_owned(),
                secret_access_key: secret_access_key.to_owned(),
            },
            socket: None,
            region: "us-east-1".to_owned(),
            headers: Vec::new(),
            ahead_seconds: 0,
            connection: None,
        }
    }

    /// The same client through the socket of a service.
    pub fn through(mut self, socket: &Path) -> Self {
        self.socket = Some(socket.to_owned());
        self
    }

    /// The same client with one more signed header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same client for another Region.
    pub fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// The same client with a clock that is ahead by so many seconds.
    pub fn ahead_by(mut self, seconds: i64) -> Self {
        self.set_ahead(seconds);
        self
    }

    /// Sets its clock ahead by so many seconds.
    pub fn set_ahead(&mut self, seconds: i64) {
        self.ahead_seconds = seconds;
    }

    /// Calls a KMS operation. Fails when the connection does.
    pub fn try_call(&mut self, operation: &str, input: &Value) -> io::Result<Reply> {
        let mut request = Request::json(self.address, operation, input.to_string().as_bytes());
        self.complete(&mut request);
        self.send(&request.bytes())
    }

    /// Calls an STS operation.
    pub fn query(&mut self, body: &str) -> Reply {
        self.query_of("sts", body)
    }

    /// Calls an operation of `service`, which speaks the Query protocol.
    pub fn query_of(&mut self, service: &str, body: &str) -> Reply {
        self.try_query_of(service, body).expect("a reply")
    }

    /// The same. Fails when the connection does.
    pub fn try_query_of(&mut self, service: &str, body: &str) -> io::Result<Reply> {
        let mut request = Request::form(self.address, body.as_bytes());
        self.complete(&mut request);
        service.clone_into(&mut request.scope.1);
        self.send(&request.bytes())
    }

    /// Calls a KMS operation with a body that need not be JSON.
    pub fn call_raw(&mut self, operation: &str, body: &[u8]) -> Reply {
        let mut request = Request::json(self.address, operation, body);
        self.complete(&mut request);
        self.send(&request.bytes()).expect("a reply")
    }

    fn complete(&self, request: &mut Request) {
        request.credentials = self.credentials.clone();
        self.region.clone_into(&mut request.scope.0);
        request.ahead_seconds = self.ahead_seconds;
        for (name, value) in &self.headers {
            request.set(name, value);
        }
    }

    /// The same; the connection must hold.
    pub fn call(&mut self, operation: &str, input: &Value) -> (u16, Value) {
        let reply = self.reply(operation, input);
        (reply.status, reply.json())
    }

    /// The whole reply; the connection must hold.
    pub fn reply(&mut self, operation: &str, input: &Value) -> Reply {
        self.try_call(operation, input)
            .unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// The output of a call that must succeed.
    pub fn ok(&mut self, operation: &str, input: &Value) -> Value {
        let reply = self.reply(operation, input);
        assert_eq!(reply.status, 200, "{operation}: {}", reply.text());
        reply.json()
    }

    /// The ARN of a new key.
    pub fn create_key(&mut self) -> String {
        let made = self.ok("CreateKey", &serde_json::json!({}));
        made["KeyMetadata"]["Arn"]
            .as_str()
            .expect("an ARN")
            .to_owned()
    }

    /// Sends bytes as they are and reads one reply; a connection that failed is not used again.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<Reply> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        // The server may refuse before it has read everything, and then its reply counts.
        let sent = connection.get_mut().write_all(bytes);
        let reply = match read_reply(&mut connection) {
            Err(_) if sent.is_err() => return Err(sent.err().unwrap_or(ErrorKind::Other.into())),
            reply => reply?,
        };
        if sent.is_ok() && reply.header("connection") != Some("close") {
            self.connection = Some(connection);
        }
        Ok(reply)
    }

    fn connect(&self) -> io::Result<BufReader<Box<dyn Stream>>> {
        if let Some(path) = &self.socket {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(REPLY_MAX))?;
            stream.set_write_timeout(Some(REPLY_MAX))?;
            return Ok(BufReader::new(Box::new(stream)));
        }
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(REPLY_MAX))?;
        stream.set_write_timeout(Some(REPLY_MAX))?;
        Ok(BufReader::new(Box::new(stream)))
    }
}

fn read_reply(connection: &mut BufReader<Box<dyn Stream>>) -> io::Result<Reply> {
    let status = read_line(connection)?;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut reply = Reply {
        status: status.ok_or(ErrorKind::InvalidData)?,
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let line = read_line(connection)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        let header = (name.to_ascii_lowercase(), value.trim().to_owned());
        reply.headers.push(header);
    }
    let length = reply.header("content-length");
    let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    reply.body.resize(length, 0);
    connection.read_exact(&mut reply.body)?;
    Ok(reply)
}

fn read_line(connection: &mut BufReader<Box<dyn Stream>>) -> io::Result<String> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

impl Reply {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The x-amzn-RequestId.
    pub fn request_id(&self) -> &str {
        self.header("x-amzn-requestid").expect("a request id")
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is empty.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The `__type`, empty when there is none.
    pub fn error(&self) -> String {
        self.json()["__type"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The message, under either name, empty when there is none.
    pub fn message(&self) -> String {
        let body = self.json();
        let message = body["message"].as_str().or(body["Message"].as_str());
        message.unwrap_or_default().to_owned()
    }
}
