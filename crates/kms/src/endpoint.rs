//! The request path: from headers and body to the bytes of a reply. Everything that is not
//! understood, or could be understood in two ways, is refused here.

mod query_compatible;
mod services;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use strongroom_audit::Tls;
use strongroom_aws::error::{self, Exception, KmsException, Origin, Refusal};
use strongroom_aws::json::{self, Json};
use strongroom_aws::kms::CONTENT_TYPE as JSON_CONTENT_TYPE;
use strongroom_aws::query::{self, Form, NotForm};
use strongroom_aws::sigv4::{AuthFailure, Claim, CommonError, Expected, Request as SignedRequest};
use strongroom_aws::text;
use strongroom_aws::xml::{self, QueryError};
use strongroom_aws::{cbor, cloudwatch};
use strongroom_base::UnixMillis;
use strongroom_base::id::{Region, uuid};
use strongroom_crypto::digest::sha256;

use crate::accounts::Unverified;
use crate::call::{Call, Input, Source};
use crate::failure::{Cause, Failure};
use crate::iam::Caller;
use crate::kms::Kms;
use crate::metrics::Rejection;
use crate::ops::{self, Op, ResourceKind, Service as AwsService};
use crate::service::Service;
use crate::tls::Spoken;

const FORM_CONTENT_TYPE: &str = "application/x-www-form-urlencoded";
/// Where unsigned requests are answered, and whose they are when they name no account.
const UNSIGNED_REGION: &str = "us-east-1";
const NO_ACCOUNT: &str = "000000000000";
/// The partition of the ARNs of IAM and STS.
const HOME_PARTITION: &str = "aws";
const TARGET_HEADER: &str = "x-amz-target";

/// A received request.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// Who sent it.
    pub peer: Peer,
}

/// Who sent a request, as far as the connection tells.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    /// How it came.
    pub channel: Channel,
}

/// How a request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// In clear.
    Clear,
    /// Over TLS, spoken so.
    Tls(Arc<Spoken>),
    /// Over the socket of this service.
    Service(Arc<str>),
}

/// A reply.
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The Content-Type.
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The x-amzn-RequestId.
    pub request_id: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A request's protocol and what it asks for.
enum Asked {
    Json {
        service: AwsService,
        /// "" of what is none.
        operation: String,
        input: Json,
    },
    Query(Form),
    /// Of CloudWatch, the one service that speaks it.
    Cbor {
        /// "" of what is none.
        operation: String,
        input: Json,
    },
}

impl Asked {
    fn service(&self) -> AwsService {
        match self {
            Self::Json { service, .. } => *service,
            Self::Query(form) if form.version == xml::IAM.version => AwsService::Iam,
            Self::Query(form) if form.version == xml::CLOUDWATCH.version => AwsService::CloudWatch,
            Self::Query(_) => AwsService::Sts,
            Self::Cbor { .. } => AwsService::CloudWatch,
        }
    }

    /// Whether `path` is where such requests go.
    fn is_at(&self, path: &str) -> bool {
        match self {
            Self::Json { .. } | Self::Query(_) => path == "/",
            // The operation was read from the path.
            Self::Cbor { .. } => true,
        }
    }

    fn op(&self) -> Option<&'static Op> {
        let name = match self {
            Self::Json { operation, .. } | Self::Cbor { operation, .. } => operation,
            Self::Query(form) if form.version == self.service().xml().version => &form.action,
            Self::Query(_) => return None,
        };
        ops::find(self.service(), name)
    }
}

/// Answers a request.
pub async fn answer(service: &Service, request: Request) -> Reply {
    let request_id = uuid(&*service.env.random);
    let kms = service.kms();
    let (speech, answer) = answer_with(kms.as_deref(), &request, &request_id).await;
    if let Err(unanswered) = &answer {
        note(service, unanswered, &request_id);
    }
    speech.reply(answer, request_id)
}

/// Answers a request as [`answer`] does, without a service around the records: nothing is counted or logged.
#[cfg(feature = "fuzzing")]
pub(crate) async fn answer_alone(kms: &Kms, request: &Request) -> Reply {
    let request_id = uuid(&*kms.env.random);
    let (speech, answer) = answer_with(Some(kms), request, &request_id).await;
    speech.reply(answer, request_id)
}

async fn answer_with(
    kms: Option<&Kms>,
    request: &Request,
    request_id: &str,
) -> (Speech, Result<Vec<u8>, Unanswered>) {
    let protocol = Protocol::of(&request.headers);
    let asked = read(request, protocol);
    let service = asked
        .as_ref()
        .map_or(protocol.usual_service(), Asked::service);
    let answer = match (kms, asked) {
        (Some(kms), Ok(asked)) => answer_open(kms, request, asked, request_id).await,
        (Some(_), Err(unreadable)) => Err(unreadable),
        (None, _) => Err(Unanswered::Common(
            CommonError {
                code: "ServiceUnavailableException",
                status: 503,
            },
            text::SEALED.to_owned(),
        )),
    };
    (Speech { protocol, service }, answer)
}

/// What a client speaks, and to which service.
struct Speech {
    protocol: Protocol,
    service: AwsService,
}

impl Speech {
    fn reply(&self, answer: Result<Vec<u8>, Unanswered>, request_id: String) -> Reply {
        let Self { protocol, service } = self;
        match answer {
            Ok(body) => Reply {
                status: StatusCode::OK,
                content_type: protocol.content_type(*service),
                headers: protocol.headers(),
                request_id,
                body,
            },
            Err(unanswered) => protocol.error(*service, &unanswered, request_id),
        }
    }
}

/// Why there is no answer but an error.
enum Unanswered {
    Unauthenticated(AuthFailure),
    NotForm(NotForm),
    UnknownAction(Form),
    Refused(Refusal),
    /// Something failed before there was a call.
    Failed(Failure),
    /// The call was made, and counted.
    CallRefused(Refusal),
    Common(CommonError, String),
}

impl Unanswered {
    /// What it counts as, unless it was a call.
    fn rejection(&self) -> Option<Rejection> {
        Some(match self {
            Self::Unauthenticated(_) => Rejection::Unauthenticated,
            Self::NotForm(_) => Rejection::Unreadable,
            Self::UnknownAction(_) => Rejection::UnknownOperation,
            Self::Refused(refusal) => match refusal.exception {
                Exception::Kms(KmsException::UnknownOperation) => Rejection::UnknownOperation,
                Exception::Kms(KmsException::Serialization) => Rejection::Unreadable,
                _ => Rejection::ServerError,
            },
            Self::Failed(_) => Rejection::ServerError,
            Self::CallRefused(_) => return None,
            Self::Common(..) => Rejection::Sealed,
        })
    }
}

/// Counts and logs a request that became no call.
fn note(service: &Service, unanswered: &Unanswered, request_id: &str) {
    let Some(rejection) = unanswered.rejection() else {
        return;
    };
    service.metrics().note_rejection(rejection);
    tracing::debug!(request_id, reason = rejection.label(), "request rejected");
    if let Unanswered::Failed(failure) = unanswered {
        log_failure(failure, request_id, "");
    }
}

/// Logs what the client is not told. Refusals are the client's affair, and their texts may repeat what it sent.
fn log_failure(failure: &Failure, request_id: &str, operation: &str) {
    let cause = match failure {
        Failure::Refused(_) => return,
        Failure::Conflict => Cause::Contention,
        Failure::Stale(error) => Cause::KeyProcess(*error),
        Failure::Internal(cause) => *cause,
    };
    tracing::error!(request_id, operation, ?cause, "request failed");
}

impl From<AuthFailure> for Unanswered {
    fn from(failure: AuthFailure) -> Self {
        Self::Unauthenticated(failure)
    }
}

async fn answer_open(
    kms: &Kms,
    request: &Request,
    asked: Asked,
    request_id: &str,
) -> Result<Vec<u8>, Unanswered> {
    let op = asked
        .op()
        .filter(|_| request.method == Method::POST && asked.is_at(request.uri.path()));
    let caller = match (&asked, op) {
        (Asked::Query(form), Some(op)) if op.resource == ResourceKind::RoleForToken => {
            unsigned(request, form, kms.env.clock.now())?
        }
        _ => authenticate(kms, request, asked.service()).await?,
    };
    let Some(op) = op else {
        return Err(match asked {
            Asked::Json { .. } | Asked::Cbor { .. } => {
                Unanswered::Refused(Refusal::bare(KmsException::UnknownOperation))
            }
            Asked::Query(form) => Unanswered::UnknownAction(form),
        });
    };
    let (caller, region) = caller;
    if !is_at_home(op, &region) {
        return Err(AuthFailure::ScopeRegion(region.to_string()).into());
    }
    let input = match asked {
        Asked::Json { input, .. } => Input::Json(input),
        Asked::Cbor { input, .. } => Input::Cbor(input),
        Asked::Query(form) => Input::Form(form),
    };
    let source = source(request)?;
    let call = Call::new(kms, op, caller, region, request_id, source, input);
    kms.serve(&call).await.map_err(|failure| {
        log_failure(&failure, request_id, op.name);
        Unanswered::CallRefused(failure.refusal())
    })
}

/// Whether `op` may be called in `region`. Users, roles and their policies are in no Region, so they have ARNs in one
/// partition only: under a second spelling, a Deny that names them, or a policy they must not get, would not match.
fn is_at_home(op: &Op, region: &Region) -> bool {
    match op.service {
        AwsService::Kms | AwsService::CloudTrail | AwsService::CloudWatch => true,
        AwsService::Iam | AwsService::Sts => {
            op.resource == ResourceKind::Nothing || region.partition() == HOME_PARTITION
        }
    }
}

/// Reads what is asked for, strictly, before anyone is asked who they are.
fn read(request: &Request, protocol: Protocol) -> Result<Asked, Unanswered> {
    let headers = &request.headers;
    match protocol {
        Protocol::Json => {}
        Protocol::Query => {
            let form = query::parse(&request.body);
            return form.map(Asked::Query).map_err(Unanswered::NotForm);
        }
        Protocol::Cbor => return read_cbor(request),
    }
    let content_type = header(headers, "content-type")
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    let input = match content_type {
        Some(JSON_CONTENT_TYPE | cloudwatch::CONTENT_TYPE) => {
            json::parse(&request.body).map_err(|json::NotJson| KmsException::Serialization)
        }
        // Another type is another protocol, which has no operations here.
        _ => Ok(Json::Null),
    };
    let input = input.map_err(|exception| Unanswered::Refused(Refusal::bare(exception)))?;
    let target = header(headers, TARGET_HEADER).and_then(meant);
    let target = target.filter(|(service, _)| content_type == Some(service.json_content_type()));
    let (service, operation) = target.unwrap_or((AwsService::Kms, ""));
    Ok(Asked::Json {
        service,
        operation: operation.to_owned(),
        input,
    })
}

/// Smithy RPC v2 CBOR: the operation is in the path.
fn read_cbor(request: &Request) -> Result<Asked, Unanswered> {
    let is_cbor = header(&request.headers, "content-type") == Some(cbor::CONTENT_TYPE);
    let input = match is_cbor || request.body.is_empty() {
        true => cbor::parse(&request.body),
        false => Err(cbor::NotCbor),
    };
    let input = input
        .map_err(|cbor::NotCbor| Unanswered::Refused(Refusal::bare(KmsException::Serialization)))?;
    let named = cbor::operation(request.uri.path());
    let operation = named.filter(|(service, _)| *service == cloudwatch::TARGET_PREFIX);
    Ok(Asked::Cbor {
        operation: operation.map_or_else(String::new, |(_, name)| name.to_owned()),
        input,
    })
}

/// The service and the operation that a target names.
fn meant(target: &str) -> Option<(AwsService, &str)> {
    let (prefix, operation) = target.rsplit_once('.')?;
    let mut services = AwsService::JSON.iter();
    let (service, _) = services.find(|(_, known)| *known == prefix)?;
    Some((*service, operation))
}

async fn authenticate(
    kms: &Kms,
    request: &Request,
    service: AwsService,
) -> Result<(Caller, Region), Unanswered> {
    if let Channel::Service(principal) = &request.peer.channel
        && services::is_itself(&request.headers)
    {
        return service_itself(kms, principal, &request.headers);
    }
    let claim = claim(request, service, kms.env.clock.now())?;
    let verified = kms
        .verify(&claim)
        .await
        .map_err(|unverified| match unverified {
            Unverified::Refused(failure) => Unanswered::Unauthenticated(failure),
            Unverified::Failed(failure) => Unanswered::Failed(failure),
        })?;
    let reaches = |caller: &Caller| service != AwsService::Iam || !caller.is_barred_from_iam();
    let caller = verified.filter(reaches);
    let caller = caller.ok_or(AuthFailure::UnknownAccessKey)?;
    Ok((caller, claim.region))
}

/// STS API, AssumeRoleWithWebIdentity: needs no signature. One that is there says which Region is called, and nothing
/// else.
fn unsigned(
    request: &Request,
    form: &Form,
    now: UnixMillis,
) -> Result<(Caller, Region), Unanswered> {
    let region = match claim(request, AwsService::Sts, now) {
        Ok(claim) => Some(claim.region),
        Err(_) => UNSIGNED_REGION.parse().ok(),
    };
    let role = form.get("RoleArn").unwrap_or_default();
    let account = role.split(':').nth(4).unwrap_or_default();
    let account = account.parse().or_else(|_| NO_ACCOUNT.parse());
    match (account, region) {
        (Ok(account), Some(region)) => Ok((Caller::web_identity(account, "", None), region)),
        _ => Err(Unanswered::Refused(Refusal::bare(
            KmsException::KmsInternal,
        ))),
    }
}

fn source(request: &Request) -> Result<Source, AuthFailure> {
    let (is_secure, via) = match &request.peer.channel {
        Channel::Clear => (false, None),
        Channel::Tls(_) => (true, None),
        Channel::Service(principal) => (true, Some(services::via(principal, &request.headers)?)),
    };
    let user_agent = header(&request.headers, "user-agent").unwrap_or_default();
    Ok(Source {
        address: request.peer.address,
        user_agent: user_agent.to_owned(),
        is_secure,
        tls: tls(request),
        via,
    })
}

/// TLS as it was spoken, with the host that the client meant: HTTP/2 has it in the target.
fn tls(request: &Request) -> Option<Tls> {
    let Channel::Tls(spoken) = &request.peer.channel else {
        return None;
    };
    let authority = request.uri.authority().map(http::uri::Authority::as_str);
    let host = authority.or_else(|| header(&request.headers, "host"));
    Some(spoken.with_host(host.unwrap_or_default()))
}

/// The service whose socket the request came through, calling for itself.
fn service_itself(
    kms: &Kms,
    principal: &str,
    headers: &HeaderMap,
) -> Result<(Caller, Region), Unanswered> {
    let (region, account) = services::scope(headers)?;
    let exists = kms.account_exists(&account);
    if !exists.map_err(Unanswered::Failed)? {
        let text = text::auth::unknown_service_account(account.as_str());
        return Err(AuthFailure::Incomplete(text).into());
    }
    Ok((Caller::service(principal, account), region))
}

/// What the request claims to be signed by: all that can be checked without the key.
fn claim(request: &Request, service: AwsService, now: UnixMillis) -> Result<Claim, AuthFailure> {
    let signed = SignedRequest {
        method: &request.method,
        uri: &request.uri,
        headers: &request.headers,
        body_sha256: sha256(&[&request.body]),
    };
    // Every Region that can be one is served; its keys are its own.
    let expected = Expected {
        services: &[service.name()],
        region: &|_| true,
    };
    Claim::parse(&signed, &expected, now.seconds())
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// How replies are written.
#[derive(Clone, Copy)]
enum Protocol {
    Json,
    Query,
    Cbor,
}

impl Protocol {
    /// CBOR says so, a form without a target is Query; all else is JSON, and refused as such if it is not.
    fn of(headers: &HeaderMap) -> Self {
        if header(headers, cbor::PROTOCOL_HEADER) == Some(cbor::PROTOCOL) {
            return Self::Cbor;
        }
        let content_type = header(headers, "content-type").unwrap_or_default();
        if content_type.starts_with(FORM_CONTENT_TYPE) && !headers.contains_key(TARGET_HEADER) {
            Self::Query
        } else {
            Self::Json
        }
    }

    fn content_type(self, service: AwsService) -> &'static str {
        match self {
            Self::Json => service.json_content_type(),
            Self::Query => xml::CONTENT_TYPE,
            Self::Cbor => cbor::CONTENT_TYPE,
        }
    }

    fn headers(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Json | Self::Query => Vec::new(),
            Self::Cbor => vec![(cbor::PROTOCOL_HEADER, cbor::PROTOCOL.to_owned())],
        }
    }

    /// The service that is meant by what cannot be read.
    fn usual_service(self) -> AwsService {
        match self {
            Self::Json | Self::Query => AwsService::Sts,
            Self::Cbor => AwsService::CloudWatch,
        }
    }

    fn error(self, service: AwsService, unanswered: &Unanswered, request_id: String) -> Reply {
        let mut headers = self.headers();
        let (status, body) = match (self, service) {
            (Self::Query, _) => query_error(service, unanswered, &request_id),
            (Self::Cbor, _) | (Self::Json, AwsService::CloudWatch) => {
                let error = query_compatible::Error::of(unanswered);
                headers.push(error.header());
                (error.status(), error.body(self))
            }
            (Self::Json, _) => json_error(unanswered),
        };
        Reply {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content_type: self.content_type(service),
            headers,
            request_id,
            body,
        }
    }
}

fn json_error(unanswered: &Unanswered) -> (u16, Vec<u8>) {
    let common = |error: CommonError, message: &str| {
        (
            error.status,
            error::body(error.code, Origin::Common, Some(message)),
        )
    };
    match unanswered {
        Unanswered::Unauthenticated(failure) => common(failure.json(), &failure.message()),
        Unanswered::Refused(refusal) | Unanswered::CallRefused(refusal) => {
            (refusal.exception.status(), refusal.body())
        }
        Unanswered::Failed(failure) => {
            let refusal = failure.refusal();
            (refusal.exception.status(), refusal.body())
        }
        Unanswered::Common(error, message) => common(*error, message),
        // Forms are answered in their own protocol.
        Unanswered::NotForm(_) | Unanswered::UnknownAction(_) => {
            let refusal = Refusal::bare(KmsException::UnknownOperation);
            (refusal.exception.status(), refusal.body())
        }
    }
}

fn query_error(service: AwsService, unanswered: &Unanswered, request_id: &str) -> (u16, Vec<u8>) {
    let error = in_query(unanswered);
    (
        error.code().status,
        error.body(service.xml(), request_id).into_bytes(),
    )
}

fn in_query(unanswered: &Unanswered) -> QueryError {
    match unanswered {
        Unanswered::Unauthenticated(failure) => QueryError::Auth(failure.clone()),
        Unanswered::NotForm(error) => QueryError::NotForm(*error),
        Unanswered::UnknownAction(form) => QueryError::InvalidAction {
            action: form.action.clone(),
            version: form.version.clone(),
        },
        Unanswered::Refused(refusal) | Unanswered::CallRefused(refusal) => {
            QueryError::Refused(refusal.clone())
        }
        Unanswered::Failed(failure) => QueryError::Refused(failure.refusal()),
        Unanswered::Common(..) => QueryError::Unavailable,
    }
}
