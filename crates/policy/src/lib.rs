//! ARNs and the IAM policy language: what a policy document says, kept in the order it was written, and what it
//! decides. Pure: no I/O, no clock; no input makes it panic, and no error allows anything.

pub mod arn;
mod case;
mod clause;
mod compiled;
mod context;
mod decide;
mod decision;
pub mod document;
pub mod error;
mod json;
mod names;
mod parse;
mod pattern;
mod place;
mod policy;
mod principal;
mod resource;
mod template;
mod value;

pub use arn::{Arn, InvalidArn};
pub use case::{Caller, CallerKind, Case, GrantMatch, Resource, ResourcePolicy, Word};
pub use compiled::CompiledPolicy;
pub use context::{Context, MapContext, Undetermined, Values, folded};
pub use decide::decide;
pub use decision::{At, Decision, Denial, Matched, Outcome, PolicyType};
pub use document::{
    Comparison, Condition, Effect, Listed, Operator, SetOperator, Statement, Version,
};
pub use error::{PolicyError, Problem};
pub use place::{Place, Position, position, statement_places};
pub use policy::{
    DOCUMENT_BYTES_MAX, Grammar, IDENTITY_DOCUMENT_BYTES_MAX, Policy, counted_characters,
    default_key_policy,
};
pub use principal::{IdentityKind, Principal};
