//! What operators ask, before anything is looked up.

use serde::{Deserialize, Serialize};

/// Whether a principal may do something, as things are now.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainQuestion {
    /// The ARN of a root, user, role or role's session; an account id, a unique id, or the name of a service. A role
    /// is asked about as a session of it without session policies.
    pub principal: String,
    /// The action, such as `kms:Encrypt`.
    pub action: String,
    /// A key (by ARN, id or alias), or another ARN; absent for actions on nothing in particular.
    pub resource: Option<String>,
    /// The Region called.
    pub region: String,
    /// Condition keys of the request and their values, at most [`CONTEXT_VALUES_MAX`]; a key with several values
    /// stands there several times. They come before what the records say.
    pub context: Vec<(String, String)>,
}

/// The most values of condition keys in a question.
pub(super) const CONTEXT_VALUES_MAX: usize = 256;
