//! Tags of trails: AddTags, RemoveTags, ListTags.

use std::collections::BTreeSet;

use strongroom_aws::cloudtrail::{
    AddTagsRequest, AddTagsResponse, ListTagsRequest, ListTagsResponse, RemoveTagsRequest,
    RemoveTagsResponse, ResourceTag, ResourceTagList, Tag, TagsList,
};
use strongroom_aws::error::{CloudTrailException, Refusal};
use strongroom_aws::text::cloudtrail as text;
use strongroom_store::Expect;

use super::{changeable, found, in_turn};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::ops::Operation;
use crate::records::{TagRecord, TrailRecord};
use crate::repository::{Changes, TrailName};

/// The most tags of a trail (CloudTrail API, AddTags).
const TAGS_MAX: usize = 50;
/// The most trails whose tags are listed at one time.
const RESOURCES_MAX: usize = 20;

/// Whether a request has any tags, for which it needs cloudtrail:AddTags.
pub(super) fn are_given(tags: Option<&TagsList>) -> bool {
    tags.is_some_and(|tags| !tags.0.is_empty())
}

/// Fills in aws:RequestTag and aws:TagKeys.
pub(super) fn condition_keys<'i>(tags: Option<&'i TagsList>, keys: &mut Keys<'i>) {
    let tags = tags.into_iter().flat_map(|tags| &tags.0);
    keys.request_tag_texts(tags.map(|tag| (tag.key.as_str(), value(tag))));
}

/// Refuses tags that no trail may have. Errors: InvalidTagParameterException, TagsLimitExceededException.
pub(super) fn check(tags: Option<&TagsList>) -> Result<(), Refusal> {
    let tags = tags.map_or(&[][..], |tags| &tags.0);
    let refuse = |text| Err(Refusal::new(CloudTrailException::InvalidTagParameter, text));
    let keys: BTreeSet<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    if keys.len() != tags.len() {
        return refuse(text::DUPLICATE_TAG_KEYS);
    }
    if keys.iter().any(|key| is_reserved(key)) {
        return refuse(text::RESERVED_TAG_KEY);
    }
    let mut texts = tags.iter().flat_map(|tag| [tag.key.as_str(), value(tag)]);
    if !texts.all(|text| text.chars().all(is_tag_character)) {
        return refuse(text::TAG_CHARACTERS);
    }
    match tags.len() <= TAGS_MAX {
        true => Ok(()),
        false => Err(too_many()),
    }
}

/// Tags as they are stored.
pub(super) fn records(tags: Option<&TagsList>) -> Vec<TagRecord> {
    let tags = tags.into_iter().flat_map(|tags| &tags.0);
    tags.map(|tag| TagRecord {
        key: tag.key.as_str().to_owned(),
        value: value(tag).to_owned(),
    })
    .collect()
}

fn value(tag: &Tag) -> &str {
    tag.value
        .as_ref()
        .map(|value| value.as_str())
        .unwrap_or_default()
}

fn is_reserved(key: &str) -> bool {
    key.get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character)
}

fn too_many() -> Refusal {
    Refusal::new(
        CloudTrailException::TagsLimitExceeded,
        text::too_many_tags(TAGS_MAX),
    )
}

/// CloudTrail API, AddTags. A tag whose key is there gets the new value.
pub(in crate::ops) struct AddTags;

impl Operation for AddTags {
    type Input = AddTagsRequest;
    type Output = AddTagsResponse;

    fn targets(input: &AddTagsRequest) -> Vec<Target<'_>> {
        super::targets(&input.resource_id)
    }

    fn condition_keys<'i>(input: &'i AddTagsRequest, _: usize, keys: &mut Keys<'i>) {
        condition_keys(Some(&input.tags_list), keys);
    }

    fn check(input: &AddTagsRequest) -> Result<(), Refusal> {
        TrailName::of_arn(input.resource_id.as_str())?;
        check(Some(&input.tags_list))
    }

    async fn run(request: Authorized<'_, Self>) -> Result<AddTagsResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let input = request.input();
        let old = changeable(request.call(), &input.resource_id)?;
        let mut record = old.record;
        add(&mut record, records(Some(&input.tags_list)));
        if record.tags.len() > TAGS_MAX {
            return Err(too_many().into());
        }
        let changes = Changes::default().put_trail(Expect::At(old.version), &record);
        request.commit(changes).await?;
        Ok(AddTagsResponse {})
    }
}

fn add(trail: &mut TrailRecord, tags: Vec<TagRecord>) {
    for tag in tags {
        match trail.tags.iter_mut().find(|known| known.key == tag.key) {
            Some(known) => known.value = tag.value,
            None => trail.tags.push(tag),
        }
    }
}

/// CloudTrail API, RemoveTags. Tags go by their keys; those that the trail does not have are ignored.
pub(in crate::ops) struct RemoveTags;

impl Operation for RemoveTags {
    type Input = RemoveTagsRequest;
    type Output = RemoveTagsResponse;

    fn targets(input: &RemoveTagsRequest) -> Vec<Target<'_>> {
        super::targets(&input.resource_id)
    }

    fn condition_keys<'i>(input: &'i RemoveTagsRequest, _: usize, keys: &mut Keys<'i>) {
        let tags = input.tags_list.0.iter();
        keys.many(
            "aws:tagkeys",
            tags.map(|tag| tag.key.as_str().into()).collect(),
        );
    }

    fn check(input: &RemoveTagsRequest) -> Result<(), Refusal> {
        TrailName::of_arn(input.resource_id.as_str()).map(drop)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<RemoveTagsResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let input = request.input();
        let old = changeable(request.call(), &input.resource_id)?;
        let gone: BTreeSet<&str> = input
            .tags_list
            .0
            .iter()
            .map(|tag| tag.key.as_str())
            .collect();
        let mut record = old.record;
        record.tags.retain(|tag| !gone.contains(tag.key.as_str()));
        let changes = Changes::default().put_trail(Expect::At(old.version), &record);
        request.commit(changes).await?;
        Ok(RemoveTagsResponse {})
    }
}

/// CloudTrail API, ListTags. All tags fit in one reply, so no token is ever given.
pub(in crate::ops) struct ListTags;

impl Operation for ListTags {
    type Input = ListTagsRequest;
    type Output = ListTagsResponse;

    fn targets(input: &ListTagsRequest) -> Vec<Target<'_>> {
        let arns = input.resource_id_list.0.iter();
        arns.flat_map(super::targets).collect()
    }

    fn check(input: &ListTagsRequest) -> Result<(), Refusal> {
        let arns = &input.resource_id_list.0;
        if !(1..=RESOURCES_MAX).contains(&arns.len()) {
            let text = text::wrong_number_of_resources(RESOURCES_MAX);
            return Err(Refusal::new(
                CloudTrailException::CloudTrailArnInvalid,
                text,
            ));
        }
        arns.iter()
            .try_for_each(|arn| TrailName::of_arn(arn.as_str()).map(drop))
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListTagsResponse, Failure> {
        let input = request.input();
        if input.next_token.is_some() {
            return Err(refuse_with(
                CloudTrailException::InvalidToken,
                text::INVALID_TOKEN,
            ));
        }
        let mut listed = Vec::new();
        for arn in &input.resource_id_list.0 {
            let trail = found(request.call(), arn)?.record;
            listed.push(ResourceTag {
                resource_id: Some(arn.clone()),
                tags_list: Some(TagsList(trail.tags.iter().map(shown).collect())),
            });
        }
        Ok(ListTagsResponse {
            resource_tag_list: Some(ResourceTagList(listed)),
            next_token: None,
        })
    }
}

fn shown(tag: &TagRecord) -> Tag {
    let value = tag.value.as_str();
    Tag {
        key: tag.key.as_str().into(),
        value: (!value.is_empty()).then(|| value.into()),
    }
}
