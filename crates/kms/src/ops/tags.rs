//! Tags of keys.

use std::collections::BTreeSet;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    BooleanType, ListResourceTagsRequest, ListResourceTagsResponse, Tag, TagList,
    TagResourceRequest, UntagResourceRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_store::Expect;

use super::{Operation, paging};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::key::CHANGEABLE;
use crate::records::TagRecord;
use crate::repository::Changes;

/// KMS quotas: tags per key.
const TAGS_MAX: usize = 50;
/// Marks the markers of this list.
const TAGS_LIST: u8 = 4;
const TAGS_PAGE: usize = 50;

/// Refuses tags that no key may have: reserved, duplicate, too many, or of other characters.
pub(super) fn check(tags: Option<&TagList>) -> Result<(), Refusal> {
    let tags = tags.map_or(&[][..], |tags| &tags.0);
    let refuse = |text: &str| Err(Refusal::new(KmsException::Tag, text));
    let keys: BTreeSet<&str> = tags.iter().map(|tag| tag.tag_key.as_str()).collect();
    if keys.iter().any(|key| is_reserved(key)) {
        return refuse(text::RESERVED_TAG);
    }
    if keys.len() != tags.len() {
        return refuse(text::DUPLICATE_TAG_KEYS);
    }
    if tags.len() > TAGS_MAX {
        return refuse(text::TOO_MANY_TAGS);
    }
    let texts = tags
        .iter()
        .flat_map(|tag| [tag.tag_key.as_str(), tag.tag_value.as_str()]);
    if !texts.flat_map(str::chars).all(is_tag_character) {
        return refuse(text::INVALID_TAG);
    }
    Ok(())
}

/// Whether a request has any tags, for which it needs kms:TagResource.
pub(super) fn are_given(tags: Option<&TagList>) -> bool {
    tags.is_some_and(|tags| !tags.0.is_empty())
}

/// Tags as they are stored.
pub(super) fn records(tags: Option<&TagList>) -> Vec<TagRecord> {
    let tags = tags.map_or(&[][..], |tags| &tags.0);
    tags.iter()
        .map(|tag| TagRecord {
            key: tag.tag_key.as_str().to_owned(),
            value: tag.tag_value.as_str().to_owned(),
        })
        .collect()
}

fn is_reserved(key: &str) -> bool {
    key.get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character)
}

/// KMS API, TagResource.
pub(super) struct TagResource;

impl Operation for TagResource {
    type Input = TagResourceRequest;
    type Output = NoOutput;

    fn targets(input: &TagResourceRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        keys.request_tags(Some(&input.tags));
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let key = request.key()?;
        key.require_state(CHANGEABLE)?;
        check(Some(&request.input().tags))?;
        let mut record = key.record.clone();
        for tag in records(Some(&request.input().tags)) {
            match record.tags.iter_mut().find(|known| known.key == tag.key) {
                Some(known) => known.value = tag.value,
                None => record.tags.push(tag),
            }
        }
        if record.tags.len() > TAGS_MAX {
            return Err(refuse_with(KmsException::Tag, text::TOO_MANY_TAGS));
        }
        request
            .commit(Changes::default().put_key(Expect::At(key.version), &record))
            .await?;
        Ok(NoOutput)
    }
}

/// KMS API, UntagResource. Tags that the key does not have are ignored.
pub(super) struct UntagResource;

impl Operation for UntagResource {
    type Input = UntagResourceRequest;
    type Output = NoOutput;

    fn targets(input: &UntagResourceRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let tags = input.tag_keys.0.iter();
        keys.many("aws:tagkeys", tags.map(|key| key.as_str().into()).collect());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let key = request.key()?;
        key.require_state(CHANGEABLE)?;
        let gone: BTreeSet<&str> = request
            .input()
            .tag_keys
            .0
            .iter()
            .map(|key| key.as_str())
            .collect();
        let mut record = key.record.clone();
        record.tags.retain(|tag| !gone.contains(tag.key.as_str()));
        if record.tags.len() != key.record.tags.len() {
            request
                .commit(Changes::default().put_key(Expect::At(key.version), &record))
                .await?;
        }
        Ok(NoOutput)
    }
}

/// KMS API, ListResourceTags.
pub(super) struct ListResourceTags;

impl Operation for ListResourceTags {
    type Input = ListResourceTagsRequest;
    type Output = ListResourceTagsResponse;

    fn targets(input: &ListResourceTagsRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListResourceTagsResponse, Failure> {
        let input = request.input();
        let limit = paging::limit(input.limit, TAGS_PAGE, TAGS_PAGE);
        let key = request.key()?;
        let mut tags = key.record.tags.clone();
        tags.sort_by(|one, other| one.key.cmp(&other.key));
        let list = paging::List {
            kind: TAGS_LIST,
            owner: &key.arn,
        };
        let (page, next) = list.page(&tags, |tag| &tag.key, input.marker.as_ref(), limit)?;
        let shown = |tag: TagRecord| Tag {
            tag_key: tag.key.into(),
            tag_value: tag.value.into(),
        };
        Ok(ListResourceTagsResponse {
            tags: Some(TagList(page.into_iter().map(shown).collect())),
            truncated: Some(BooleanType(next.is_some())),
            next_marker: next,
        })
    }
}
