//! From BER (X.690 §8) to DER: private keys come in either. Lengths and strings in pieces are rewritten;
//! no value is ever changed.

use strongroom_base::Secret;

use super::{NotDer, OCTET_STRING, element, read_one};

/// How deep elements may be nested; a PrivateKeyInfo with attributes needs six levels.
const DEPTH_MAX: usize = 16;
const CONSTRUCTED: u8 = 0x20;
const NUMBER: u8 = 0x1f;
const INDEFINITE: u8 = 0x80;
const IN_PIECES: u8 = OCTET_STRING | CONSTRUCTED;

/// A converted element, which may be part of a private key.
type Element = Secret<Vec<u8>>;

/// `ber`, exactly one element, with the lengths of DER and every OCTET STRING in one piece. What octet
/// strings hold is left as it is.
///
/// # Errors
/// [`NotDer`] when it is not one BER element, nested no deeper than 16 levels, without tags above 30.
pub fn to_der(ber: &[u8]) -> Result<Secret<Vec<u8>>, NotDer> {
    match convert(ber, DEPTH_MAX)? {
        (der, []) => Ok(der),
        _ => Err(NotDer),
    }
}

/// The first element of `ber` in DER, and what follows it.
fn convert(ber: &[u8], depth: usize) -> Result<(Element, &[u8]), NotDer> {
    let depth = depth.checked_sub(1).ok_or(NotDer)?;
    let (&tag, rest) = ber.split_first().ok_or(NotDer)?;
    if tag & NUMBER == NUMBER {
        return Err(NotDer);
    }
    let is_constructed = tag & CONSTRUCTED != 0;
    if let Some(rest) = rest.strip_prefix(&[INDEFINITE]) {
        let (parts, rest) = until_end(rest, depth)?;
        return match is_constructed {
            true => Ok((constructed(tag, &parts)?, rest)),
            false => Err(NotDer),
        };
    }
    let (content, rest) = definite(rest)?;
    let der = if is_constructed {
        constructed(tag, &all(content, depth)?)?
    } else {
        element(tag, &[content]).into()
    };
    Ok((der, rest))
}

/// An element of converted parts. X.690 §10.2: strings are primitive in DER.
fn constructed(tag: u8, parts: &[Element]) -> Result<Element, NotDer> {
    let mut contents = Vec::with_capacity(parts.len());
    for part in parts {
        contents.push(match tag {
            IN_PIECES => read_one(OCTET_STRING, part.expose())?,
            _ => part.expose().as_slice(),
        });
    }
    let tag = if tag == IN_PIECES { OCTET_STRING } else { tag };
    Ok(element(tag, &contents).into())
}

fn all(mut content: &[u8], depth: usize) -> Result<Vec<Element>, NotDer> {
    let mut parts = Vec::new();
    while !content.is_empty() {
        let (part, rest) = convert(content, depth)?;
        parts.push(part);
        content = rest;
    }
    Ok(parts)
}

/// The elements before the end-of-contents octets (X.690 §8.1.5), and what follows these.
fn until_end(mut ber: &[u8], depth: usize) -> Result<(Vec<Element>, &[u8]), NotDer> {
    let mut parts = Vec::new();
    loop {
        if let Some(rest) = ber.strip_prefix(&[0, 0]) {
            return Ok((parts, rest));
        }
        let (part, rest) = convert(ber, depth)?;
        parts.push(part);
        ber = rest;
    }
}

/// The content that a definite length announces, however that is written (X.690 §8.1.3), and the rest.
fn definite(ber: &[u8]) -> Result<(&[u8], &[u8]), NotDer> {
    let (&first, rest) = ber.split_first().ok_or(NotDer)?;
    if first < INDEFINITE {
        return rest.split_at_checked(usize::from(first)).ok_or(NotDer);
    }
    let digits = usize::from(first & !INDEFINITE);
    let (digits, rest) = rest.split_at_checked(digits).ok_or(NotDer)?;
    let length = digits.iter().try_fold(0usize, |length, byte| {
        length.checked_mul(256)?.checked_add(usize::from(*byte))
    });
    rest.split_at_checked(length.ok_or(NotDer)?).ok_or(NotDer)
}

#[cfg(test)]
mod tests;
