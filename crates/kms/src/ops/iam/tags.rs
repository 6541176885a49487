//! Tags of users, roles and managed policies. Their keys are compared without regard to case.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::marker::PhantomData;

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::iam::{Tag, TagListType};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_policy::folded;

use super::inputs::{BringsTagKeys, BringsTags, Lists, Names};
use super::subjects::{Subject, Tagged};
use super::{in_turn, pages};
use crate::authorize::{Authorized, Entity, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::ops::Operation;
use crate::records::TagRecord;
use crate::repository::Changes;

/// IAM User Guide, "IAM and AWS STS quotas": tags of one entity.
const TAGS_MAX: usize = 50;

/// Refuses tags that nothing may have: duplicate or reserved ones. Errors: InvalidInput.
pub(super) fn check(tags: Option<&TagListType>) -> Result<(), Refusal> {
    let mut known = BTreeSet::new();
    for tag in tags.iter().flat_map(|tags| &tags.0) {
        let key = folded(tag.key.as_str());
        if key.starts_with("aws:") {
            return Err(invalid(text::RESERVED_TAG));
        }
        if !known.insert(key) {
            return Err(invalid(text::iam::DUPLICATE_TAG_KEYS));
        }
    }
    Ok(())
}

fn invalid(text: &str) -> Refusal {
    Refusal::new(QueryException::InvalidInput, text)
}

/// Tags as they are stored.
pub(super) fn records(tags: Option<&TagListType>) -> Vec<TagRecord> {
    let tags = tags.iter().flat_map(|tags| &tags.0);
    tags.map(record).collect()
}

fn record(tag: &Tag) -> TagRecord {
    TagRecord {
        key: tag.key.as_str().to_owned(),
        value: tag.value.as_str().to_owned(),
    }
}

/// Tags as they are shown; `None` when there are none.
pub(super) fn shown(tags: &[TagRecord]) -> Option<TagListType> {
    let list = tags.iter().map(shown_tag).collect();
    (!tags.is_empty()).then_some(TagListType(list))
}

fn shown_tag(tag: &TagRecord) -> Tag {
    Tag {
        key: tag.key.as_str().into(),
        value: tag.value.as_str().into(),
    }
}

/// What is to be made, and once more if it is made with tags, which need a permission of their own (IAM User Guide,
/// "Tagging IAM resources").
pub(super) fn targets_of_new<'i>(
    entity: Entity<'i>,
    tags: Option<&TagListType>,
) -> Vec<Target<'i>> {
    let mut targets = vec![Target::Entity(entity)];
    if tags.is_some_and(|tags| !tags.0.is_empty()) {
        targets.push(Target::Entity(entity));
    }
    targets
}

/// Fills in aws:RequestTag and aws:TagKeys.
pub(super) fn condition_keys<'i>(tags: Option<&'i TagListType>, keys: &mut Keys<'i>) {
    let tags = tags.into_iter().flat_map(|tags| &tags.0);
    keys.request_tag_texts(tags.map(|tag| (tag.key.as_str(), tag.value.as_str())));
}

/// IAM API, TagUser, TagRole, TagPolicy. Errors: NoSuchEntity, InvalidInput, LimitExceeded.
pub(in crate::ops) struct AddTags<I>(PhantomData<I>);

impl<I: BringsTags<Record: Tagged>> Operation for AddTags<I> {
    type Input = I;
    type Output = NoOutput;

    fn check(input: &I) -> Result<(), Refusal> {
        check(Some(input.tags()))
    }

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    fn condition_keys<'i>(input: &'i I, _: usize, keys: &mut Keys<'i>) {
        condition_keys(Some(input.tags()), keys);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let mut stored = I::Record::get(request.call(), request.input().name())?;
        let tags = stored.record.tags_mut();
        for tag in records(Some(request.input().tags())) {
            match tags.iter_mut().find(|known| is_same(&known.key, &tag.key)) {
                Some(known) => *known = tag,
                None => tags.push(tag),
            }
        }
        if tags.len() > TAGS_MAX {
            let text = text::iam::TOO_MANY_TAGS;
            return Err(refuse_with(QueryException::LimitExceeded, text));
        }
        request
            .commit(Changes::default().replace_entity(stored.version, &stored.record))
            .await?;
        Ok(NoOutput)
    }
}

fn is_same(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// IAM API, UntagUser, UntagRole, UntagPolicy. Tags that are not there are ignored. Errors: NoSuchEntity.
pub(in crate::ops) struct RemoveTags<I>(PhantomData<I>);

impl<I: BringsTagKeys<Record: Tagged>> Operation for RemoveTags<I> {
    type Input = I;
    type Output = NoOutput;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    fn condition_keys<'i>(input: &'i I, _: usize, keys: &mut Keys<'i>) {
        let tag_keys = input.tag_keys().into_iter();
        keys.many("aws:tagkeys", tag_keys.map(Cow::Borrowed).collect());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let mut stored = I::Record::get(request.call(), request.input().name())?;
        let gone = request.input().tag_keys();
        let is_gone = |tag: &TagRecord| gone.iter().any(|key| is_same(key, &tag.key));
        if !stored.record.tags().iter().any(is_gone) {
            return Ok(NoOutput);
        }
        stored.record.tags_mut().retain(|tag| !is_gone(tag));
        request
            .commit(Changes::default().replace_entity(stored.version, &stored.record))
            .await?;
        Ok(NoOutput)
    }
}

/// IAM API, ListUserTags, ListRoleTags, ListPolicyTags: sorted by key. Errors: NoSuchEntity.
pub(in crate::ops) struct ListTags<I>(PhantomData<I>);

impl<I> Operation for ListTags<I>
where
    I: Names<Record: Tagged> + Lists<Items = Vec<Tag>>,
{
    type Input = I;
    type Output = I::Output;

    fn targets(input: &I) -> Vec<Target<'_>> {
        vec![Target::Entity(I::Record::target(input.name()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<I::Output, Failure> {
        let input = request.input();
        let tagged = I::Record::get(request.call(), input.name())?.record;
        let page = pages::of_list(input, tagged.tags().to_vec(), |tag| tag.key.clone())?;
        Ok(page.answer::<I>(|tags| tags.iter().map(shown_tag).collect()))
    }
}
