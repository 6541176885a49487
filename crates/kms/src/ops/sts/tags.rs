//! Session tags. Keys compare without regard to case; an inherited tag is never replaced.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::sts::{Tag, TagKeyListType, TagListType};
use strongroom_aws::text::sts as text;
use strongroom_policy::folded;

use crate::failure::Failure;
use crate::iam::Caller;
use crate::records::TagRecord;

/// The tags of a session.
#[derive(Default)]
pub(super) struct SessionTags {
    /// All of them, inherited ones first.
    pub tags: Vec<TagRecord>,
    /// The keys of those that further sessions inherit.
    pub transitive: Vec<String>,
}

/// The tags that a request brings for a session.
#[derive(Clone, Copy)]
pub(super) struct Asked<'i> {
    /// The tags.
    pub tags: Option<&'i TagListType>,
    /// The keys of those that further sessions are to inherit.
    pub transitive: Option<&'i TagKeyListType>,
}

impl<'i> Asked<'i> {
    fn tags(&self) -> impl Iterator<Item = &'i Tag> {
        self.tags.into_iter().flat_map(|tags| &tags.0)
    }

    /// The tags, as key and value.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'i str, &'i str)> {
        self.tags()
            .map(|tag| (tag.key.as_str(), tag.value.as_str()))
    }

    /// The keys of those that further sessions are to inherit.
    pub(super) fn transitive(&self) -> impl Iterator<Item = &'i str> {
        let keys = self.transitive.into_iter().flat_map(|keys| &keys.0);
        keys.map(|key| key.as_str())
    }

    /// Refuses tags that no session could have. Errors: InvalidParameterValue.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let mut keys: Vec<String> = self.pairs().map(|(key, _)| folded(key)).collect();
        if keys.iter().any(|key| key.starts_with("aws:")) {
            return Err(invalid(text::RESERVED_TAG_KEY));
        }
        keys.sort_unstable();
        if keys.array_windows().any(|[one, next]| one == next) {
            return Err(invalid(text::DUPLICATE_TAG_KEYS));
        }
        let is_absent = |key: &str| keys.binary_search(&folded(key)).is_err();
        if self.transitive().any(is_absent) {
            return Err(invalid(text::TRANSITIVE_TAG_ABSENT));
        }
        Ok(())
    }

    /// The tags of a session that `caller` begins. Errors: InvalidParameterValue for one that is inherited.
    pub(super) fn inheriting(&self, caller: &Caller) -> Result<SessionTags, Failure> {
        let inherited: Vec<&TagRecord> = caller.transitive_tags().collect();
        let is_inherited = |key: &str| {
            let mut keys = inherited.iter().map(|tag| folded(&tag.key));
            keys.any(|known| known == folded(key))
        };
        if self.pairs().any(|(key, _)| is_inherited(key)) {
            return Err(invalid(text::TRANSITIVE_TAG_CONFLICT).into());
        }
        let transitive = inherited.iter().map(|tag| tag.key.as_str());
        let transitive = transitive.chain(self.transitive()).map(str::to_owned);
        let own = self.pairs().map(|(key, value)| TagRecord {
            key: key.to_owned(),
            value: value.to_owned(),
        });
        Ok(SessionTags {
            transitive: transitive.collect(),
            tags: inherited.iter().copied().cloned().chain(own).collect(),
        })
    }
}

fn invalid(text: &str) -> Refusal {
    Refusal::new(QueryException::InvalidParameterValue, text)
}
