//! The stored bytes of a record: the format byte, then a CBOR map with numbered members. A number is
//! never given a second meaning; new members get new numbers and old readers skip them.

use minicbor::{Decode, Decoder, Encode};
use strongroom_base::UnixMillis;

use super::{
    CONTEXT_BYTES_MAX, Caller, FORMAT, KEYS_MAX, KeyUse, Outcome, Record, RecordError,
    TEXT_BYTES_MAX, USER_AGENT_BYTES_MAX,
};

type Pairs<'a> = Vec<(&'a str, &'a str)>;

#[derive(Encode, Decode)]
#[cbor(map)]
struct Stored<'a> {
    #[b(0)]
    event_id: &'a str,
    #[b(1)]
    request_id: &'a str,
    #[n(2)]
    time: i64,
    #[b(3)]
    service: &'a str,
    #[b(4)]
    operation: &'a str,
    #[b(5)]
    region: &'a str,
    #[b(6)]
    account: &'a str,
    #[b(7)]
    access_key_id: &'a str,
    #[b(8)]
    principal: &'a str,
    #[b(9)]
    source_address: &'a str,
    #[b(10)]
    user_agent: &'a str,
    #[b(11)]
    keys: Vec<StoredKey<'a>>,
    #[b(12)]
    encryption_context: Option<Pairs<'a>>,
    #[b(13)]
    destination_encryption_context: Option<Pairs<'a>>,
    /// Absent when the call succeeded.
    #[b(14)]
    exception: Option<&'a str>,
    #[n(15)]
    read_only: bool,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredKey<'a> {
    #[b(0)]
    arn: &'a str,
    #[cbor(n(1), with = "minicbor::bytes")]
    material_id: Option<[u8; 32]>,
}

pub(super) fn encode(record: &Record) -> Result<Vec<u8>, RecordError> {
    let stored = to_stored(record);
    check_bounds(&stored)?;
    let mut bytes = vec![FORMAT];
    minicbor::encode(&stored, &mut bytes).map_err(|_| RecordError::Malformed)?;
    Ok(bytes)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Record, RecordError> {
    let body = match bytes.split_first() {
        Some((&FORMAT, body)) => body,
        Some((&other, _)) => return Err(RecordError::UnknownFormat(other)),
        None => return Err(RecordError::Malformed),
    };
    let mut decoder = Decoder::new(body);
    let stored: Stored<'_> = decoder.decode().map_err(|_| RecordError::Malformed)?;
    if decoder.position() != body.len() {
        return Err(RecordError::Malformed);
    }
    check_bounds(&stored)?;
    from_stored(stored)
}

fn to_stored(record: &Record) -> Stored<'_> {
    Stored {
        event_id: &record.event_id,
        request_id: &record.request_id,
        time: record.time.0,
        service: &record.service,
        operation: &record.operation,
        region: record.region.as_str(),
        account: record.caller.account.as_str(),
        access_key_id: &record.caller.access_key_id,
        principal: &record.caller.principal,
        source_address: &record.source_address,
        user_agent: cut(&record.user_agent, USER_AGENT_BYTES_MAX),
        keys: record.keys.iter().map(to_stored_key).collect(),
        encryption_context: to_pairs(&record.encryption_context),
        destination_encryption_context: to_pairs(&record.destination_encryption_context),
        exception: match &record.outcome {
            Outcome::Success => None,
            Outcome::Exception(name) => Some(name),
        },
        read_only: record.read_only,
    }
}

fn to_stored_key(key: &KeyUse) -> StoredKey<'_> {
    StoredKey {
        arn: &key.arn,
        material_id: key.material_id,
    }
}

fn to_pairs(context: &[(String, String)]) -> Option<Pairs<'_>> {
    let pairs = context
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()));
    (!context.is_empty()).then(|| pairs.collect())
}

fn from_stored(stored: Stored<'_>) -> Result<Record, RecordError> {
    Ok(Record {
        event_id: stored.event_id.to_owned(),
        request_id: stored.request_id.to_owned(),
        time: UnixMillis(stored.time),
        service: stored.service.to_owned(),
        operation: stored.operation.to_owned(),
        region: stored.region.parse().map_err(|_| RecordError::Malformed)?,
        caller: Caller {
            account: stored.account.parse().map_err(|_| RecordError::Malformed)?,
            access_key_id: stored.access_key_id.to_owned(),
            principal: stored.principal.to_owned(),
        },
        source_address: stored.source_address.to_owned(),
        user_agent: stored.user_agent.to_owned(),
        keys: stored.keys.into_iter().map(from_stored_key).collect(),
        encryption_context: from_pairs(stored.encryption_context),
        destination_encryption_context: from_pairs(stored.destination_encryption_context),
        outcome: match stored.exception {
            None => Outcome::Success,
            Some(name) => Outcome::Exception(name.to_owned()),
        },
        read_only: stored.read_only,
    })
}

fn from_stored_key(key: StoredKey<'_>) -> KeyUse {
    KeyUse {
        arn: key.arn.to_owned(),
        material_id: key.material_id,
    }
}

fn from_pairs(pairs: Option<Pairs<'_>>) -> Vec<(String, String)> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    pairs.into_iter().flatten().map(owned).collect()
}

fn check_bounds(stored: &Stored<'_>) -> Result<(), RecordError> {
    for (member, text) in [
        ("event id", stored.event_id),
        ("request id", stored.request_id),
        ("service", stored.service),
        ("operation", stored.operation),
        ("access key id", stored.access_key_id),
        ("principal", stored.principal),
        ("source address", stored.source_address),
        ("user agent", stored.user_agent),
        ("exception", stored.exception.unwrap_or_default()),
    ] {
        within(text.len(), TEXT_BYTES_MAX, member)?;
    }
    within(stored.keys.len(), KEYS_MAX, "key list")?;
    for key in &stored.keys {
        within(key.arn.len(), TEXT_BYTES_MAX, "key ARN")?;
    }
    for context in [
        &stored.encryption_context,
        &stored.destination_encryption_context,
    ] {
        let pairs = context.iter().flatten();
        let size = pairs.map(|(key, value)| key.len() + value.len() + 4).sum();
        within(size, CONTEXT_BYTES_MAX, "encryption context")?;
    }
    Ok(())
}

fn within(size: usize, max: usize, member: &'static str) -> Result<(), RecordError> {
    if size > max {
        Err(RecordError::TooLarge(member))
    } else {
        Ok(())
    }
}

/// The longest start of `text` that has at most `max` bytes.
fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}
