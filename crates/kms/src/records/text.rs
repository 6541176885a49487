//! Identifiers inside records, as text.

use std::fmt::Display;
use std::str::FromStr;

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decoder, Encoder};

pub(super) fn encode<C, T: Display, W: Write>(
    value: &T,
    encoder: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), EncodeError<W::Error>> {
    encoder.str(&value.to_string())?.ok()
}

pub(super) fn decode<C, T: FromStr>(
    decoder: &mut Decoder<'_>,
    _: &mut C,
) -> Result<T, DecodeError> {
    decoder
        .str()?
        .parse()
        .map_err(|_| DecodeError::message("not an identifier"))
}
