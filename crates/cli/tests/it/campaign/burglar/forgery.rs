//! A request that was signed, to be spoiled afterwards.

use strongroom_testkit::Request;

/// A signed request as it would go over the wire.
#[derive(Clone)]
pub(super) struct Forgery {
    method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Forgery {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            method: request.method.to_string(),
            target: request.target.clone(),
            headers: request.signed_headers(),
            body: request.body.clone(),
        }
    }

    pub(super) fn header(&mut self, name: &str) -> &mut String {
        let found = self.headers.iter_mut().find(|(known, _)| known == name);
        &mut found.unwrap().1
    }

    /// Puts `to` in the place of `from`, which must be in the header.
    pub(super) fn replace(&mut self, name: &str, from: &str, to: &str) {
        let value = self.header(name);
        assert!(value.contains(from), "{from} in {value}");
        *value = value.replacen(from, to, 1);
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.headers.retain(|(known, _)| known != name);
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The signature, 64 hexadecimal digits at the end of the Authorization header.
    pub(super) fn signature(&mut self) -> String {
        let value = self.header("authorization").clone();
        value.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        [head.as_bytes(), &self.body].concat()
    }
}
