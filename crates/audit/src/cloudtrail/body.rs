//! The members of an event and what stands in them (CloudTrail User Guide, "CloudTrail record contents"). The order of
//! the fields here is the order of the members.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use strongroom_base::{UnixMillis, hex};

use super::identity::UserIdentity;
use super::{ACCESS_DENIED, EVENT_VERSION, Event, account_of, defaults, some_text};
use crate::record::{IdentityKind, Outcome, Record, Tls, Value};

/// Who did what no request asked for, and from where.
pub(super) const INTERNAL: &str = "AWS Internal";
/// What the server does by itself and CloudTrail counts as a call (KMS Developer Guide, "SynchronizeMultiRegionKey").
const INTERNAL_CALL: &str = "SynchronizeMultiRegionKey";

/// The operations whose key material CloudTrail tells.
const MATERIAL_TOLD: &[&str] = &[
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncrypt",
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'e> {
    event_version: &'static str,
    user_identity: UserIdentity<'e>,
    event_time: String,
    event_source: String,
    event_name: &'e str,
    aws_region: &'e str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'e str,
    user_agent: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<Cow<'e, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'e str>,
    request_parameters: Option<Value>,
    response_elements: Option<&'e Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<Value>,
    #[serde(rename = "requestID", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'e str>,
    #[serde(rename = "eventID")]
    event_id: &'e str,
    read_only: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<ToldResource<'e>>,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: &'e str,
    #[serde(rename = "sharedEventID", skip_serializing_if = "Option::is_none")]
    shared_event_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event_details: Option<&'e Value>,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<TlsDetails<'e>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldResource<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(rename = "ARN")]
    arn: &'e str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsDetails<'e> {
    tls_version: &'e str,
    cipher_suite: &'e str,
    client_provided_host_header: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_exchange: Option<&'e str>,
}

impl Event<'_> {
    pub(super) fn body(&self) -> Body<'_> {
        let record = self.record;
        Body {
            event_version: EVENT_VERSION,
            user_identity: self.user_identity(),
            event_time: event_time(record.time),
            event_source: self.source(),
            event_name: self.name(),
            aws_region: record.region.as_str(),
            source_ip_address: self.source_address(),
            user_agent: self.user_agent(),
            error_code: error_code(record),
            error_message: error_message(record),
            request_parameters: self.told_parameters(),
            response_elements: self.told_response(),
            additional_event_data: self.told_additional(),
            request_id: some_text(&record.request_id),
            event_id: &self.id,
            read_only: record.read_only,
            resources: self.told_resources(),
            event_type: event_type(record),
            management_event: true,
            recipient_account_id: self.recipient.as_str(),
            shared_event_id: self.shared_id.as_deref(),
            service_event_details: record.details.as_ref(),
            event_category: "Management",
            tls_details: record.tls.as_ref().map(tls_details),
        }
    }

    fn is_internal(&self) -> bool {
        self.record.identity.kind == IdentityKind::Internal
    }

    fn source_address(&self) -> &str {
        match self.record.source_address.as_str() {
            "" if self.is_internal() => INTERNAL,
            address => address,
        }
    }

    /// CloudTrail User Guide, userAgent: of a service its name.
    fn user_agent(&self) -> &str {
        match self.invoked_by() {
            Some(service) => service,
            None if self.is_internal() => INTERNAL,
            None => &self.record.user_agent,
        }
    }

    /// Of what was asked for, with what AWS fills in; nothing when there is nothing to tell.
    pub(super) fn told_parameters(&self) -> Option<Value> {
        let record = self.record;
        if self.is_denied_through_service() || found_nothing(record) {
            return None;
        }
        let told = defaults::filled_in(record, record.parameters.clone()?);
        Some(told).filter(|told| *told != Value::Object(Vec::new()))
    }

    /// What was answered. CloudTrail tells that of successes only.
    pub(super) fn told_response(&self) -> Option<&Value> {
        self.record.response.as_ref().filter(|_| self.is_success())
    }

    fn told_additional(&self) -> Option<Value> {
        let mut told = match &self.record.additional {
            Some(Value::Object(members)) => members.clone(),
            _ => Vec::new(),
        };
        told.extend(self.materials());
        if self.record.service == "sts" {
            told.push(("RequestDetails".to_owned(), self.request_details()));
        }
        (!told.is_empty()).then_some(Value::Object(told))
    }

    /// The key material that a success used; ReEncrypt used that of its source, then that of its destination.
    fn materials(&self) -> impl Iterator<Item = (String, Value)> {
        let operation = self.record.operation.as_str();
        let is_reencrypt = operation == "ReEncrypt";
        let tells = self.is_success() && MATERIAL_TOLD.contains(&operation);
        let materials = self.resources().filter(move |_| tells);
        materials.filter_map(move |(place, resource)| {
            let name = match place {
                0 if is_reencrypt => "sourceKeyMaterialId",
                _ if is_reencrypt => "destinationKeyMaterialId",
                _ => "keyMaterialId",
            };
            let id = resource.material_id?;
            Some((name.to_owned(), hex::encode(&id).into()))
        })
    }

    fn request_details(&self) -> Value {
        Value::texts([
            ("awsServingRegion", self.record.region.as_str()),
            ("endpointType", "regional"),
        ])
    }

    fn told_resources(&self) -> Vec<ToldResource<'_>> {
        if self.is_denied_through_service() {
            return Vec::new();
        }
        let told = self.resources().map(|(_, resource)| ToldResource {
            account_id: account_of(&resource.arn).map(|account| account.to_string()),
            kind: resource_type(&resource.arn),
            arn: &resource.arn,
        });
        told.collect()
    }

    /// Of a denial of what a service passed on, CloudTrail tells neither parameters nor resources.
    fn is_denied_through_service(&self) -> bool {
        self.invoked_by().is_some() && error_code(self.record).as_deref() == Some(ACCESS_DENIED)
    }
}

/// The type of a resource, as CloudTrail has it; aliases have that of keys.
pub(super) fn resource_type(arn: &str) -> Option<&'static str> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, kind) = (parts.next()?, parts.nth(2)?.split('/').next()?);
    match (service, kind) {
        ("kms", _) => Some("AWS::KMS::Key"),
        ("iam", "role") => Some("AWS::IAM::Role"),
        ("iam", "user") => Some("AWS::IAM::User"),
        ("cloudtrail", "trail") => Some("AWS::CloudTrail::Trail"),
        _ => None,
    }
}

/// A key that was not found leaves nothing of what named it: anything could stand there.
fn found_nothing(record: &Record) -> bool {
    let is_not_found =
        matches!(&record.outcome, Outcome::Exception { code, .. } if code == "NotFoundException");
    record.service == "kms" && record.resources.is_empty() && is_not_found
}

fn event_type(record: &Record) -> &'static str {
    match record.identity.kind {
        IdentityKind::Internal if record.operation != INTERNAL_CALL => "AwsServiceEvent",
        _ => "AwsApiCall",
    }
}

fn error_code(record: &Record) -> Option<Cow<'_, str>> {
    let Outcome::Exception { code, .. } = &record.outcome else {
        return None;
    };
    Some(match code.as_str() {
        ACCESS_DENIED | "AccessDeniedException" => ACCESS_DENIED.into(),
        "ValidationError" => "ValidationException".into(),
        // IAM's exceptions are told by the names of their types, which the API shortens.
        code if record.service == "iam" && !code.ends_with("Exception") => {
            format!("{code}Exception").into()
        }
        code => code.into(),
    })
}

fn error_message(record: &Record) -> Option<&str> {
    match &record.outcome {
        Outcome::Success => None,
        Outcome::Exception { message, .. } => some_text(message),
    }
}

fn tls_details(tls: &Tls) -> TlsDetails<'_> {
    TlsDetails {
        tls_version: &tls.version,
        cipher_suite: &tls.cipher_suite,
        client_provided_host_header: &tls.host,
        key_exchange: some_text(&tls.key_exchange),
    }
}

/// A time as CloudTrail writes it, cut to whole seconds; nothing is told from before 1970 or after 9999.
pub(super) fn event_time(time: UnixMillis) -> String {
    let seconds = time.0.max(0) / 1000;
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
