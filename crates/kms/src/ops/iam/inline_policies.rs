//! Policies that are part of a user, group or role: put, shown, listed and deleted. They count as soon as the call
//! returns.

use std::marker::PhantomData;

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text::iam as text;
use strongroom_policy::{Grammar, counted_characters};

use super::inputs::{AsksForDocument, BringsDocument, Lists, Names, NamesInlinePolicy};
use super::subjects::{Holder, Subject};
use super::{documents, in_turn, pages};
use crate::authorize::{Authorized, Target};
use crate::failure::{Failure, refuse_with};
use crate::ops::Operation;
use crate::records::InlinePolicyRecord;
use crate::repository::{Changes, EntityRecord};

/// IAM API, PutUserPolicy, PutGroupPolicy, PutRolePolicy. Errors: NoSuchEntity, MalformedPolicyDocument,
/// LimitExceeded.
pub(in crate::ops) struct PutPolicy<I>(PhantomData<I>);

impl<I: BringsDocument<Record: Holder>> Operation for PutPolicy<I> {
    type Input = I;
    type Output = NoOutput;

    fn check(input: &I) -> Result<(), Refusal> {
        documents::read(input.document(), Grammar::Identity).map(drop)
    }

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let input = request.input();
        let mut stored = I::Record::get(request.call(), input.name())?;
        let inline = &mut stored.record.policies_mut().inline;
        put(inline, input.policy_name(), input.document());
        require_fit(&stored.record)?;
        request
            .commit(Changes::default().replace_entity(stored.version, &stored.record))
            .await?;
        Ok(NoOutput)
    }
}

/// Writes a policy in its place in the order of names, over the one of the same name whatever its case.
fn put(inline: &mut Vec<InlinePolicyRecord>, name: &str, document: &str) {
    match position(inline, name) {
        Ok(known) => {
            if let Some(policy) = inline.get_mut(known) {
                document.clone_into(&mut policy.document);
            }
        }
        Err(place) => inline.insert(
            place,
            InlinePolicyRecord {
                name: name.to_owned(),
                document: document.to_owned(),
            },
        ),
    }
}

fn position(inline: &[InlinePolicyRecord], name: &str) -> Result<usize, usize> {
    let name = name.to_ascii_lowercase();
    inline.binary_search_by(|policy| policy.name.to_ascii_lowercase().cmp(&name))
}

fn require_fit<H: Holder>(holder: &H) -> Result<(), Failure> {
    let policies = holder.policies().inline.iter();
    let used: usize = policies
        .map(|policy| counted_characters(&policy.document))
        .sum();
    let max = H::INLINE_CHARACTERS_MAX;
    if used <= max {
        return Ok(());
    }
    let text = text::inline_policies_too_large(H::KIND_NAME, &holder.entity().name, max);
    Err(refuse_with(QueryException::LimitExceeded, text))
}

/// IAM API, GetUserPolicy, GetGroupPolicy, GetRolePolicy. Errors: NoSuchEntity.
pub(in crate::ops) struct GetPolicy<I>(PhantomData<I>);

impl<I: AsksForDocument<Record: Holder>> Operation for GetPolicy<I> {
    type Input = I;
    type Output = I::Output;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<I::Output, Failure> {
        let input = request.input();
        let holder = I::Record::get(request.call(), input.name())?.record;
        let inline = &holder.policies().inline;
        let known = position(inline, input.policy_name()).ok();
        let policy = known.and_then(|known| inline.get(known));
        let policy = policy.ok_or_else(|| absent(input))?;
        let document = documents::shown(&policy.document);
        Ok(I::answer(&holder.entity().name, &policy.name, document))
    }
}

fn absent<I: NamesInlinePolicy<Record: Holder>>(input: &I) -> Failure {
    let text = I::Record::no_such_inline_policy(input.policy_name());
    refuse_with(QueryException::NoSuchEntity, text)
}

/// IAM API, DeleteUserPolicy, DeleteGroupPolicy, DeleteRolePolicy. Errors: NoSuchEntity.
pub(in crate::ops) struct DeletePolicy<I>(PhantomData<I>);

impl<I: NamesInlinePolicy<Record: Holder>> Operation for DeletePolicy<I> {
    type Input = I;
    type Output = NoOutput;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let input = request.input();
        let mut stored = I::Record::get(request.call(), input.name())?;
        let inline = &mut stored.record.policies_mut().inline;
        let known = position(inline, input.policy_name()).map_err(|_| absent(input))?;
        inline.remove(known);
        request
            .commit(Changes::default().replace_entity(stored.version, &stored.record))
            .await?;
        Ok(NoOutput)
    }
}

/// IAM API, ListUserPolicies, ListGroupPolicies, ListRolePolicies. Errors: NoSuchEntity.
pub(in crate::ops) struct ListPolicies<I>(PhantomData<I>);

impl<I> Operation for ListPolicies<I>
where
    I: Names<Record: Holder> + Lists<Items = Vec<String>>,
{
    type Input = I;
    type Output = I::Output;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<I::Output, Failure> {
        let input = request.input();
        let holder = I::Record::get(request.call(), input.name())?.record;
        let names = holder.policies().inline.iter();
        let names = names.map(|policy| policy.name.clone()).collect();
        let page = pages::of_list(input, names, |name: &String| name.to_ascii_lowercase())?;
        Ok(page.answer::<I>(|names| names))
    }
}
