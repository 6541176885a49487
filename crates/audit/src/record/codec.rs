//! The stored bytes of a record: the format byte, then a CBOR map with numbered members. A number is
//! never given a second meaning; new members get new numbers and old readers skip them.

use std::borrow::Cow;

use minicbor::{Decode, Decoder, Encode};
use strongroom_base::UnixMillis;
use strongroom_base::id::{uuid_bytes, uuid_text};

use super::{
    ADDITIONAL_BYTES_MAX, FORMAT, Identity, IdentityKind, Issuer, MESSAGE_BYTES_MAX, Outcome,
    PARAMETERS_BYTES_MAX, RESOURCES_MAX, Record, RecordError, Resource, Session, TEXT_BYTES_MAX,
    Tls, USER_AGENT_BYTES_MAX, Value,
};

#[derive(Encode, Decode)]
#[cbor(map)]
struct Stored<'a> {
    #[cbor(n(0), with = "minicbor::bytes")]
    event_id: [u8; 16],
    #[cbor(n(1), with = "minicbor::bytes")]
    request_id: Option<[u8; 16]>,
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
    identity: StoredIdentity<'a>,
    #[b(8)]
    source_address: &'a str,
    #[b(9)]
    user_agent: &'a str,
    #[b(10)]
    tls: Option<StoredTls<'a>>,
    #[b(11)]
    resources: Vec<StoredResource<'a>>,
    #[n(12)]
    parameters: Option<Cow<'a, Value>>,
    #[n(13)]
    response: Option<Cow<'a, Value>>,
    #[n(14)]
    additional: Option<Cow<'a, Value>>,
    #[n(15)]
    details: Option<Cow<'a, Value>>,
    /// Absent when the call succeeded.
    #[b(16)]
    exception: Option<&'a str>,
    #[b(17)]
    message: Option<&'a str>,
    #[n(18)]
    read_only: bool,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredIdentity<'a> {
    #[n(0)]
    kind: u8,
    #[b(1)]
    principal_id: Option<&'a str>,
    #[b(2)]
    arn: Option<&'a str>,
    #[b(3)]
    access_key_id: Option<&'a str>,
    #[b(4)]
    session: Option<StoredSession<'a>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredSession<'a> {
    #[n(0)]
    created: i64,
    #[n(1)]
    mfa: bool,
    #[b(2)]
    role: Option<&'a str>,
    #[b(3)]
    source_identity: Option<&'a str>,
    #[b(4)]
    provider: Option<&'a str>,
    #[b(5)]
    federated_by: Option<StoredIssuer<'a>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredIssuer<'a> {
    #[b(0)]
    principal_id: &'a str,
    #[b(1)]
    arn: &'a str,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredTls<'a> {
    #[b(0)]
    version: &'a str,
    #[b(1)]
    cipher_suite: &'a str,
    #[b(2)]
    key_exchange: &'a str,
    #[b(3)]
    host: &'a str,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredResource<'a> {
    #[b(0)]
    arn: &'a str,
    #[cbor(n(1), with = "minicbor::bytes")]
    material_id: Option<[u8; 32]>,
}

pub(super) fn encode(record: &Record) -> Result<Vec<u8>, RecordError> {
    let stored = to_stored(record)?;
    check_bounds(&stored)?;
    let mut bytes = vec![FORMAT];
    minicbor::encode(&stored, &mut bytes).map_err(|_| RecordError::Malformed)?;
    Ok(bytes)
}

pub(super) fn decode(body: &[u8]) -> Result<Record, RecordError> {
    let mut decoder = Decoder::new(body);
    let stored: Stored<'_> = decoder.decode().map_err(|_| RecordError::Malformed)?;
    if decoder.position() != body.len() {
        return Err(RecordError::Malformed);
    }
    check_bounds(&stored)?;
    from_stored(stored)
}

fn to_stored(record: &Record) -> Result<Stored<'_>, RecordError> {
    let request_id = Some(record.request_id.as_str()).filter(|id| !id.is_empty());
    let (exception, message) = match &record.outcome {
        Outcome::Success => (None, None),
        Outcome::Exception { code, message } => (
            Some(code.as_str()),
            some_text(cut(message, MESSAGE_BYTES_MAX)),
        ),
    };
    Ok(Stored {
        event_id: id(&record.event_id)?,
        request_id: request_id.map(id).transpose()?,
        time: record.time.0,
        service: &record.service,
        operation: &record.operation,
        region: record.region.as_str(),
        account: record.account.as_str(),
        identity: to_stored_identity(&record.identity),
        source_address: &record.source_address,
        user_agent: cut(&record.user_agent, USER_AGENT_BYTES_MAX),
        tls: record.tls.as_ref().map(to_stored_tls),
        resources: record.resources.iter().map(to_stored_resource).collect(),
        parameters: within_bytes(record.parameters.as_ref(), PARAMETERS_BYTES_MAX),
        response: within_bytes(record.response.as_ref(), PARAMETERS_BYTES_MAX),
        additional: within_bytes(record.additional.as_ref(), ADDITIONAL_BYTES_MAX),
        details: within_bytes(record.details.as_ref(), ADDITIONAL_BYTES_MAX),
        exception,
        message,
        read_only: record.read_only,
    })
}

fn to_stored_identity(identity: &Identity) -> StoredIdentity<'_> {
    StoredIdentity {
        kind: identity.kind.number(),
        principal_id: some_text(&identity.principal_id),
        arn: some_text(&identity.arn),
        access_key_id: some_text(&identity.access_key_id),
        session: identity.session.as_ref().map(|session| StoredSession {
            created: session.created.0,
            mfa: session.mfa,
            role: session.role.as_deref(),
            source_identity: session.source_identity.as_deref(),
            provider: session.provider.as_deref(),
            federated_by: session.federated_by.as_ref().map(|issuer| StoredIssuer {
                principal_id: &issuer.principal_id,
                arn: &issuer.arn,
            }),
        }),
    }
}

fn to_stored_tls(tls: &Tls) -> StoredTls<'_> {
    StoredTls {
        version: &tls.version,
        cipher_suite: &tls.cipher_suite,
        key_exchange: &tls.key_exchange,
        host: cut(&tls.host, TEXT_BYTES_MAX),
    }
}

fn to_stored_resource(resource: &Resource) -> StoredResource<'_> {
    StoredResource {
        arn: &resource.arn,
        material_id: resource.material_id,
    }
}

fn from_stored(stored: Stored<'_>) -> Result<Record, RecordError> {
    Ok(Record {
        event_id: uuid_text(&stored.event_id),
        request_id: stored
            .request_id
            .as_ref()
            .map(uuid_text)
            .unwrap_or_default(),
        time: UnixMillis(stored.time),
        service: stored.service.to_owned(),
        operation: stored.operation.to_owned(),
        region: stored.region.parse().map_err(|_| RecordError::Malformed)?,
        account: stored.account.parse().map_err(|_| RecordError::Malformed)?,
        identity: from_stored_identity(stored.identity)?,
        source_address: stored.source_address.to_owned(),
        user_agent: stored.user_agent.to_owned(),
        tls: stored.tls.map(from_stored_tls),
        resources: stored
            .resources
            .into_iter()
            .map(from_stored_resource)
            .collect(),
        parameters: stored.parameters.map(Cow::into_owned),
        response: stored.response.map(Cow::into_owned),
        additional: stored.additional.map(Cow::into_owned),
        details: stored.details.map(Cow::into_owned),
        outcome: match stored.exception {
            None => Outcome::Success,
            Some(code) => Outcome::Exception {
                code: code.to_owned(),
                message: stored.message.unwrap_or_default().to_owned(),
            },
        },
        read_only: stored.read_only,
    })
}

fn from_stored_identity(stored: StoredIdentity<'_>) -> Result<Identity, RecordError> {
    Ok(Identity {
        kind: IdentityKind::of_number(stored.kind).ok_or(RecordError::Malformed)?,
        principal_id: stored.principal_id.unwrap_or_default().to_owned(),
        arn: stored.arn.unwrap_or_default().to_owned(),
        access_key_id: stored.access_key_id.unwrap_or_default().to_owned(),
        session: stored.session.map(|session| Session {
            created: UnixMillis(session.created),
            mfa: session.mfa,
            role: session.role.map(str::to_owned),
            source_identity: session.source_identity.map(str::to_owned),
            provider: session.provider.map(str::to_owned),
            federated_by: session.federated_by.map(|issuer| Issuer {
                principal_id: issuer.principal_id.to_owned(),
                arn: issuer.arn.to_owned(),
            }),
        }),
    })
}

fn from_stored_tls(stored: StoredTls<'_>) -> Tls {
    Tls {
        version: stored.version.to_owned(),
        cipher_suite: stored.cipher_suite.to_owned(),
        key_exchange: stored.key_exchange.to_owned(),
        host: stored.host.to_owned(),
    }
}

fn from_stored_resource(stored: StoredResource<'_>) -> Resource {
    Resource {
        arn: stored.arn.to_owned(),
        material_id: stored.material_id,
    }
}

impl IdentityKind {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Root => 0,
            Self::IamUser => 1,
            Self::AssumedRole => 2,
            Self::FederatedUser => 3,
            Self::WebIdentityUser => 4,
            Self::AwsService => 5,
            Self::Internal => 6,
        }
    }

    pub(super) fn of_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Root,
            1 => Self::IamUser,
            2 => Self::AssumedRole,
            3 => Self::FederatedUser,
            4 => Self::WebIdentityUser,
            5 => Self::AwsService,
            6 => Self::Internal,
            _ => return None,
        })
    }
}

fn id(text: &str) -> Result<[u8; 16], RecordError> {
    uuid_bytes(text).map_err(|_| RecordError::Malformed)
}

fn some_text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// `value`, unless it is larger than records hold.
fn within_bytes(value: Option<&Value>, max: usize) -> Option<Cow<'_, Value>> {
    value
        .filter(|value| value.is_within(max))
        .map(Cow::Borrowed)
}

fn check_bounds(stored: &Stored<'_>) -> Result<(), RecordError> {
    let identity = &stored.identity;
    let session = identity.session.as_ref();
    let issuer = session.and_then(|session| session.federated_by.as_ref());
    for (member, text) in [
        ("service", Some(stored.service)),
        ("operation", Some(stored.operation)),
        ("principal id", identity.principal_id),
        ("principal", identity.arn),
        ("access key id", identity.access_key_id),
        ("role", session.and_then(|session| session.role)),
        (
            "source identity",
            session.and_then(|session| session.source_identity),
        ),
        ("provider", session.and_then(|session| session.provider)),
        ("issuer's id", issuer.map(|issuer| issuer.principal_id)),
        ("issuer", issuer.map(|issuer| issuer.arn)),
        ("source address", Some(stored.source_address)),
        ("user agent", Some(stored.user_agent)),
        ("host", stored.tls.as_ref().map(|tls| tls.host)),
        ("exception", stored.exception),
        ("message", stored.message),
    ] {
        within(text.unwrap_or_default().len(), TEXT_BYTES_MAX, member)?;
    }
    within(stored.resources.len(), RESOURCES_MAX, "list of resources")?;
    for resource in &stored.resources {
        within(resource.arn.len(), TEXT_BYTES_MAX, "resource")?;
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
