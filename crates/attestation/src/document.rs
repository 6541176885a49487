//! The document's CBOR: a COSE_Sign1 (RFC 9052 §4.2) around the payload that AWS documents in "Verifying the root of
//! trust". What it returns is not trusted before [`check_signature`].

use std::collections::BTreeMap;

use minicbor::data::{Tag, Type};
use minicbor::decode::Error;
use minicbor::{Decoder, Encoder};
use strongroom_base::UnixMillis;
use strongroom_crypto::ecdsa_verify::{P384_FIXED_BYTES, verify_p384_sha384_fixed};

use crate::{Attestation, Digest, Rejected};

/// The longest certificate in bytes, leaf or authority.
pub(crate) const CERTIFICATE_BYTES_MAX: usize = 4096;
/// The most authorities in a document, its root included.
pub(crate) const AUTHORITIES_MAX: usize = 8;
const MODULE_ID_BYTES_MAX: usize = 256;
const PUBLIC_KEY_BYTES_MAX: usize = 1024;
const USER_DATA_BYTES_MAX: usize = 512;
const NONCE_BYTES_MAX: usize = 512;
const PCR_INDEX_MAX: u8 = 31;
/// The most fields of a payload; AWS documents nine.
const FIELDS_MAX: usize = 32;
/// How deep the value of an unknown field may be nested.
const UNKNOWN_DEPTH_MAX: u8 = 4;

/// RFC 9052 §4.2; NSM itself leaves the tag out.
const COSE_SIGN1_TAG: Tag = Tag::new(18);
/// The protected header {1: -35}: algorithm ES384 (RFC 9053 §2.1). The hypervisor writes no other bytes.
const PROTECTED_ES384: [u8; 4] = [0xa1, 0x01, 0x38, 0x22];

/// A COSE_Sign1, its signature not yet checked.
pub(crate) struct Signed<'b> {
    pub(crate) payload: &'b [u8],
    signature: &'b [u8; P384_FIXED_BYTES],
}

/// The payload's fields, each within its limits.
pub(crate) struct Payload<'b> {
    module_id: &'b str,
    pub(crate) timestamp: UnixMillis,
    pcrs: BTreeMap<u8, &'b [u8]>,
    pub(crate) certificate: &'b [u8],
    /// From the root down.
    pub(crate) authorities: Vec<&'b [u8]>,
    pub(crate) public_key: Option<&'b [u8]>,
    user_data: Option<&'b [u8]>,
    nonce: Option<&'b [u8]>,
}

impl Payload<'_> {
    /// The content as values of their own.
    pub(crate) fn attestation(&self) -> Attestation {
        let pcrs = self.pcrs.iter();
        Attestation {
            module_id: self.module_id.to_owned(),
            digest: Digest::Sha384,
            timestamp: self.timestamp,
            pcrs: pcrs.map(|(index, pcr)| (*index, pcr.to_vec())).collect(),
            public_key: self.public_key.unwrap_or_default().to_vec(),
            user_data: self.user_data.map(<[u8]>::to_vec),
            nonce: self.nonce.map(<[u8]>::to_vec),
        }
    }
}

/// The parts of `document`, which is nothing but a COSE_Sign1 of ES384.
pub(crate) fn read_envelope(document: &[u8]) -> Result<Signed<'_>, Rejected> {
    let signed = decode_envelope(document).map_err(|_| Rejected::NotADocument)?;
    signed.ok_or(Rejected::NotADocument)
}

fn decode_envelope(document: &[u8]) -> Result<Option<Signed<'_>>, Error> {
    let mut decoder = Decoder::new(document);
    if decoder.datatype()? == Type::Tag && decoder.tag()? != COSE_SIGN1_TAG {
        return Ok(None);
    }
    if decoder.array()? != Some(4) || decoder.bytes()? != PROTECTED_ES384 {
        return Ok(None);
    }
    // The unprotected header is not signed, so nothing may stand there.
    if decoder.map()? != Some(0) {
        return Ok(None);
    }
    let payload = decoder.bytes()?;
    let signature = decoder.bytes()?.try_into().ok();
    let ended = decoder.position() == document.len();
    Ok(signature
        .filter(|_| ended)
        .map(|signature| Signed { payload, signature }))
}

/// Verifies the signature over the protected header and the payload (RFC 9052 §4.4).
pub(crate) fn check_signature(signed: &Signed<'_>, public_point: &[u8]) -> Result<(), Rejected> {
    let message = signature_input(signed.payload);
    verify_p384_sha384_fixed(public_point, &message, signed.signature)
        .map_err(|_| Rejected::BadSignature)
}

/// `Sig_structure`: context, protected header, no external data, payload.
fn signature_input(payload: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(payload.len() + 32));
    let encoded = encoder
        .array(4)
        .and_then(|encoder| encoder.str("Signature1"))
        .and_then(|encoder| encoder.bytes(&PROTECTED_ES384))
        .and_then(|encoder| encoder.bytes(&[]))
        .and_then(|encoder| encoder.bytes(payload))
        .map(|_| ());
    // Writing to a vector cannot fail; an empty message would verify under no signature.
    encoded.map_or_else(|_| Vec::new(), |()| encoder.into_writer())
}

/// The fields as they are met; each at most once.
#[derive(Default)]
struct Fields<'b> {
    module_id: Option<&'b str>,
    digest: Option<()>,
    timestamp: Option<UnixMillis>,
    pcrs: Option<BTreeMap<u8, &'b [u8]>>,
    certificate: Option<&'b [u8]>,
    authorities: Option<Vec<&'b [u8]>>,
    public_key: Option<&'b [u8]>,
    user_data: Option<&'b [u8]>,
    nonce: Option<&'b [u8]>,
}

/// The fields of `payload`, which is nothing but a map of them.
pub(crate) fn read_payload(payload: &[u8]) -> Result<Payload<'_>, Rejected> {
    let mut decoder = Decoder::new(payload);
    let fields = read_fields(&mut decoder)?;
    if decoder.position() != payload.len() {
        return Err(Rejected::NotADocument);
    }
    let missing = Rejected::Field;
    fields.digest.ok_or(missing("digest"))?;
    Ok(Payload {
        module_id: fields.module_id.ok_or(missing("module_id"))?,
        timestamp: fields.timestamp.ok_or(missing("timestamp"))?,
        pcrs: fields.pcrs.ok_or(missing("pcrs"))?,
        certificate: fields.certificate.ok_or(missing("certificate"))?,
        authorities: fields.authorities.ok_or(missing("cabundle"))?,
        public_key: fields.public_key,
        user_data: fields.user_data,
        nonce: fields.nonce,
    })
}

fn read_fields<'b>(decoder: &mut Decoder<'b>) -> Result<Fields<'b>, Rejected> {
    let malformed = |_| Rejected::NotADocument;
    let mut names = Vec::new();
    let mut fields = Fields::default();
    // Hypervisors write this map, and only this, with indefinite length too.
    let length = decoder.map().map_err(malformed)?;
    while has_more(decoder, length, names.len()).map_err(malformed)? {
        let name = decoder.str().map_err(malformed)?;
        if names.len() >= FIELDS_MAX || names.contains(&name) {
            return Err(Rejected::NotADocument);
        }
        names.push(name);
        fields.read(name, decoder)?;
    }
    Ok(fields)
}

/// Whether a map of `length`, of which `read` entries were read, goes on. Takes the end of an indefinite one.
fn has_more(decoder: &mut Decoder<'_>, length: Option<u64>, read: usize) -> Result<bool, Error> {
    if let Some(length) = length {
        return Ok(u64::try_from(read).is_ok_and(|read| read < length));
    }
    if decoder.datatype()? != Type::Break {
        return Ok(true);
    }
    decoder.set_position(decoder.position().saturating_add(1));
    Ok(false)
}

impl<'b> Fields<'b> {
    fn read(&mut self, name: &str, decoder: &mut Decoder<'b>) -> Result<(), Rejected> {
        match name {
            "module_id" => self.module_id = Some(of("module_id", module_id(decoder))?),
            "digest" => self.digest = Some(of("digest", digest(decoder))?),
            "timestamp" => self.timestamp = Some(of("timestamp", timestamp(decoder))?),
            "pcrs" => self.pcrs = Some(of("pcrs", pcrs(decoder))?),
            "certificate" => self.certificate = Some(of("certificate", certificate(decoder))?),
            "cabundle" => self.authorities = Some(of("cabundle", authorities(decoder))?),
            "public_key" => {
                let key = optional(decoder, 1, PUBLIC_KEY_BYTES_MAX);
                self.public_key = of("public_key", key)?;
            }
            "user_data" => {
                self.user_data = of("user_data", optional(decoder, 0, USER_DATA_BYTES_MAX))?;
            }
            "nonce" => self.nonce = of("nonce", optional(decoder, 0, NONCE_BYTES_MAX))?,
            // A later hypervisor may attest more. It is signed like the rest, and nothing here relies on it.
            _ => skip(decoder, UNKNOWN_DEPTH_MAX).ok_or(Rejected::NotADocument)?,
        }
        Ok(())
    }
}

fn of<T>(name: &'static str, value: Option<T>) -> Result<T, Rejected> {
    value.ok_or(Rejected::Field(name))
}

fn module_id<'b>(decoder: &mut Decoder<'b>) -> Option<&'b str> {
    let text = decoder.str().ok()?;
    (1..=MODULE_ID_BYTES_MAX)
        .contains(&text.len())
        .then_some(text)
}

fn digest(decoder: &mut Decoder<'_>) -> Option<()> {
    (decoder.str().ok()? == "SHA384").then_some(())
}

fn timestamp(decoder: &mut Decoder<'_>) -> Option<UnixMillis> {
    let millis = i64::try_from(decoder.u64().ok()?).ok()?;
    (millis > 0).then_some(UnixMillis(millis))
}

fn pcrs<'b>(decoder: &mut Decoder<'b>) -> Option<BTreeMap<u8, &'b [u8]>> {
    let length = decoder.map().ok()??;
    if length == 0 {
        return None;
    }
    // No index twice and none above the last: so no more than 32.
    let mut pcrs = BTreeMap::new();
    for _ in 0..length {
        let index = decoder.u8().ok()?;
        let value = decoder.bytes().ok()?;
        let known = index <= PCR_INDEX_MAX && matches!(value.len(), 32 | 48 | 64);
        if !known || pcrs.insert(index, value).is_some() {
            return None;
        }
    }
    Some(pcrs)
}

fn authorities<'b>(decoder: &mut Decoder<'b>) -> Option<Vec<&'b [u8]>> {
    let length = usize::try_from(decoder.array().ok()??).ok()?;
    if length == 0 || length > AUTHORITIES_MAX {
        return None;
    }
    (0..length).map(|_| certificate(decoder)).collect()
}

fn certificate<'b>(decoder: &mut Decoder<'b>) -> Option<&'b [u8]> {
    bytes(decoder, 1, CERTIFICATE_BYTES_MAX)
}

/// `None` when malformed, `Some(None)` when null.
fn optional<'b>(
    decoder: &mut Decoder<'b>,
    minimum: usize,
    maximum: usize,
) -> Option<Option<&'b [u8]>> {
    if decoder.datatype().ok()? == Type::Null {
        decoder.null().ok()?;
        return Some(None);
    }
    bytes(decoder, minimum, maximum).map(Some)
}

fn bytes<'b>(decoder: &mut Decoder<'b>, minimum: usize, maximum: usize) -> Option<&'b [u8]> {
    let bytes = decoder.bytes().ok()?;
    (minimum..=maximum).contains(&bytes.len()).then_some(bytes)
}

/// Takes one value of definite length that is not nested deeper than `depth`.
fn skip(decoder: &mut Decoder<'_>, depth: u8) -> Option<()> {
    match decoder.datatype().ok()? {
        Type::Array => skip_items(decoder, 1, depth),
        Type::Map => skip_items(decoder, 2, depth),
        Type::Bytes => decoder.bytes().ok().map(|_| ()),
        Type::String => decoder.str().ok().map(|_| ()),
        Type::Bool => decoder.bool().ok().map(|_| ()),
        Type::Null => decoder.null().ok(),
        _ => decoder.int().ok().map(|_| ()),
    }
}

fn skip_items(decoder: &mut Decoder<'_>, items_per_entry: u64, depth: u8) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let entries = match items_per_entry {
        1 => decoder.array(),
        _ => decoder.map(),
    };
    let items = entries.ok()??.checked_mul(items_per_entry)?;
    (0..items).try_for_each(|_| skip(decoder, depth))
}
