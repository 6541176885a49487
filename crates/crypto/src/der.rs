//! The little of DER (X.690) that keys and messages need: writing elements, reading them strictly. It
//! never accepts BER, but to rewrite it ([`to_der`]), tags above 30 or what follows an element unasked.

mod ber;

pub use ber::to_der;

#[cfg(test)]
mod tests;

/// The identifier octet of an INTEGER.
pub const INTEGER: u8 = 0x02;
/// The identifier octet of a BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// The identifier octet of an OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// The identifier octet of a NULL.
pub const NULL: u8 = 0x05;
/// The identifier octet of an OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// The identifier octet of a SEQUENCE or SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// The identifier octet of a SET or SET OF.
pub const SET: u8 = 0x31;

/// The identifier octet of the primitive `[number]`; `number` is at most 30.
pub const fn context(number: u8) -> u8 {
    0x80 | (number & 0x1f)
}

/// The identifier octet of the constructed `[number]`; `number` is at most 30.
pub const fn context_constructed(number: u8) -> u8 {
    0xa0 | (number & 0x1f)
}

/// Bytes that are not the expected element in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDer;

/// An element with the identifier octet `tag`; its content is the concatenation of `parts`.
///
/// The result is written once at its full length, so a secret content leaves no copies behind.
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 2 + size_of::<usize>());
    out.push(tag);
    write_length(length, &mut out);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// A SEQUENCE of whole elements.
pub fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, elements)
}

/// A BIT STRING of whole bytes.
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// Reads elements one after the other.
#[derive(Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the beginning of `der`.
    pub fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// The content of the next element.
    ///
    /// # Errors
    /// [`NotDer`] when the next element has not the identifier octet `tag`, when its length is
    /// indefinite or not minimal (X.690 §10.1), or when it is cut off; nothing is read then.
    pub fn read(&mut self, tag: u8) -> Result<&'a [u8], NotDer> {
        let (found, rest) = self.0.split_first().ok_or(NotDer)?;
        if *found != tag {
            return Err(NotDer);
        }
        let (length, rest) = read_length(rest)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(NotDer)?;
        self.0 = rest;
        Ok(content)
    }

    /// Nothing is left to read.
    ///
    /// # Errors
    /// [`NotDer`] when something is.
    pub fn finish(self) -> Result<(), NotDer> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(NotDer)
        }
    }
}

/// The content of `der`, exactly one element with the identifier octet `tag`.
///
/// # Errors
/// [`NotDer`] as [`Reader::read`] says, and when anything follows the element.
pub fn read_one(tag: u8, der: &[u8]) -> Result<&[u8], NotDer> {
    let mut reader = Reader::new(der);
    let content = reader.read(tag)?;
    reader.finish()?;
    Ok(content)
}

/// The bytes of a BIT STRING's content.
///
/// # Errors
/// [`NotDer`] when its bits do not fill whole bytes.
pub fn whole_bytes(bit_string: &[u8]) -> Result<&[u8], NotDer> {
    match bit_string {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(NotDer),
    }
}

// X.690 §8.1.3 and §10.1: below 128 one byte, otherwise 0x80 + n and n bytes without leading zeros.
fn write_length(length: usize, out: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let digits = bytes.iter().skip_while(|byte| **byte == 0);
            out.push(
                (0x80..)
                    .zip(digits.clone())
                    .map(|(n, _)| n + 1)
                    .last()
                    .unwrap_or(0x80),
            );
            out.extend(digits);
        }
    }
}

fn read_length(der: &[u8]) -> Result<(usize, &[u8]), NotDer> {
    let (first, rest) = der.split_first().ok_or(NotDer)?;
    if *first < 0x80 {
        return Ok((usize::from(*first), rest));
    }
    let digits = usize::from(*first & 0x7f);
    let (digits, rest) = rest.split_at_checked(digits).ok_or(NotDer)?;
    // Four bytes are more than any buffer here, and are never shifted out of a `usize`.
    if digits.len() > 4 || digits.first().is_none_or(|byte| *byte == 0) {
        return Err(NotDer);
    }
    let length = digits
        .iter()
        .fold(0usize, |length, byte| (length << 8) | usize::from(*byte));
    if length < 0x80 {
        Err(NotDer)
    } else {
        Ok((length, rest))
    }
}
