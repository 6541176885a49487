//! What was decided, and the statement that made it.

use std::fmt;

use crate::case::Word;
use crate::context::Undetermined;

/// A decision with its reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Yes or no.
    pub outcome: Outcome,
    /// What took part in a yes; empty for a no.
    pub matched: Matched,
}

impl Decision {
    /// Whether the answer is yes.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Yes.
    Allowed,
    /// No, and why.
    Denied(Denial),
}

/// Why the answer is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// This statement denies.
    Explicit(At),
    /// No policy of this type allows.
    Missing(PolicyType),
    /// A condition key could not be had.
    Undetermined,
}

impl From<Undetermined> for Denial {
    fn from(_: Undetermined) -> Self {
        Self::Undetermined
    }
}

/// The kinds of policies a decision weighs, in the order they are asked for a Deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyType {
    /// What an account's administrators forbid everyone in it.
    Guardrail,
    /// The policy of the resource: a key policy, a trust policy.
    Resource,
    /// The caller's own policies, inline, attached and of its groups.
    Identity,
    /// The caller's permissions boundary.
    Boundary,
    /// The policies of the caller's session.
    Session,
}

impl PolicyType {
    /// The name in AWS's access denied messages (IAM User Guide, "Troubleshoot access denied error messages").
    pub fn name(self) -> &'static str {
        match self {
            Self::Guardrail => "service control policy",
            Self::Resource => "resource-based policy",
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        }
    }
}

impl fmt::Display for PolicyType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Where a statement stands, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The type of its policy.
    pub policy_type: PolicyType,
    /// Which of the policies of that type in the case.
    pub policy: usize,
    /// Which statement of it.
    pub statement: usize,
}

/// What took part in a yes, by the path taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The Allow of the last guardrail.
    pub guardrail: Option<At>,
    /// The statement that gave the word.
    pub resource: Option<At>,
    /// The Allow of the caller's own policies; `None` for a root, and where they were not needed.
    pub identity: Option<At>,
    /// The Allow of the boundary, where there is one and it was needed.
    pub boundary: Option<At>,
    /// The Allow of the session policies, where there are some and they were needed.
    pub session: Option<At>,
    /// How closely the resource policy names the caller, where that counted.
    pub word: Option<Word>,
    /// Which grant decided, counted from 0.
    pub grant: Option<usize>,
}
