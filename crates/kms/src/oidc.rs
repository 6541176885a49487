//! Identity providers (OpenID Connect) whose tokens AssumeRoleWithWebIdentity takes. Their keys are read from
//! files when the server starts; nothing is ever fetched.

mod jwk;
mod jwt;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::json::Json;
use strongroom_aws::shape::{Path, Shape, Violations};
use strongroom_aws::sts::{SourceIdentityType, TagKeyListType, TagListType};
use strongroom_aws::text::sts as text;
use strongroom_base::id::AccountId;
use strongroom_policy::{Undetermined, Values, folded};

use jwk::Key;
use jwt::Token;

/// The most providers.
const PROVIDERS_MAX: usize = 100;
/// The most audiences of a provider (IAM quotas, "Client IDs per OpenID Connect provider").
const AUDIENCES_MAX: usize = 100;
/// The longest issuer, in characters (IAM API, OpenIDConnectProviderUrlType).
const ISSUER_LENGTH_MAX: usize = 255;
/// The longest subject, in characters (STS API, WebIdentitySubjectType).
const SUBJECT_LENGTH_MAX: usize = 255;
/// How far the clock of a provider may be off, in seconds.
const SKEW: i64 = 300;
/// The claims that carry session tags and a source identity (IAM User Guide, "Passing session tags using
/// AssumeRoleWithWebIdentity").
const TAGS_CLAIM: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY_CLAIM: &str = "https://aws.amazon.com/source_identity";

/// The identity providers of a server.
#[derive(Default)]
pub struct Providers(Vec<Provider>);

struct Provider {
    issuer: String,
    audiences: Vec<String>,
    keys: Vec<Key>,
}

/// Why an identity provider cannot be taken, in words for an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidProvider(&'static str);

impl std::fmt::Display for InvalidProvider {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for InvalidProvider {}

impl Providers {
    /// Adds the provider `issuer`, an https URL as its tokens write it, with the audiences it may issue tokens to
    /// and its keys as a JWK set (RFC 7517 §5). Keys of other kinds than tokens are verified with are passed over.
    pub fn add(
        &mut self,
        issuer: &str,
        audiences: Vec<String>,
        keys: &[u8],
    ) -> Result<(), InvalidProvider> {
        if !is_issuer(issuer) {
            return Err(InvalidProvider(
                "the issuer is no https URL of a host and a path",
            ));
        }
        if audiences.is_empty() || audiences.len() > AUDIENCES_MAX {
            return Err(InvalidProvider("there must be 1 to 100 audiences"));
        }
        if self.0.len() == PROVIDERS_MAX {
            return Err(InvalidProvider("there are too many identity providers"));
        }
        if self.named(issuer).is_some() {
            return Err(InvalidProvider("the issuer is configured twice"));
        }
        self.0.push(Provider {
            issuer: issuer.to_owned(),
            audiences,
            keys: jwk::read_set(keys)?,
        });
        Ok(())
    }

    fn named(&self, issuer: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.issuer == issuer)
    }

    /// Whom `token` vouches for at `now`, in seconds since the epoch. Errors: InvalidIdentityToken,
    /// ExpiredTokenException, IDPRejectedClaim. Of an unverified token nothing is told but its issuer.
    pub(crate) fn verify(&self, token: &str, now: i64) -> Result<Arc<WebIdentity>, Refusal> {
        let token = Token::parse(token).ok_or_else(|| invalid(text::NOT_A_JWT))?;
        let issuer = token.claim_text("iss");
        let issuer = issuer.ok_or_else(|| invalid(text::missing_claim("iss")))?;
        let provider = self.named(issuer);
        let provider = provider.ok_or_else(|| invalid(text::unknown_identity_provider(issuer)))?;
        let key = token.key_among(&provider.keys);
        let key = key.ok_or_else(|| invalid(text::UNKNOWN_VERIFICATION_KEY))?;
        token
            .verify(key)
            .map_err(|_| invalid(text::WRONG_TOKEN_SIGNATURE))?;
        check_times(&token, now)?;
        let audience = provider.audience(&token)?;
        WebIdentity::new(provider, audience, token.into_claims()).map(Arc::new)
    }
}

impl Provider {
    /// The audience that the token is for. OpenID Connect Core §2: of several, the authorized party.
    fn audience(&self, token: &Token<'_>) -> Result<String, Refusal> {
        let audiences = token.audiences();
        let audiences = audiences.ok_or_else(|| invalid(text::missing_claim("aud")))?;
        let meant = match audiences[..] {
            [only] => Some(only),
            _ => token
                .claim_text("azp")
                .filter(|party| audiences.contains(party)),
        };
        let known = meant.filter(|meant| self.audiences.iter().any(|known| known == meant));
        let known = known.ok_or_else(|| invalid(text::WRONG_AUDIENCE))?;
        Ok(known.to_owned())
    }
}

/// RFC 7519 §4.1.4 to 4.1.6: exp and iat must be there, nbf may.
fn check_times(token: &Token<'_>, now: i64) -> Result<(), Refusal> {
    let required = |name| {
        let time = token.claim_time(name);
        time.ok_or_else(|| invalid(text::missing_claim(name)))
    };
    let (expiry, issued) = (required("exp")?, required("iat")?);
    if now >= expiry.saturating_add(SKEW) {
        let text = text::token_expired(now, expiry);
        return Err(Refusal::new(QueryException::ExpiredToken, text));
    }
    let begins = match token.claim("nbf") {
        Some(_) => required("nbf")?.max(issued),
        None => issued,
    };
    if begins > now.saturating_add(SKEW) {
        let text = text::TOKEN_NOT_YET_VALID;
        return Err(Refusal::new(QueryException::IdpRejectedClaim, text));
    }
    Ok(())
}

/// Whom a verified token vouches for.
pub(crate) struct WebIdentity {
    /// The iss claim.
    pub issuer: String,
    /// The sub claim.
    pub subject: String,
    /// The aud claim, or which of several is meant.
    pub audience: String,
    /// Session tags.
    pub tags: Option<TagListType>,
    /// The keys of those that further sessions inherit.
    pub transitive: Option<TagKeyListType>,
    /// The source identity.
    pub source_identity: Option<SourceIdentityType>,
    claims: Vec<(String, Json)>,
}

impl WebIdentity {
    fn new(
        provider: &Provider,
        audience: String,
        claims: Vec<(String, Json)>,
    ) -> Result<Self, Refusal> {
        let subject = match claim(&claims, "sub") {
            Some(Json::String(subject)) => subject.clone(),
            _ => return Err(invalid(text::missing_claim("sub"))),
        };
        if subject.is_empty() || subject.chars().count() > SUBJECT_LENGTH_MAX {
            return Err(rejected("sub"));
        }
        let tags = claim(&claims, TAGS_CLAIM);
        let source_identity = claim(&claims, SOURCE_IDENTITY_CLAIM);
        Ok(Self {
            tags: tags.map(tags_of).transpose()?,
            transitive: tags.map(transitive_of).transpose()?.flatten(),
            source_identity: source_identity.map(source_identity_of).transpose()?,
            issuer: provider.issuer.clone(),
            subject,
            audience,
            claims,
        })
    }

    /// Host and path of the issuer, as trust policies and condition keys write it.
    pub(crate) fn host(&self) -> &str {
        self.issuer.strip_prefix("https://").unwrap_or(&self.issuer)
    }

    /// The ARN of the provider in `account`.
    pub(crate) fn provider_arn(&self, partition: &str, account: &AccountId) -> String {
        let host = self.host();
        format!("arn:{partition}:iam::{account}:oidc-provider/{host}")
    }

    /// The values of the condition key `HOST:CLAIM`, in lower case; `None` when it is another's. Two claims that
    /// differ in nothing but case determine nothing.
    pub(crate) fn values(&self, key: &str) -> Option<Result<Values<'_>, Undetermined>> {
        let name = key.strip_prefix(&folded(self.host()))?.strip_prefix(':')?;
        let mut named = self
            .claims
            .iter()
            .filter(|(claim, _)| folded(claim) == name);
        Some(match (named.next(), named.next()) {
            (None, _) => Ok(Values::Absent),
            (Some(_), Some(_)) => Err(Undetermined),
            (Some(_), None) if name == "aud" => Ok(Values::One(self.audience.as_str().into())),
            (Some((_, value)), None) => Ok(values_of(value)),
        })
    }
}

/// Texts, numbers and truths, and lists of texts; all else has no value that policies could compare.
fn values_of(value: &Json) -> Values<'_> {
    match value {
        Json::String(text) | Json::Number(text) => Values::One(text.as_str().into()),
        Json::Bool(true) => Values::One("true".into()),
        Json::Bool(false) => Values::One("false".into()),
        Json::Array(items) => {
            let texts = items.iter().map(|item| match item {
                Json::String(text) => Some(text.as_str().into()),
                _ => None,
            });
            texts
                .collect::<Option<Vec<_>>>()
                .map_or(Values::Absent, Values::Many)
        }
        Json::Null | Json::Object(_) => Values::Absent,
    }
}

/// `{"principal_tags": {"key": ["value"]}}`: each key has one value.
fn tags_of(claim: &Json) -> Result<TagListType, Refusal> {
    let Some(Json::Object(tags)) = claim.get("principal_tags") else {
        return Err(rejected(TAGS_CLAIM));
    };
    let tags = tags.iter().map(|(key, values)| match values {
        Json::Array(values) if values.len() == 1 => Some(Json::Object(vec![
            ("Key".to_owned(), Json::String(key.clone())),
            ("Value".to_owned(), values.first()?.clone()),
        ])),
        _ => None,
    });
    let tags = tags.collect::<Option<Vec<_>>>();
    let tags = tags.ok_or_else(|| rejected(TAGS_CLAIM))?;
    shaped(&Json::Array(tags), TAGS_CLAIM)
}

fn transitive_of(claim: &Json) -> Result<Option<TagKeyListType>, Refusal> {
    let keys = claim.get("transitive_tag_keys");
    keys.map(|keys| shaped(keys, TAGS_CLAIM)).transpose()
}

/// STS API, AssumeRole: names that begin with aws: are reserved.
fn source_identity_of(claim: &Json) -> Result<SourceIdentityType, Refusal> {
    let source: SourceIdentityType = shaped(claim, SOURCE_IDENTITY_CLAIM)?;
    match source.as_str().get(..4) {
        Some(start) if start.eq_ignore_ascii_case("aws:") => Err(rejected(SOURCE_IDENTITY_CLAIM)),
        _ => Ok(source),
    }
}

/// A claim as the shape that a parameter of AssumeRole would have.
fn shaped<S: Shape>(json: &Json, name: &str) -> Result<S, Refusal> {
    let mut violations = Violations::default();
    let shape = S::decode(json, &Path::Root, &mut violations);
    match shape {
        Ok(Some(shape)) if violations.is_empty() => Ok(shape),
        _ => Err(rejected(name)),
    }
}

fn claim<'c>(claims: &'c [(String, Json)], name: &str) -> Option<&'c Json> {
    let found = claims.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value)
}

/// OpenID Connect Core §2: https, a host, and possibly a path; here without a port.
fn is_issuer(issuer: &str) -> bool {
    let rest = issuer.strip_prefix("https://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let in_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let in_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    issuer.len() <= ISSUER_LENGTH_MAX
        && !host.is_empty()
        && host.bytes().all(in_host)
        && path.bytes().all(in_path)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(QueryException::InvalidIdentityToken, text)
}

fn rejected(claim: &str) -> Refusal {
    Refusal::new(
        QueryException::IdpRejectedClaim,
        text::rejected_claim(claim),
    )
}

#[cfg(test)]
pub(crate) mod tests;
