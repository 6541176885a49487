//! Format 1, of versions before the log was chained: read, never written.

use minicbor::{Decode, Decoder};
use strongroom_base::UnixMillis;

use super::{Identity, IdentityKind, Outcome, Record, RecordError, Resource, Value};

/// The first byte.
pub(super) const FORMAT: u8 = 1;

const INTERNAL: &str = "Strongroom Internal";

type Pairs<'a> = Vec<(&'a str, &'a str)>;

#[derive(Decode)]
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
    #[b(14)]
    exception: Option<&'a str>,
    #[n(15)]
    read_only: bool,
}

#[derive(Decode)]
#[cbor(map)]
struct StoredKey<'a> {
    #[b(0)]
    arn: &'a str,
    #[cbor(n(1), with = "minicbor::bytes")]
    material_id: Option<[u8; 32]>,
}

pub(super) fn decode(body: &[u8]) -> Result<Record, RecordError> {
    let mut decoder = Decoder::new(body);
    let stored: Stored<'_> = decoder.decode().map_err(|_| RecordError::Malformed)?;
    if decoder.position() != body.len() {
        return Err(RecordError::Malformed);
    }
    let parameters = parameters(&stored);
    Ok(Record {
        event_id: stored.event_id.to_owned(),
        request_id: stored.request_id.to_owned(),
        time: UnixMillis(stored.time),
        service: stored.service.to_owned(),
        operation: stored.operation.to_owned(),
        region: stored.region.parse().map_err(|_| RecordError::Malformed)?,
        account: stored.account.parse().map_err(|_| RecordError::Malformed)?,
        identity: identity(&stored),
        source_address: stored.source_address.to_owned(),
        user_agent: stored.user_agent.to_owned(),
        tls: None,
        resources: stored.keys.into_iter().map(resource).collect(),
        parameters,
        response: None,
        additional: None,
        details: None,
        outcome: match stored.exception {
            None => Outcome::Success,
            Some(code) => Outcome::Exception {
                code: code.to_owned(),
                message: String::new(),
            },
        },
        read_only: stored.read_only,
    })
}

fn resource(key: StoredKey<'_>) -> Resource {
    Resource {
        arn: key.arn.to_owned(),
        material_id: key.material_id,
    }
}

/// The kind was not written; the ARN tells it.
fn identity(stored: &Stored<'_>) -> Identity {
    if stored.principal == INTERNAL {
        return Identity::internal();
    }
    let kind = match stored.principal.split(':').nth(5).unwrap_or_default() {
        "root" => IdentityKind::Root,
        name if name.starts_with("user/") => IdentityKind::IamUser,
        name if name.starts_with("assumed-role/") => IdentityKind::AssumedRole,
        name if name.starts_with("federated-user/") => IdentityKind::FederatedUser,
        _ if stored.access_key_id.is_empty() => IdentityKind::AwsService,
        _ => IdentityKind::WebIdentityUser,
    };
    Identity {
        kind,
        arn: stored.principal.to_owned(),
        access_key_id: stored.access_key_id.to_owned(),
        ..Identity::internal()
    }
}

fn parameters(stored: &Stored<'_>) -> Option<Value> {
    let source = stored.encryption_context.as_ref();
    let destination = stored.destination_encryption_context.as_ref();
    let source_name = match stored.operation {
        "ReEncrypt" => "sourceEncryptionContext",
        _ => "encryptionContext",
    };
    let members = [
        (source_name, source),
        ("destinationEncryptionContext", destination),
    ];
    let told = members.into_iter().filter_map(|(name, pairs)| {
        let pairs = pairs?.iter().copied();
        Some((name.to_owned(), Value::texts(pairs)))
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then_some(Value::Object(told))
}
