//! Conditions made ready for evaluation. A value that cannot be read fits nothing, and a key with several
//! values never passes for one with a single value.

use std::net::IpAddr;

use crate::context::{Context, Undetermined, Values, folded};
use crate::document::{Comparison, Condition, SetOperator, Version};
use crate::pattern::{Symbol, matches};
use crate::resource::cut;
use crate::template::{Resolved, Template, symbols_fit};
use crate::value::{Block, Decimal, is_base64, parse_bool, parse_date, same_bytes};

/// One key of a condition block.
#[derive(Debug)]
pub(crate) struct Clause {
    /// Folded.
    key: Box<str>,
    set: Option<SetOperator>,
    if_exists: bool,
    polarity: Polarity,
    test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polarity {
    /// Some policy value fits.
    Positive,
    /// No policy value fits.
    Negated,
}

#[derive(Debug)]
enum Test {
    /// Presence itself: what "true" and "false" accept.
    Null(Box<[bool]>),
    Text(Box<[Template]>),
    /// Plain values are folded.
    FoldedText(Box<[Template]>),
    Pattern(Box<[Template]>),
    Arn(Box<[Template]>),
    Number(Relation, Box<[Decimal]>),
    Date(Relation, Box<[Decimal]>),
    Bool(Box<[bool]>),
    Binary(Box<[Box<str>]>),
    Ip(Box<[Block]>),
}

#[derive(Clone, Copy, Debug)]
enum Relation {
    Equals,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
}

/// Whether a policy value is one that `comparison` can read.
pub(crate) fn is_readable(comparison: Comparison, value: &str, version: Version) -> bool {
    use Comparison as C;
    let template = || Template::parse(value, version);
    match comparison {
        C::StringEquals
        | C::StringNotEquals
        | C::StringEqualsIgnoreCase
        | C::StringNotEqualsIgnoreCase
        | C::StringLike
        | C::StringNotLike => template().is_ok(),
        C::ArnEquals | C::ArnLike | C::ArnNotEquals | C::ArnNotLike => match template() {
            Ok(Template::Plain(text)) => cut(&text).is_some(),
            Ok(Template::Pieces(_)) => true,
            Err(_) => false,
        },
        C::NumericEquals
        | C::NumericNotEquals
        | C::NumericLessThan
        | C::NumericLessThanEquals
        | C::NumericGreaterThan
        | C::NumericGreaterThanEquals => Decimal::parse(value).is_some(),
        C::DateEquals
        | C::DateNotEquals
        | C::DateLessThan
        | C::DateLessThanEquals
        | C::DateGreaterThan
        | C::DateGreaterThanEquals => parse_date(value).is_some(),
        C::Bool | C::Null => parse_bool(value).is_some(),
        C::BinaryEquals => is_base64(value),
        C::IpAddress | C::NotIpAddress => Block::parse(value).is_some(),
    }
}

impl Clause {
    pub(crate) fn new(condition: &Condition, version: Version) -> Self {
        let operator = condition.operator;
        Self {
            key: folded(&condition.key).into(),
            set: operator.set,
            if_exists: operator.if_exists,
            polarity: polarity(operator.comparison),
            test: Test::new(operator.comparison, &condition.values, version),
        }
    }

    pub(crate) fn holds(&self, context: &dyn Context) -> Result<bool, Undetermined> {
        let values = context.values(&self.key)?;
        if let Test::Null(accepted) = &self.test {
            return Ok(accepted.contains(&is_null(&values)));
        }
        if self.is_absent(&values) {
            return Ok(self.holds_of_absent());
        }
        match (self.set, values) {
            (_, Values::Absent) | (None, Values::Many(_)) => Ok(false),
            (_, Values::One(value)) => self.holds_of(&value, context),
            (Some(set), Values::Many(values)) => {
                let values = values.iter().filter(|value| !value.is_empty());
                self.holds_of_set(set, values.map(AsRef::as_ref), context)
            }
        }
    }

    /// Empty texts count as null for set operators.
    fn is_absent(&self, values: &Values<'_>) -> bool {
        match values {
            Values::Absent => true,
            Values::Many(values) if values.is_empty() => true,
            values => self.set.is_some() && is_null(values),
        }
    }

    fn holds_of_absent(&self) -> bool {
        match self.set {
            _ if self.if_exists => true,
            Some(SetOperator::ForAllValues) => true,
            Some(SetOperator::ForAnyValue) => false,
            None => self.polarity == Polarity::Negated,
        }
    }

    fn holds_of_set<'v>(
        &self,
        set: SetOperator,
        values: impl Iterator<Item = &'v str>,
        context: &dyn Context,
    ) -> Result<bool, Undetermined> {
        let all = set == SetOperator::ForAllValues;
        for value in values {
            if self.holds_of(value, context)? != all {
                return Ok(!all);
            }
        }
        Ok(all)
    }

    fn holds_of(&self, value: &str, context: &dyn Context) -> Result<bool, Undetermined> {
        let fits = self.test.fits(value, context)?;
        Ok(fits == (self.polarity == Polarity::Positive))
    }
}

/// Nothing but empty texts.
fn is_null(values: &Values<'_>) -> bool {
    match values {
        Values::Absent => true,
        Values::One(value) => value.is_empty(),
        Values::Many(values) => values.iter().all(|value| value.is_empty()),
    }
}

fn polarity(comparison: Comparison) -> Polarity {
    use Comparison as C;
    match comparison {
        C::StringNotEquals
        | C::StringNotEqualsIgnoreCase
        | C::StringNotLike
        | C::NumericNotEquals
        | C::DateNotEquals
        | C::NotIpAddress
        | C::ArnNotEquals
        | C::ArnNotLike => Polarity::Negated,
        C::StringEquals
        | C::StringEqualsIgnoreCase
        | C::StringLike
        | C::NumericEquals
        | C::NumericLessThan
        | C::NumericLessThanEquals
        | C::NumericGreaterThan
        | C::NumericGreaterThanEquals
        | C::DateEquals
        | C::DateLessThan
        | C::DateLessThanEquals
        | C::DateGreaterThan
        | C::DateGreaterThanEquals
        | C::Bool
        | C::BinaryEquals
        | C::IpAddress
        | C::ArnEquals
        | C::ArnLike
        | C::Null => Polarity::Positive,
    }
}

impl Test {
    fn new(comparison: Comparison, values: &[String], version: Version) -> Self {
        use Comparison as C;
        let templates = || read(values, |value| Template::parse(value, version).ok());
        let numbers = || read(values, Decimal::parse);
        let dates = || read(values, parse_date);
        match comparison {
            C::StringEquals | C::StringNotEquals => Self::Text(templates()),
            C::StringEqualsIgnoreCase | C::StringNotEqualsIgnoreCase => {
                Self::FoldedText(read(values, |value| folded_template(value, version)))
            }
            C::StringLike | C::StringNotLike => Self::Pattern(templates()),
            C::ArnEquals | C::ArnLike | C::ArnNotEquals | C::ArnNotLike => Self::Arn(templates()),
            C::NumericEquals | C::NumericNotEquals => Self::Number(Relation::Equals, numbers()),
            C::NumericLessThan => Self::Number(Relation::Less, numbers()),
            C::NumericLessThanEquals => Self::Number(Relation::LessOrEquals, numbers()),
            C::NumericGreaterThan => Self::Number(Relation::Greater, numbers()),
            C::NumericGreaterThanEquals => Self::Number(Relation::GreaterOrEquals, numbers()),
            C::DateEquals | C::DateNotEquals => Self::Date(Relation::Equals, dates()),
            C::DateLessThan => Self::Date(Relation::Less, dates()),
            C::DateLessThanEquals => Self::Date(Relation::LessOrEquals, dates()),
            C::DateGreaterThan => Self::Date(Relation::Greater, dates()),
            C::DateGreaterThanEquals => Self::Date(Relation::GreaterOrEquals, dates()),
            C::Bool => Self::Bool(read(values, parse_bool)),
            C::Null => Self::Null(read(values, parse_bool)),
            C::BinaryEquals => Self::Binary(read(values, base64)),
            C::IpAddress | C::NotIpAddress => Self::Ip(read(values, Block::parse)),
        }
    }

    /// Whether some policy value fits the request's.
    fn fits(&self, value: &str, context: &dyn Context) -> Result<bool, Undetermined> {
        Ok(match self {
            Self::Null(_) => false,
            Self::Text(texts) => return any(texts, |text| equals(text, value, context)),
            Self::FoldedText(texts) => {
                return any(texts, |text| equals_folded(text, value, context));
            }
            Self::Pattern(patterns) => {
                return any(patterns, |pattern| is_like(pattern, value, context));
            }
            Self::Arn(patterns) => {
                return any(patterns, |pattern| is_arn_like(pattern, value, context));
            }
            Self::Number(relation, bounds) => relation.to_some(bounds, Decimal::parse(value)),
            Self::Date(relation, bounds) => relation.to_some(bounds, parse_date(value)),
            Self::Bool(wanted) => parse_bool(value).is_some_and(|value| wanted.contains(&value)),
            Self::Binary(wanted) => wanted.iter().any(|wanted| same_bytes(wanted, value)),
            Self::Ip(blocks) => {
                let address: Option<IpAddr> = value.parse().ok();
                address.is_some_and(|address| blocks.iter().any(|block| block.contains(address)))
            }
        })
    }
}

impl Relation {
    fn to_some(self, bounds: &[Decimal], value: Option<Decimal>) -> bool {
        value.is_some_and(|value| bounds.iter().any(|bound| self.is_met(&value, bound)))
    }

    fn is_met(self, value: &Decimal, bound: &Decimal) -> bool {
        let order = value.cmp(bound);
        match self {
            Self::Equals => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEquals => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEquals => order.is_ge(),
        }
    }
}

fn read<T>(values: &[String], parse: impl Fn(&str) -> Option<T>) -> Box<[T]> {
    values.iter().filter_map(|value| parse(value)).collect()
}

fn base64(text: &str) -> Option<Box<str>> {
    is_base64(text).then(|| text.into())
}

fn folded_template(value: &str, version: Version) -> Option<Template> {
    match Template::parse(value, version).ok()? {
        Template::Plain(text) => Some(Template::Plain(folded(&text).into())),
        pieces @ Template::Pieces(_) => Some(pieces),
    }
}

fn any<T>(
    items: &[T],
    mut test: impl FnMut(&T) -> Result<bool, Undetermined>,
) -> Result<bool, Undetermined> {
    for item in items {
        if test(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equals(wanted: &Template, value: &str, context: &dyn Context) -> Result<bool, Undetermined> {
    let text = wanted.text(context, value.len())?;
    Ok(text.is_some_and(|text| text == value))
}

fn equals_folded(
    wanted: &Template,
    value: &str,
    context: &dyn Context,
) -> Result<bool, Undetermined> {
    let room = value.len().saturating_mul(FOLDING_GROWTH_MAX);
    let text = wanted.text(context, room)?;
    Ok(text.is_some_and(|text| same_folded(&text, value)))
}

/// How many times as long, in bytes, one text can be as another of the same lower case: U+212A has three bytes for
/// one, and a character at most three for two.
const FOLDING_GROWTH_MAX: usize = 5;

fn same_folded(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    folded(one) == folded(other)
}

fn is_like(pattern: &Template, value: &str, context: &dyn Context) -> Result<bool, Undetermined> {
    let pattern = pattern.pattern(context, value.len())?;
    Ok(pattern.is_some_and(|pattern| pattern.fits(value)))
}

fn is_arn_like(
    pattern: &Template,
    value: &str,
    context: &dyn Context,
) -> Result<bool, Undetermined> {
    let Some(parts) = cut(value) else {
        return Ok(false);
    };
    Ok(match pattern.pattern(context, value.len())? {
        None => false,
        Some(Resolved::Plain(text)) => cut(text).is_some_and(|patterns| {
            let mut pairs = patterns.iter().zip(parts);
            pairs.all(|(pattern, part)| matches(pattern, part))
        }),
        Some(Resolved::Symbols(symbols)) => symbols_fit_parts(&symbols, parts),
    })
}

/// Cuts the pattern at its first five colons, as [`cut`] does a text.
fn symbols_fit_parts(symbols: &[Symbol], parts: [&str; 6]) -> bool {
    let mut patterns = symbols.splitn(6, |symbol| *symbol == Symbol::Char(':'));
    parts.iter().all(|part| {
        let pattern = patterns.next();
        pattern.is_some_and(|pattern| symbols_fit(pattern, part))
    })
}

#[cfg(test)]
mod tests;
