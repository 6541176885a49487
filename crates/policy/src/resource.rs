//! Resource patterns of statements, and ARNs cut for comparison.

use crate::context::{Context, Undetermined};
use crate::document::Version;
use crate::pattern::{is_everything, matches_ignoring_case};
use crate::template::Template;

/// The six parts of an ARN: five without colons, and all that follows.
pub(crate) type Cut<'a> = [&'a str; 6];

/// Cuts `text` at its first five colons; `None` when it has fewer.
pub(crate) fn cut(text: &str) -> Option<Cut<'_>> {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next();
    Some([next()?, next()?, next()?, next()?, next()?, next()?])
}

/// A value of a Resource or NotResource element.
#[derive(Debug)]
pub(crate) enum ResourcePattern {
    /// `*`: everything, also no resource at all.
    Everything,
    Arn {
        heads: [Box<str>; 5],
        last: Template,
    },
    /// Fits no resource.
    Nothing,
}

impl ResourcePattern {
    /// The pattern `text`; parts that an incomplete ARN lacks are `*` (IAM User Guide, "Resource").
    pub(crate) fn new(text: &str, version: Version) -> Self {
        if is_everything(text) {
            return Self::Everything;
        }
        let mut parts = text.splitn(6, ':');
        let heads = std::array::from_fn(|_| parts.next().unwrap_or("*").into());
        match Template::parse(parts.next().unwrap_or("*"), version) {
            Ok(last) => Self::Arn { heads, last },
            Err(_) => Self::Nothing,
        }
    }

    /// Whether the ARN `found` fits; the absent one fits nothing but `*`.
    pub(crate) fn fits(
        &self,
        found: Option<&Cut<'_>>,
        context: &dyn Context,
    ) -> Result<bool, Undetermined> {
        let (heads, last) = match self {
            Self::Everything => return Ok(true),
            Self::Nothing => return Ok(false),
            Self::Arn { heads, last } => (heads, last),
        };
        let Some([own_heads @ .., own_last]) = found else {
            return Ok(false);
        };
        let mut pairs = heads.iter().zip(own_heads);
        if !pairs.all(|(pattern, part)| matches_ignoring_case(pattern, part)) {
            return Ok(false);
        }
        let resolved = last.pattern(context, own_last.len())?;
        Ok(resolved.is_some_and(|pattern| pattern.fits(own_last)))
    }
}
