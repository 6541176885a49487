//! Says why a principal may or may not do something, by the code that decides on requests. Only operators
//! are told: what is said here names policies that no caller may see.

mod asked;
mod question;
mod weighed;

use serde::{Deserialize, Serialize};
use strongroom_policy::{
    Context, Decision, Denial, Outcome, Policy, PolicyType, Values, Word, folded,
};

use crate::authorize::Asked;
use crate::failure::Failure;
use crate::grants;
use crate::iam::Identity;
use crate::kms::Kms;
use crate::records::GrantId;
use asked::Posed;
use weighed::Weighed;

pub use question::ExplainQuestion;

/// Why there is no explanation.
#[derive(Debug)]
pub(crate) enum Unexplained {
    /// The question cannot be answered; for the operator.
    Question(String),
    /// The records could not be read.
    Failed(Failure),
}

impl From<Failure> for Unexplained {
    fn from(failure: Failure) -> Self {
        match failure {
            // What resolves keys answers as clients are answered.
            Failure::Refused(refusal) => {
                let text = refusal.message.as_deref().unwrap_or_default();
                Self::Question(format!("{}: {text}", refusal.exception.name()))
            }
            other => Self::Failed(other),
        }
    }
}

impl From<crate::records::Unreadable> for Unexplained {
    fn from(error: crate::records::Unreadable) -> Self {
        Self::Failed(error.into())
    }
}

/// The answer to an [`ExplainQuestion`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// Whether the principal may.
    pub allowed: bool,
    /// `allowed`, `explicit-deny` or `implicit-deny`.
    pub decision: String,
    /// The principal's ARN, as requests of it would carry it.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The ARN of what it is on, `*` when it is on nothing in particular.
    pub resource: String,
    /// Why, in one sentence.
    pub reason: String,
    /// The type of policy that had to allow and did not.
    pub missing: Option<String>,
    /// The statements that made the decision.
    pub statements: Vec<MatchedStatement>,
    /// The message of the AccessDeniedException that the client gets.
    pub message: Option<String>,
    /// Every policy that had a say.
    pub policies: Vec<PolicyWeighed>,
    /// Condition keys of those policies that the question gives no value.
    pub keys_without_value: Vec<String>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

/// A statement that made a decision.
#[derive(Debug, Serialize, Deserialize)]
pub struct MatchedStatement {
    /// `guardrail`, `resource`, `identity`, `boundary` or `session`.
    pub policy_type: String,
    /// Which policy.
    pub policy: String,
    /// Its number in the policy, from 1.
    pub number: usize,
    /// Its Sid, if it has one.
    pub sid: Option<String>,
    /// Its text in the document.
    pub text: String,
}

/// A policy that had a say.
#[derive(Debug, Serialize, Deserialize)]
pub struct PolicyWeighed {
    /// `guardrail`, `resource`, `identity`, `boundary` or `session`.
    pub policy_type: String,
    /// Which policy.
    pub policy: String,
}

/// Answers `question` as things are now. Nothing is changed, and no key is made.
pub(crate) fn explain(kms: &Kms, question: &ExplainQuestion) -> Result<Explanation, Unexplained> {
    let posed = Posed::new(kms, question)?;
    let asked = posed.asked(kms)?;
    let weighed = Weighed::of(&asked, &posed.resource)?;
    let thing = posed.resource.thing();
    let fill = posed.fill();
    let (decision, grant) = asked.explain(&posed.action, &thing, &fill)?;
    let context = asked.context(&posed.action, &thing, &fill);
    let keys = weighed.condition_keys();
    let is_absent = |key: &&String| matches!(context.values(key), Ok(Values::Absent));
    let mut explanation = Explanation {
        allowed: decision.is_allowed(),
        decision: name_of(&decision).to_owned(),
        principal: asked.caller.arn.clone(),
        action: posed.action.clone(),
        resource: posed.resource.arn().to_owned(),
        reason: reason(&decision, grant.as_ref(), &asked),
        missing: missing(&decision).map(str::to_owned),
        statements: weighed.statements(&decision)?,
        message: posed.message(&asked, &decision),
        policies: weighed.listed(),
        keys_without_value: keys.iter().filter(is_absent).cloned().collect(),
        notes: posed.notes(&keys),
    };
    if !posed.is_in_reach() {
        explanation.out_of_reach(&posed, &asked);
    }
    Ok(explanation)
}

impl Explanation {
    /// KMS Developer Guide, "Allowing users in other accounts to use a KMS key": whatever policies say, other
    /// operations do not reach there.
    fn out_of_reach(&mut self, posed: &Posed, asked: &Asked<'_>) {
        self.allowed = false;
        "implicit-deny".clone_into(&mut self.decision);
        "operations that need this action do not reach keys of other accounts"
            .clone_into(&mut self.reason);
        self.missing = None;
        self.statements.clear();
        self.message = Some(posed.unseen(asked));
    }
}

fn name_of(decision: &Decision) -> &'static str {
    match decision.outcome {
        Outcome::Allowed => "allowed",
        Outcome::Denied(Denial::Explicit(_)) => "explicit-deny",
        Outcome::Denied(Denial::Missing(_) | Denial::Undetermined) => "implicit-deny",
    }
}

fn missing(decision: &Decision) -> Option<&'static str> {
    match decision.outcome {
        Outcome::Denied(Denial::Missing(policy_type)) => Some(type_name(policy_type)),
        _ => None,
    }
}

fn type_name(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::Guardrail => "guardrail",
        PolicyType::Resource => "resource",
        PolicyType::Identity => "identity",
        PolicyType::Boundary => "boundary",
        PolicyType::Session => "session",
    }
}

fn reason(decision: &Decision, grant: Option<&GrantId>, asked: &Asked<'_>) -> String {
    let denial = match &decision.outcome {
        Outcome::Allowed => {
            return match grant {
                Some(grant) => format!("the grant {} on the key allows it", grants::id_text(grant)),
                None => allowed_because(decision, asked).to_owned(),
            };
        }
        Outcome::Denied(denial) => denial,
    };
    match denial {
        Denial::Explicit(at) => format!(
            "a statement of {} {} denies it, and a Deny outweighs every Allow",
            article(at.policy_type),
            at.policy_type
        ),
        Denial::Missing(policy_type) => format!("no {policy_type} allows it"),
        Denial::Undetermined => {
            "the value of a condition key could not be determined, and then the answer is no"
                .to_owned()
        }
    }
}

fn article(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::Identity => "an",
        PolicyType::Guardrail
        | PolicyType::Resource
        | PolicyType::Boundary
        | PolicyType::Session => "a",
    }
}

fn allowed_because(decision: &Decision, asked: &Asked<'_>) -> &'static str {
    let matched = &decision.matched;
    match (matched.word, matched.identity.is_some()) {
        (Some(Word::Direct), false) => "the resource-based policy lets this principal in by itself",
        (Some(Word::Direct), true) => {
            "the resource-based policy lets this principal in, and so do policies of its account"
        }
        (Some(Word::Role), false) => {
            "the resource-based policy lets the role in, within its boundary and session policies"
        }
        (Some(Word::Role), true) => {
            "the resource-based policy lets the role in, and so do policies of its account"
        }
        (Some(Word::Account), true) => {
            "the resource-based policy leaves it to the account, and an identity-based policy allows it"
        }
        (Some(Word::Account), false) => {
            "the resource-based policy leaves it to the account, and this is its root"
        }
        (None, true) => "an identity-based policy allows it",
        (None, false) if matches!(asked.caller.identity, Identity::Root) => {
            "this is the root of the account"
        }
        (None, false) => "nothing limits it",
    }
}

/// The condition keys of a document, as they are compared.
fn keys_of(policy: &Policy) -> impl Iterator<Item = String> {
    policy.condition_keys().into_iter().map(|key| folded(&key))
}

#[cfg(test)]
mod tests;
