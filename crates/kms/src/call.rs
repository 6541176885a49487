//! One authenticated call on its way through the service, and the trail it leaves for the audit.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use strongroom_audit::{Outcome, Record, Resource, Value};
use strongroom_aws::json::Json;
use strongroom_aws::kms::EncryptionContextType;
use strongroom_aws::query::Form;
use strongroom_base::UnixMillis;
use strongroom_base::id::{Region, uuid};
use strongroom_hsm_api::key::MaterialId;

use crate::iam::{Caller, Identity};
use crate::key::{Key, KeyName};
use crate::kms::Kms;
use crate::oidc::WebIdentity;
use crate::ops::Op;

mod identity;

/// Where a call came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The peer's address.
    pub address: IpAddr,
    /// Its User-Agent header, possibly empty.
    pub user_agent: String,
    /// Whether nobody on the way could read it: it came over TLS, or from a process of this machine through a socket of its own.
    pub is_secure: bool,
    /// The service that sent it over its own socket, for itself or for the caller.
    pub via: Option<Via>,
}

impl Source {
    /// The source as the audit tells it (CloudTrail User Guide, sourceIPAddress: of services their names).
    fn told(&self) -> String {
        match &self.via {
            Some(via) => via.principal.clone(),
            None => self.address.to_string(),
        }
    }
}

/// What a service on its own socket states of a request. Over any other way in, nobody can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The service's principal, such as `s3.amazonaws.com`.
    pub principal: String,
    /// The resource on whose behalf it asks.
    pub source_arn: Option<String>,
    /// The account of that resource.
    pub source_account: Option<String>,
}

impl Via {
    /// KMS Developer Guide, "kms:ViaService": the service's endpoint in `region`.
    pub(crate) fn endpoint(&self, region: &Region) -> String {
        let service = self.principal.split('.').next().unwrap_or_default();
        service_endpoint(service, region)
    }
}

/// The endpoint of a service in `region`, as kms:ViaService has it.
pub(crate) fn service_endpoint(service: &str, region: &Region) -> String {
    let suffix = match region.partition() {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    };
    format!("{service}.{region}.{suffix}")
}

/// What a call brings, in its protocol.
pub enum Input {
    /// AWS JSON.
    Json(Json),
    /// Smithy RPC v2 CBOR.
    Cbor(Json),
    /// Query.
    Form(Form),
}

/// An authenticated call.
pub struct Call<'c> {
    /// The service.
    pub kms: &'c Kms,
    /// The operation.
    pub op: &'static Op,
    /// Who calls.
    pub caller: Caller,
    /// The Region called.
    pub region: Region,
    /// The x-amzn-RequestId.
    pub request_id: &'c str,
    /// The id of the call's audit record; exists before the reply.
    pub event_id: String,
    /// Where it came from.
    pub source: Source,
    /// The input.
    pub input: Input,
    /// Whom the token of an unsigned request vouches for, once it is verified.
    pub(crate) web_identity: OnceLock<Arc<WebIdentity>>,
    /// What it touched.
    trail: Mutex<Trail>,
}

/// What the audit record says of a call besides who made it.
#[derive(Default)]
pub(crate) struct Trail {
    resources: Vec<Resource>,
    names: Vec<KeyName>,
    parameters: Vec<(String, Value)>,
    committed: bool,
    unseen: bool,
}

impl<'c> Call<'c> {
    /// A call that has not touched anything yet.
    pub fn new(
        kms: &'c Kms,
        op: &'static Op,
        caller: Caller,
        region: Region,
        request_id: &'c str,
        source: Source,
        input: Input,
    ) -> Self {
        let event_id = uuid(&*kms.env.random);
        Self {
            kms,
            op,
            caller,
            region,
            request_id,
            event_id,
            source,
            input,
            web_identity: OnceLock::new(),
            trail: Mutex::default(),
        }
    }

    /// Forgets what an earlier attempt touched: the next one may resolve other keys.
    pub(crate) fn begin_attempt(&self) {
        *self.trail() = Trail::default();
    }

    /// Notes that `key` was resolved.
    pub fn note_key(&self, key: &Key) {
        let mut trail = self.trail();
        if !trail.resources.iter().any(|noted| noted.arn == key.arn) {
            trail.resources.push(Resource::new(&key.arn));
            trail.names.push(key.name.clone());
        }
    }

    /// Where the keys are that were resolved.
    pub(crate) fn touched_keys(&self) -> Vec<KeyName> {
        self.trail().names.clone()
    }

    /// The bare id of the first key that was resolved: related multi-Region keys have the same.
    pub(crate) fn first_key_id(&self) -> Option<String> {
        let trail = self.trail();
        let (_, id) = trail.resources.first()?.arn.rsplit_once('/')?;
        Some(id.to_owned())
    }

    /// Notes that `material` of `key` was used.
    pub fn note_material(&self, key: &Key, material: &MaterialId) {
        let mut trail = self.trail();
        if let Some(noted) = trail
            .resources
            .iter_mut()
            .find(|noted| noted.arn == key.arn)
        {
            noted.material_id = Some(*material);
        }
    }

    /// Notes the encryption context, of ReEncrypt the source's.
    pub fn note_context(&self, context: Option<&EncryptionContextType>) {
        self.note_parameter("encryptionContext", context);
    }

    /// Notes the destination's encryption context of ReEncrypt.
    pub fn note_destination_context(&self, context: Option<&EncryptionContextType>) {
        self.note_parameter("destinationEncryptionContext", context);
    }

    fn note_parameter(&self, name: &str, context: Option<&EncryptionContextType>) {
        let Some(context) = context else { return };
        let pairs = context.0.iter();
        let pairs = pairs.map(|(key, value)| (key.as_str(), value.as_str()));
        let told = (name.to_owned(), Value::texts(pairs));
        self.trail().parameters.push(told);
    }

    /// Notes that the caller may not learn whether what was named exists.
    pub(crate) fn note_unseen(&self) {
        self.trail().unseen = true;
    }

    /// Whether the caller may not learn whether what was named exists.
    pub(crate) fn is_unseen(&self) -> bool {
        self.trail().unseen
    }

    /// Notes that the record was committed with the change it tells of.
    pub fn note_committed(&self) {
        self.trail().committed = true;
    }

    /// Whether the record is already durable.
    pub fn is_committed(&self) -> bool {
        self.trail().committed
    }

    /// Whether nobody is known to have made it: an unsigned request whose token does not verify leaves no audit
    /// record, as one with a wrong signature leaves none. Nobody without credentials fills the log.
    pub(crate) fn is_nobodys(&self) -> bool {
        matches!(self.caller.identity, Identity::Web(_)) && self.web_identity.get().is_none()
    }

    /// The audit record of this call, completed at `time`.
    pub fn record(&self, time: UnixMillis, outcome: Outcome) -> Record {
        let trail = self.trail();
        Record {
            event_id: self.event_id.clone(),
            request_id: self.request_id.to_owned(),
            time,
            service: self.op.service.name().to_owned(),
            operation: self.op.name.to_owned(),
            region: self.region.clone(),
            account: self.caller.account,
            identity: self.told_identity(),
            source_address: self.source.told(),
            user_agent: self.source.user_agent.clone(),
            tls: None,
            resources: trail.resources.clone(),
            parameters: (!trail.parameters.is_empty())
                .then(|| Value::Object(trail.parameters.clone())),
            response: None,
            additional: None,
            details: None,
            outcome,
            read_only: self.op.audit.is_read_only(),
        }
    }

    /// The record of what this call did to `key` in another Region, as an event of its own there.
    pub(crate) fn record_elsewhere(&self, time: UnixMillis, operation: &str, key: &Key) -> Record {
        Record {
            event_id: uuid(&*self.kms.env.random),
            operation: operation.to_owned(),
            region: key.name.region.clone(),
            resources: vec![Resource::new(&key.arn)],
            ..self.record(time, Outcome::Success)
        }
    }

    fn trail(&self) -> MutexGuard<'_, Trail> {
        self.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
