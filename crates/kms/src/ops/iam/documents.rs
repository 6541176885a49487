//! Policy documents of IAM: read when they are given, URL-encoded when they are shown. What cannot be read is never
//! kept.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::text::iam as text;
use strongroom_aws::xml::uri_encode;
use strongroom_policy::{Grammar, Policy, PolicyError, Problem, counted_characters};

/// Reads a document that a client sent. Errors: MalformedPolicyDocument.
pub(in crate::ops) fn read(document: &str, grammar: Grammar) -> Result<Policy, Refusal> {
    let policy = Policy::parse(document, grammar);
    policy.map_err(|error| malformed(&error))
}

/// Refuses a document of more characters than `max`, white space not counted. Errors: LimitExceeded.
pub(super) fn require_size(document: &str, quota: &str, max: usize) -> Result<(), Refusal> {
    if counted_characters(document) <= max {
        return Ok(());
    }
    let text = text::quota_exceeded(quota, max);
    Err(Refusal::new(QueryException::LimitExceeded, text))
}

/// A document as answers show it (IAM API: RFC 3986).
pub(super) fn shown(document: &str) -> String {
    uri_encode(document)
}

/// What is told of a document that cannot be read.
fn malformed(error: &PolicyError) -> Refusal {
    let text = match error {
        PolicyError::Syntax { .. } => text::INVALID_JSON.to_owned(),
        PolicyError::Document(problem) | PolicyError::Statement { problem, .. } => wrong(problem),
        PolicyError::Principal { value, .. } => text::invalid_principal("AWS", value),
        PolicyError::TooLarge { .. }
        | PolicyError::Character
        | PolicyError::Duplicate { .. }
        | PolicyError::TooDeep => text::SYNTAX_ERRORS.to_owned(),
    };
    Refusal::new(QueryException::MalformedPolicyDocument, text)
}

fn wrong(problem: &Problem) -> String {
    match problem {
        Problem::Missing("Action") => text::STATEMENT_WITHOUT_ACTIONS.to_owned(),
        Problem::Missing("Resource") => text::STATEMENT_WITHOUT_RESOURCES.to_owned(),
        Problem::Missing("Principal") => text::missing_field("Principal"),
        Problem::Unknown(field) if is_prohibited(field) => text::prohibited_field(field),
        Problem::RepeatedSid(_) => text::REPEATED_SID.to_owned(),
        Problem::Value("Sid", _) => text::INVALID_SID.to_owned(),
        Problem::Value("Action" | "NotAction", _) => text::ACTION_WITHOUT_SERVICE.to_owned(),
        Problem::Value("Resource" | "NotResource", value) => text::resource_is_no_arn(value),
        Problem::Missing(_)
        | Problem::Unknown(_)
        | Problem::Value(..)
        | Problem::Both(..)
        | Problem::Type(_)
        | Problem::Empty(_)
        | Problem::Operator(_)
        | Problem::OverlyPermissive => text::SYNTAX_ERRORS.to_owned(),
    }
}

/// What the language has, but not this kind of policy.
fn is_prohibited(field: &str) -> bool {
    matches!(
        field,
        "Principal" | "NotPrincipal" | "Resource" | "NotResource"
    )
}
