//! Whether a request keeps to the constraints of a grant, and whether a new grant is as strict as the one it is
//! made under. What is ambiguous keeps to nothing.
//!
//! Source: KMS API, GrantConstraints; KMS Developer Guide, "Best practices for AWS KMS grants".

use std::collections::BTreeMap;

use strongroom_aws::kms::{CreateGrantRequest, EncryptionContextType};
use strongroom_policy as policy;

use crate::records::{GrantOperation, GrantTerms};

/// What of a request the constraints of grants ask for.
pub(super) struct Wanted<'r> {
    /// What is to be done with the key.
    pub operation: GrantOperation,
    /// Its encryption context; of ReEncrypt that of the side that is decided on.
    pub context: &'r [(&'r str, &'r str)],
    /// The resource on whose behalf a service asks.
    pub source_arn: Option<&'r str>,
    /// The grant that CreateGrant is to make.
    pub child: Option<&'r CreateGrantRequest>,
}

impl Wanted<'_> {
    /// Whether a grant on these terms permits it.
    pub(super) fn is_permitted_by(&self, terms: &GrantTerms) -> bool {
        let source = terms.source_arn.as_deref();
        if !terms.operations.contains(&self.operation)
            || source.is_some_and(|source| self.source_arn != Some(source))
        {
            return false;
        }
        match self.operation {
            // They have no encryption context to ask for.
            GrantOperation::DescribeKey
            | GrantOperation::GetPublicKey
            | GrantOperation::RetireGrant => true,
            GrantOperation::CreateGrant => self.child.is_some_and(|child| is_under(child, terms)),
            _ => self.has_context_of(terms),
        }
    }

    fn has_context_of(&self, terms: &GrantTerms) -> bool {
        let (equals, subset) = (&terms.context_equals, &terms.context_subset);
        if equals.is_none() && subset.is_none() {
            return true;
        }
        let Some(context) = folded(self.context.iter().copied()) else {
            return false;
        };
        let is_equal = |equals: &Texts| pairs(equals).is_some_and(|equals| equals == context);
        let is_included = |subset: &Texts| pairs(subset).is_some_and(|part| has(&context, &part));
        equals.as_ref().is_none_or(is_equal) && subset.as_ref().is_none_or(is_included)
    }
}

/// Whether `child` has no operation that `parent` has not, and no weaker constraints: every request that it
/// permits must be one that a grant like `parent` permits.
fn is_under(child: &CreateGrantRequest, parent: &GrantTerms) -> bool {
    let operations = child.operations.0.iter().copied();
    let mut operations = operations.map(GrantOperation::from);
    if !operations.all(|operation| parent.operations.contains(&operation)) {
        return false;
    }
    let constraints = child.constraints.as_ref();
    let equals = constraints.and_then(|given| given.encryption_context_equals.as_ref());
    let subset = constraints.and_then(|given| given.encryption_context_subset.as_ref());
    let source = constraints.and_then(|given| given.source_arn.as_ref());
    let source = source.map(|source| source.as_str());
    let keeps_source = |wanted: &str| source == Some(wanted);
    let keeps_equals = |wanted: &Texts| is_some_with(wanted, equals, |own, wanted| own == wanted);
    let keeps_subset =
        |wanted: &Texts| is_some_with(wanted, equals, has) || is_some_with(wanted, subset, has);
    parent.source_arn.as_deref().is_none_or(keeps_source)
        && parent.context_equals.as_ref().is_none_or(keeps_equals)
        && parent.context_subset.as_ref().is_none_or(keeps_subset)
}

fn is_some_with(
    wanted: &Texts,
    own: Option<&EncryptionContextType>,
    compare: impl FnOnce(&Pairs<'_>, &Pairs<'_>) -> bool,
) -> bool {
    let own = own.and_then(wire_pairs);
    own.zip(pairs(wanted))
        .is_some_and(|(own, wanted)| compare(&own, &wanted))
}

type Texts = BTreeMap<String, String>;

/// Pairs of an encryption context: names without case, values with it.
type Pairs<'p> = BTreeMap<String, &'p str>;

fn has(all: &Pairs<'_>, part: &Pairs<'_>) -> bool {
    part.iter().all(|(key, value)| all.get(key) == Some(value))
}

fn pairs(texts: &Texts) -> Option<Pairs<'_>> {
    folded(texts.iter().map(|(key, value)| (&**key, &**value)))
}

fn wire_pairs(context: &EncryptionContextType) -> Option<Pairs<'_>> {
    let texts = context.0.iter();
    folded(texts.map(|(key, value)| (key.as_str(), value.as_str())))
}

/// `None` when two names differ only in case: it cannot be said which of them is meant.
fn folded<'p>(texts: impl Iterator<Item = (&'p str, &'p str)>) -> Option<Pairs<'p>> {
    let mut pairs = Pairs::new();
    for (key, value) in texts {
        if pairs.insert(policy::folded(key), value).is_some() {
            return None;
        }
    }
    Some(pairs)
}

#[cfg(test)]
mod tests;
