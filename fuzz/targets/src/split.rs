//! How targets cut their input into parts: at line ends and zero bytes, so that seeds stay readable and a mutation of one
//! part leaves the others where they are.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// The first line, and all that follows it.
pub(crate) fn line(data: &[u8]) -> (&[u8], &[u8]) {
    at(data, b'\n')
}

/// What comes before the first zero byte, and all that follows it.
pub(crate) fn zero(data: &[u8]) -> (&[u8], &[u8]) {
    at(data, 0)
}

/// `data` as text, if it is.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// A request as text: `METHOD TARGET`, lines `name: value`, an empty line, and the body.
pub(crate) fn message(data: &[u8]) -> Option<Request<&[u8]>> {
    let (first, mut rest) = line(data);
    let (method, target) = text(first)?.split_once(' ')?;
    let mut headers = HeaderMap::new();
    while let (header, after) = line(rest)
        && !header.is_empty()
    {
        rest = after;
        let colon = header.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&header[..colon]).ok()?;
        let value = HeaderValue::from_bytes(header[colon + 1..].trim_ascii()).ok()?;
        headers.append(name, value);
    }
    let mut message = Request::new(line(rest).1);
    *message.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *message.uri_mut() = Uri::try_from(target).ok()?;
    *message.headers_mut() = headers;
    Some(message)
}

fn at(data: &[u8], end: u8) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == end) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[]),
    }
}
