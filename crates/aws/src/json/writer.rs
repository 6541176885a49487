//! Compact JSON, written front to back in the order of the calls.

use std::fmt::Display;

/// Writes one JSON value. Commas come by themselves; the caller closes what it opens.
#[derive(Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// A writer that has written nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes an object whose members `write` writes.
    pub fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push(b'{');
        write(self);
        self.out.push(b'}');
    }

    /// Writes an array whose items `write` writes.
    pub fn array(&mut self, write: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push(b'[');
        write(self);
        self.out.push(b']');
    }

    /// Writes the name of a member; its value must follow.
    pub fn name(&mut self, name: &str) {
        self.string(name);
        self.out.push(b':');
    }

    /// Writes a string.
    pub fn string(&mut self, text: &str) {
        self.separate();
        // Writing to memory does not fail, and every `str` is representable.
        let _ = serde_json::to_writer(&mut self.out, text);
    }

    /// Writes `literal`, which must be a JSON number, `true`, `false` or `null`.
    pub fn literal(&mut self, literal: impl Display) {
        self.separate();
        self.out.extend_from_slice(literal.to_string().as_bytes());
    }

    // A string ends with its quote, so the last byte tells whether a value precedes.
    fn separate(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }
}
