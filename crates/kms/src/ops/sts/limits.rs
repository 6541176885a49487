//! Session policies: what a session may at most. A policy that cannot be read is never taken for none.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::shape::{Constraint, Path, Violations};
use strongroom_aws::sts::PolicyDescriptorListType;
use strongroom_aws::text;
use strongroom_base::id::AccountId;
use strongroom_policy::{Arn, Grammar, counted_characters};

use super::super::iam::documents;
use crate::failure::{Failure, refuse_with};
use crate::iam::{AwsManagedPolicy, policy_arn};
use crate::records::{PolicyReference, TagRecord};
use crate::repository::{EntityName, Repository};

/// The longest session policy, in characters (STS API, AssumeRole).
const POLICY_CHARACTERS_MAX: usize = 2048;
/// The most managed session policies (STS API, AssumeRole).
const POLICY_ARNS_MAX: usize = 10;
/// What session policies and tags may take together, in bytes as they are counted here: AWS packs them in a
/// form of its own that it does not describe.
const PACKED_BYTES_MAX: usize = 2048;

/// What the caller asks to limit a session to.
#[derive(Clone, Copy)]
pub(super) struct Asked<'i> {
    /// The policy given inline.
    pub policy: Option<&'i str>,
    /// Managed policies.
    pub arns: Option<&'i PolicyDescriptorListType>,
}

/// The session policies of a session.
pub(super) struct Limits {
    /// The policy given inline.
    pub policy: Option<String>,
    /// Managed policies.
    pub policies: Vec<PolicyReference>,
}

impl Limits {
    /// Whether there is any limit.
    pub(super) fn are_any(&self) -> bool {
        self.policy.is_some() || !self.policies.is_empty()
    }
}

impl<'i> Asked<'i> {
    /// Refuses what no account could have. Errors: ValidationError, MalformedPolicyDocument.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        self.check_sizes()?;
        for arn in self.arns()? {
            arn.parse::<Arn>().map_err(|_| invalid_arn(arn))?;
        }
        let policy = self
            .policy
            .map(|text| documents::read(text, Grammar::Identity));
        policy.transpose()?;
        Ok(())
    }

    fn check_sizes(&self) -> Result<(), Refusal> {
        let mut violations = Violations::default();
        if let Some(policy) = self.policy
            && policy.chars().count() > POLICY_CHARACTERS_MAX
        {
            let path = Path::Member(&Path::Root, "Policy");
            violations.add(&path, policy, &longest(POLICY_CHARACTERS_MAX));
        }
        let arns = self.arns()?;
        if arns.len() > POLICY_ARNS_MAX {
            let path = Path::Member(&Path::Root, "PolicyArns");
            violations.add(&path, arns.join(", "), &longest(POLICY_ARNS_MAX));
        }
        if violations.is_empty() {
            return Ok(());
        }
        let text = violations.to_string();
        Err(Refusal::new(QueryException::Validation, text))
    }

    fn arns(&self) -> Result<Vec<&'i str>, Refusal> {
        let items = self.arns.iter().flat_map(|arns| &arns.0);
        // An item without ARN names no policy at all.
        items
            .map(|item| item.arn.as_ref().map(|arn| arn.as_str()))
            .map(|arn| arn.ok_or_else(|| invalid_arn("")))
            .collect()
    }

    /// The policies as sessions keep them. Errors: ValidationError for a managed policy that `account` does not have.
    pub(super) fn resolve(
        &self,
        records: &Repository,
        partition: &str,
        account: &AccountId,
    ) -> Result<Limits, Failure> {
        let mut policies = Vec::new();
        for arn in self.arns()? {
            let found = reference(records, partition, account, arn)?;
            policies.push(found.ok_or_else(|| {
                let text = text::iam::not_attachable(arn);
                refuse_with(QueryException::Validation, text)
            })?);
        }
        Ok(Limits {
            policy: self.policy.map(str::to_owned),
            policies,
        })
    }

    /// How much of what a session may carry is used, in percent; `None` when nothing is. Errors:
    /// PackedPolicyTooLarge.
    pub(super) fn packed_size(&self, tags: &[TagRecord]) -> Result<Option<i32>, Failure> {
        let arns: usize = self.arns()?.iter().map(|arn| arn.len()).sum();
        let tags: usize = tags.iter().map(|tag| tag.key.len() + tag.value.len()).sum();
        let bytes = self.policy.map_or(0, counted_characters) + arns + tags;
        let percent = (bytes * 100).div_ceil(PACKED_BYTES_MAX);
        if bytes > PACKED_BYTES_MAX {
            let text = text::sts::packed_policy_too_large(percent);
            return Err(refuse_with(QueryException::PackedPolicyTooLarge, text));
        }
        Ok(i32::try_from(percent).ok().filter(|percent| *percent > 0))
    }
}

fn longest(max: usize) -> Constraint {
    Constraint::LengthMax(i64::try_from(max).unwrap_or(i64::MAX))
}

/// The managed policy that `arn` names, if `account` has it.
fn reference(
    records: &Repository,
    partition: &str,
    account: &AccountId,
    arn: &str,
) -> Result<Option<PolicyReference>, Failure> {
    let (_, name) = arn.rsplit_once('/').unwrap_or_default();
    if let Some(managed) = AwsManagedPolicy::named(name)
        && managed.arn(partition) == arn
    {
        return Ok(Some(PolicyReference::Aws(managed.name.to_owned())));
    }
    let name = EntityName::new(*account, name);
    let found = records.managed_policy(&name)?;
    let found = found.filter(|policy| policy_arn(partition, &policy.record.entity) == arn);
    Ok(found.map(|_| PolicyReference::Customer(name.as_str().to_owned())))
}

fn invalid_arn(arn: &str) -> Refusal {
    Refusal::new(QueryException::Validation, text::sts::invalid_arn(arn))
}
