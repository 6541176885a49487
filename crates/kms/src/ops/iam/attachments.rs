//! Managed policies attached to users, groups and roles, and those that bound users and roles. A policy counts who
//! uses it in the same commit, so that what is in use cannot be deleted.

use std::marker::PhantomData;

use strongroom_aws::error::QueryException;
use strongroom_aws::iam::AttachedPolicy;
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text::iam as text;

use super::inputs::{HasPathPrefix, Lists, Names, NamesPolicyArn};
use super::subjects::{Bounded, Holder, Subject};
use super::{in_turn, managed_policies, over_quota, pages};
use crate::authorize::{Authorized, Keys, Target};
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::iam::{Managed, account_policy, managed_with_arn};
use crate::ops::Operation;
use crate::records::{ManagedPolicyRecord, PoliciesRecord, PolicyReference, Unreadable};
use crate::repository::{Changes, EntityRecord};

/// IAM User Guide, "IAM and AWS STS quotas": managed policies attached to a user, group or role.
pub(super) const ATTACHED_MAX: usize = 10;

/// IAM API, AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy. Errors: NoSuchEntity, InvalidInput,
/// LimitExceeded.
pub(in crate::ops) struct AttachPolicy<I>(PhantomData<I>);

impl<I: NamesPolicyArn<Record: Holder>> Operation for AttachPolicy<I> {
    type Input = I;
    type Output = NoOutput;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    fn condition_keys<'i>(input: &'i I, _: usize, keys: &mut Keys<'i>) {
        keys.one("iam:policyarn", input.policy_arn());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let mut stored = I::Record::get(call, input.name())?;
        let reference = attachable(call, input.policy_arn())?.reference();
        let attached = &mut stored.record.policies_mut().attached;
        if attached.contains(&reference) {
            return Ok(NoOutput);
        }
        if attached.len() >= ATTACHED_MAX {
            return Err(over_quota(I::Record::ATTACHED_QUOTA, ATTACHED_MAX));
        }
        attached.push(reference.clone());
        let changes = Changes::default().replace_entity(stored.version, &stored.record);
        let changes = counted(call, changes, &[Use::Attached(&reference)], &[])?;
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

/// The managed policy that `arn` means, to be attached or set as boundary. Errors: InvalidInput, NoSuchEntity.
pub(super) fn attachable(call: &Call<'_>, arn: &str) -> Result<Managed, Failure> {
    managed_policies::with_arn(call, arn, text::not_attachable)
}

/// IAM API, DetachUserPolicy, DetachGroupPolicy, DetachRolePolicy. Errors: NoSuchEntity.
pub(in crate::ops) struct DetachPolicy<I>(PhantomData<I>);

impl<I: NamesPolicyArn<Record: Holder>> Operation for DetachPolicy<I> {
    type Input = I;
    type Output = NoOutput;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    fn condition_keys<'i>(input: &'i I, _: usize, keys: &mut Keys<'i>) {
        keys.one("iam:policyarn", input.policy_arn());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let mut stored = I::Record::get(call, input.name())?;
        let arn = input.policy_arn();
        let absent = || refuse_with(QueryException::NoSuchEntity, text::no_such_policy(arn));
        let policy = managed_with_arn(&call.kms.records, &call.caller, arn)?;
        let reference = policy.ok_or_else(absent)?.reference();
        let attached = &mut stored.record.policies_mut().attached;
        let known = attached.iter().position(|known| *known == reference);
        attached.remove(known.ok_or_else(absent)?);
        let changes = Changes::default().replace_entity(stored.version, &stored.record);
        let changes = counted(call, changes, &[], &[Use::Attached(&reference)])?;
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

/// IAM API, ListAttachedUserPolicies, ListAttachedGroupPolicies, ListAttachedRolePolicies. Errors: NoSuchEntity.
pub(in crate::ops) struct ListAttachedPolicies<I>(PhantomData<I>);

impl<I> Operation for ListAttachedPolicies<I>
where
    I: Names<Record: Holder> + HasPathPrefix + Lists<Items = Vec<AttachedPolicy>>,
{
    type Input = I;
    type Output = I::Output;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<I::Output, Failure> {
        let (call, input) = (request.call(), request.input());
        let holder = I::Record::get(call, input.name())?.record;
        let attached = holder.policies().attached.iter();
        let managed = |reference| account_policy(&call.kms.records, &call.caller, reference);
        let mut managed: Vec<Managed> = attached.map(managed).collect::<Result<_, _>>()?;
        let prefix = input.path_prefix().unwrap_or("/");
        managed.retain(|policy| policy.path().starts_with(prefix));
        let page = pages::of_list(input, managed, |policy| policy.name().to_ascii_lowercase())?;
        Ok(page.answer::<I>(|page| page.iter().map(|policy| shown(call, policy)).collect()))
    }
}

/// The policies attached to a user, group or role, in the order of their attachment.
pub(super) fn all_shown(
    call: &Call<'_>,
    policies: &PoliciesRecord,
) -> Result<Vec<AttachedPolicy>, Failure> {
    let attached = policies.attached.iter();
    let managed = |reference| account_policy(&call.kms.records, &call.caller, reference);
    let shown = attached.map(|reference| Ok(shown(call, &managed(reference)?)));
    shown.collect()
}

fn shown(call: &Call<'_>, policy: &Managed) -> AttachedPolicy {
    AttachedPolicy {
        policy_name: Some(policy.name().into()),
        policy_arn: Some(policy.arn(call.caller.partition()).into()),
    }
}

/// IAM API, PutUserPermissionsBoundary, PutRolePermissionsBoundary. Errors: NoSuchEntity, InvalidInput.
pub(in crate::ops) struct PutBoundary<I>(PhantomData<I>);

impl<I: NamesPolicyArn<Record: Bounded>> Operation for PutBoundary<I> {
    type Input = I;
    type Output = NoOutput;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    fn condition_keys<'i>(input: &'i I, _: usize, keys: &mut Keys<'i>) {
        keys.one("iam:permissionsboundary", input.policy_arn());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let boundary = attachable(request.call(), request.input().policy_arn())?;
        bound(&request, request.input(), Some(boundary.reference())).await
    }
}

/// IAM API, DeleteUserPermissionsBoundary, DeleteRolePermissionsBoundary. Errors: NoSuchEntity, also when there is no
/// boundary.
pub(in crate::ops) struct DeleteBoundary<I>(PhantomData<I>);

impl<I: Names<Record: Bounded>> Operation for DeleteBoundary<I> {
    type Input = I;
    type Output = NoOutput;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let holder = I::Record::get(request.call(), request.input().name())?;
        if holder.record.policies().boundary.is_none() {
            let text = text::no_boundary(I::Record::KIND_NAME, request.input().name());
            return Err(refuse_with(QueryException::NoSuchEntity, text));
        }
        bound(&request, request.input(), None).await
    }
}

/// Sets or lifts the boundary of what `input` names.
async fn bound<O: Operation, I: Names<Record: Bounded>>(
    request: &Authorized<'_, O>,
    input: &I,
    boundary: Option<PolicyReference>,
) -> Result<NoOutput, Failure> {
    let mut stored = I::Record::get(request.call(), input.name())?;
    let policies = stored.record.policies_mut();
    let old = std::mem::replace(&mut policies.boundary, boundary.clone());
    let changes = Changes::default().replace_entity(stored.version, &stored.record);
    let (gained, lost) = (bounds(boundary.as_ref()), bounds(old.as_ref()));
    request
        .commit(counted(request.call(), changes, &gained, &lost)?)
        .await?;
    Ok(NoOutput)
}

/// How a user, group or role uses a managed policy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use<'r> {
    /// Attached.
    Attached(&'r PolicyReference),
    /// As boundary.
    Boundary(&'r PolicyReference),
}

impl<'r> Use<'r> {
    fn policy(self) -> &'r PolicyReference {
        match self {
            Self::Attached(policy) | Self::Boundary(policy) => policy,
        }
    }

    fn count(self, policy: &mut ManagedPolicyRecord) -> &mut u32 {
        match self {
            Self::Attached(_) => &mut policy.attachments,
            Self::Boundary(_) => &mut policy.boundaries,
        }
    }
}

/// The use of a boundary, if there is one.
pub(super) fn bounds(boundary: Option<&PolicyReference>) -> Vec<Use<'_>> {
    boundary.map(Use::Boundary).into_iter().collect()
}

/// Adds to `changes` that managed policies are used in these ways more, and in those less. In the account's turn.
pub(super) fn counted(
    call: &Call<'_>,
    mut changes: Changes,
    gained: &[Use<'_>],
    lost: &[Use<'_>],
) -> Result<Changes, Failure> {
    let all = || gained.iter().chain(lost);
    for (index, one) in all().enumerate() {
        let is_done = all().take(index).any(|done| done.policy() == one.policy());
        let PolicyReference::Customer(_) = one.policy() else {
            continue;
        };
        if !is_done {
            changes = recounted(call, changes, one.policy(), gained, lost)?;
        }
    }
    Ok(changes)
}

fn recounted(
    call: &Call<'_>,
    changes: Changes,
    reference: &PolicyReference,
    gained: &[Use<'_>],
    lost: &[Use<'_>],
) -> Result<Changes, Failure> {
    let known = account_policy(&call.kms.records, &call.caller, reference)?;
    let Managed::Customer(known) = known else {
        return Ok(changes);
    };
    let mut policy = known.record.clone();
    let of_it = |uses: &&Use<'_>| uses.policy() == reference;
    for one in gained.iter().filter(of_it) {
        let count = one.count(&mut policy);
        *count = count.checked_add(1).ok_or(Unreadable)?;
    }
    for one in lost.iter().filter(of_it) {
        let count = one.count(&mut policy);
        *count = count.checked_sub(1).ok_or(Unreadable)?;
    }
    Ok(changes.replace_entity(known.version, &policy))
}

/// Refuses to delete what still has policies. Errors: DeleteConflict.
pub(super) fn require_none<H: Holder>(holder: &H) -> Result<(), Failure> {
    let policies = holder.policies();
    if !policies.attached.is_empty() {
        return Err(super::delete_conflict(text::HAS_ATTACHED_POLICIES));
    }
    if !policies.inline.is_empty() {
        return Err(super::delete_conflict(text::HAS_INLINE_POLICIES));
    }
    Ok(())
}

/// The boundary that something is to be made with. Errors: InvalidInput, NoSuchEntity.
pub(super) fn boundary_of_new(
    call: &Call<'_>,
    arn: Option<&strongroom_aws::iam::ArnType>,
) -> Result<Option<PolicyReference>, Failure> {
    let boundary = arn.map(|arn| attachable(call, arn.as_str())).transpose()?;
    Ok(boundary.map(|policy| policy.reference()))
}

/// The changes that make a new user or role, and count its boundary.
pub(super) fn created<R: EntityRecord>(
    call: &Call<'_>,
    record: &R,
    boundary: Option<&PolicyReference>,
) -> Result<Changes, Failure> {
    let changes = Changes::default().create_entity(record);
    counted(call, changes, &bounds(boundary), &[])
}
