//! One authenticated call on its way through the service, and the trail it leaves for the audit.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use strongroom_audit::{Outcome, Record, Resource, Tls, Value};
use strongroom_aws::json::Json;
use strongroom_aws::query::Form;
use strongroom_base::UnixMillis;
use strongroom_base::id::{AccountId, Region, uuid};
use strongroom_hsm_api::key::MaterialId;

use crate::iam::{Caller, Identity};
use crate::key::{Key, KeyName};
use crate::kms::Kms;
use crate::oidc::WebIdentity;
use crate::ops::Op;
use crate::told::answers::{self, Answer};

mod identity;

/// The principal of this service, where it passes a call on.
const SELF: &str = "kms.amazonaws.com";

/// Where a call came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The peer's address.
    pub address: IpAddr,
    /// Its User-Agent header, possibly empty.
    pub user_agent: String,
    /// Whether nobody on the way could read it: it came over TLS, or from a process of this machine through a socket of its own.
    pub is_secure: bool,
    /// TLS as it was spoken, if it was.
    pub tls: Option<Tls>,
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
    /// What may be told of the input, once it is decoded.
    parameters: OnceLock<Value>,
    /// What it touched.
    trail: Mutex<Trail>,
}

/// What the audit record says of a call besides who made it.
#[derive(Default)]
pub(crate) struct Trail {
    resources: Vec<Resource>,
    names: Vec<KeyName>,
    alias: Option<String>,
    response: Option<Value>,
    additional: Vec<(String, Value)>,
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
            parameters: OnceLock::new(),
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

    /// The other accounts whose keys were resolved.
    pub(crate) fn other_owners(&self) -> Vec<AccountId> {
        let trail = self.trail();
        let owners = trail.names.iter().map(|name| name.account);
        owners
            .filter(|owner| *owner != self.caller.account)
            .collect()
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

    /// Notes what ReEncrypt decrypted with and encrypted with, which may be one key.
    pub(crate) fn note_sides(&self, source: Resource, destination: Resource) {
        self.trail().resources = vec![source, destination];
    }

    /// Notes the ARN of the alias that the call is about.
    pub(crate) fn note_alias(&self, arn: String) {
        self.trail().alias = Some(arn);
    }

    /// Notes the ARN of the role that the call is about.
    pub(crate) fn note_role(&self, arn: String) {
        self.trail().resources = vec![Resource::new(arn)];
    }

    /// Notes what may be told of the input.
    pub(crate) fn note_parameters(&self, told: Value) {
        // An input is decoded once.
        let _ = self.parameters.set(told);
    }

    /// Notes what may be told of the answer: before a commit, as the record is part of it.
    pub(crate) fn note_response(&self, told: Value) {
        self.trail().response = Some(told);
    }

    /// Notes something else that is told, under this name.
    pub(crate) fn note_additional(&self, name: &str, told: Value) {
        self.trail().additional.push((name.to_owned(), told));
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
        let response = match outcome {
            Outcome::Success => self.told_response(&trail),
            Outcome::Exception { .. } => None,
        };
        let alias = trail.alias.iter().map(Resource::new);
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
            tls: self.source.tls.clone(),
            resources: trail.resources.iter().cloned().chain(alias).collect(),
            parameters: self.parameters.get().cloned(),
            response,
            additional: (!trail.additional.is_empty())
                .then(|| Value::Object(trail.additional.clone())),
            details: None,
            outcome,
            read_only: self.op.is_read_only(),
        }
    }

    fn told_response(&self, trail: &Trail) -> Option<Value> {
        let key = |resource: &Resource| answers::of_key(&resource.arn);
        match answers::answer_of(self.op) {
            Answer::Untold => None,
            Answer::FirstKey => trail.resources.first().map(key),
            Answer::LastKey => trail.resources.last().map(key),
            Answer::KeyAsTyped => {
                let typed = self.parameters.get()?.get("keyId")?;
                typed.as_text().map(answers::of_key)
            }
            Answer::Noted => trail.response.clone(),
        }
    }

    /// The record of what this call did to `key` in another Region, as an event of its own there: the service passes it
    /// on, with these parameters.
    pub(crate) fn record_elsewhere(
        &self,
        time: UnixMillis,
        operation: &str,
        key: &Key,
        parameters: Option<Value>,
    ) -> Record {
        Record {
            event_id: uuid(&*self.kms.env.random),
            operation: operation.to_owned(),
            region: key.name.region.clone(),
            source_address: SELF.to_owned(),
            tls: None,
            resources: vec![Resource::new(&key.arn)],
            parameters,
            response: None,
            ..self.record(time, Outcome::Success)
        }
    }

    fn trail(&self) -> MutexGuard<'_, Trail> {
        self.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
