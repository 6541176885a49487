//! Makes temporary credentials. The secret access key leaves once, in the answer; the session token is the
//! only record of the session.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use strongroom_audit::Value;
use strongroom_aws::shape::Shape;
use strongroom_aws::sts::{AccessKeySecretType, Credentials, DateType, TokenType};
use strongroom_base::id::AccountId;
use strongroom_base::{Secret, UnixMillis};

use super::limits::Limits;
use super::tags::SessionTags;
use crate::accounts::{TEMPORARY_PREFIX, new_access_key_id};
use crate::call::Call;
use crate::failure::Failure;
use crate::iam::Role;
use crate::kms::Kms;
use crate::records::{SessionOf, SessionRecord};
use crate::told;

/// A session that is to begin.
pub(super) struct NewSession {
    /// The account of whom it stands for.
    pub account: AccountId,
    /// Whom it stands for.
    pub of: SessionOf,
    /// Its name, "" of GetSessionToken.
    pub name: String,
    /// How long it lasts.
    pub seconds: i64,
    /// Its session policies; `None` when it has no limits of its own.
    pub limits: Option<Limits>,
    /// Its tags.
    pub tags: SessionTags,
    /// Its source identity.
    pub source_identity: Option<String>,
    /// The identity provider that vouched for it.
    pub provider: Option<String>,
}

impl NewSession {
    /// A session of `role`, with neither a source identity nor a provider.
    pub(super) fn of_role(
        role: &Role,
        name: &str,
        seconds: i64,
        limits: Limits,
        tags: SessionTags,
    ) -> Self {
        let entity = &role.record.entity;
        Self {
            account: entity.account,
            of: SessionOf::Role(entity.id.clone()),
            name: name.to_owned(),
            seconds,
            limits: limits.are_any().then_some(limits),
            tags,
            source_identity: None,
            provider: None,
        }
    }
}

/// Notes an answer for the audit: all of `rest`, and of the credentials what nobody can sign with.
pub(super) fn note<S: Shape>(call: &Call<'_>, credentials: &Credentials, rest: &S) {
    let DateType(expiration) = credentials.expiration;
    let public = vec![
        (
            "accessKeyId".to_owned(),
            credentials.access_key_id.as_str().into(),
        ),
        ("expiration".to_owned(), told::date(expiration)),
    ];
    let mut members = vec![("credentials".to_owned(), Value::Object(public))];
    if let Value::Object(rest) = told::output(rest) {
        members.extend(rest);
    }
    call.note_response(Value::Object(members));
}

/// Begins `session` now.
pub(super) async fn begin(kms: &Kms, session: NewSession) -> Result<Credentials, Failure> {
    let _making = kms.making_token().await;
    let access_key_id = new_access_key_id(&kms.env, TEMPORARY_PREFIX);
    let made = kms.new_secret(&session.account, &access_key_id).await?;
    let issued = kms.env.clock.now();
    // Answers show whole seconds, and a session ends when its answer said.
    let expires = issued.seconds().saturating_add(session.seconds);
    let expires = UnixMillis(expires.saturating_mul(1000));
    let is_limited = session.limits.is_some();
    let limits = session
        .limits
        .map(|limits| (limits.policy, limits.policies));
    let (policy, policies) = limits.unwrap_or_default();
    let record = SessionRecord {
        access_key_id,
        secret: made.token,
        of: session.of,
        name: session.name,
        issued: issued.into(),
        expires: expires.into(),
        is_limited,
        policy,
        policies,
        tags: session.tags.tags,
        transitive: session.tags.transitive,
        source_identity: session.source_identity,
        provider: session.provider,
    };
    let token = STANDARD.encode(kms.records.seal_session(&record));
    Ok(Credentials {
        access_key_id: record.access_key_id.into(),
        secret_access_key: AccessKeySecretType(made.secret),
        session_token: TokenType(Secret::new(token)),
        expiration: DateType(expires),
    })
}
