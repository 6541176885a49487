//! Frames, as they lie one after another in a message of the socketpair.

use crate::Code;
use crate::wire::{Field, Malformed, Reader};

/// The longest frame with its header, in bytes.
pub const FRAME_LENGTH_MAX: usize = 64 * 1024;
/// The longest message, in bytes: a batch of frames.
pub const MESSAGE_LENGTH_MAX: usize = 128 * 1024;

/// A request on its way to the key process.
pub struct RequestFrame<'a> {
    /// Chosen by the sender, repeated in the reply.
    pub id: u64,
    /// The session; 0 is the KMS service.
    pub session: u32,
    /// The command's number.
    pub command: u8,
    /// The command's fields.
    pub body: &'a [u8],
}

/// A reply on its way back.
pub struct ReplyFrame<'a> {
    /// The id of the request.
    pub id: u64,
    /// The number of a [`Code`].
    pub status: u16,
    /// The reply's fields; empty unless the status is 0.
    pub body: &'a [u8],
}

impl<'a> Field<'a> for RequestFrame<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut frame = framed(reader)?;
        Ok(Self {
            id: frame.field()?,
            session: frame.field()?,
            command: frame.field()?,
            body: frame.rest(),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let command = self.command;
        append(out, |out| {
            self.id.write(out);
            self.session.write(out);
            command.write(out);
            out.extend_from_slice(self.body);
        });
    }
}

impl<'a> Field<'a> for ReplyFrame<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut frame = framed(reader)?;
        Ok(Self {
            id: frame.field()?,
            status: frame.field()?,
            body: frame.rest(),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        append(out, |out| {
            self.id.write(out);
            self.status.write(out);
            out.extend_from_slice(self.body);
        });
    }
}

/// Appends a reply whose body `write_body` appends, without a copy of the body.
pub fn append_reply(out: &mut Vec<u8>, id: u64, code: Code, write_body: impl FnOnce(&mut Vec<u8>)) {
    append(out, |out| {
        id.write(out);
        code.write(out);
        write_body(out);
    });
}

/// Appends a request whose body `write_body` appends.
pub fn append_request(
    out: &mut Vec<u8>,
    id: u64,
    session: u32,
    command: u8,
    write_body: impl FnOnce(&mut Vec<u8>),
) {
    append(out, |out| {
        id.write(out);
        session.write(out);
        command.write(out);
        write_body(out);
    });
}

fn append(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    0u32.write(out);
    write(out);
    let length = u32::try_from(out.len() - start - size_of::<u32>()).unwrap_or(u32::MAX);
    if let Some(prefix) = out.get_mut(start..start + size_of::<u32>()) {
        prefix.copy_from_slice(&length.to_be_bytes());
    }
}

fn framed<'a>(reader: &mut Reader<'a>) -> Result<Reader<'a>, Malformed> {
    let length = usize::try_from(reader.field::<u32>()?).map_err(|_| Malformed)?;
    if length > FRAME_LENGTH_MAX {
        return Err(Malformed);
    }
    reader.take(length).map(Reader::new)
}

/// The frames of a message, ending after the last one or after the first that is malformed.
pub fn frames<'a, F: Field<'a> + 'a>(
    message: &'a [u8],
) -> impl Iterator<Item = Result<F, Malformed>> + 'a {
    let mut reader = Reader::new(message);
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed || reader.end().is_ok() {
            return None;
        }
        let frame = reader.field();
        failed = frame.is_err();
        Some(frame)
    })
}
