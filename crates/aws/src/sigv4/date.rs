//! Times as signatures write them: `20150830T123600Z`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The seconds since the epoch of an ISO 8601 basic time in UTC.
pub(super) fn parse_basic(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 16 && bytes.get(8) == Some(&b'T') && bytes.get(15) == Some(&b'Z');
    if !shape {
        return None;
    }
    let field = |range| digits(text.get(range)?);
    let year = i16::try_from(field(0..4)?).ok()?;
    let small = |range| i8::try_from(field(range)?).ok();
    seconds(
        year,
        [small(4..6)?, small(6..8)?],
        [small(9..11)?, small(11..13)?, small(13..15)?],
    )
}

/// The seconds since the epoch of an HTTP date: RFC 9110 §5.6.7, IMF-fixdate only.
pub(super) fn parse_http(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split([' ', ':']);
    let mut next = || parts.next();
    let day = two(next()?)?;
    let month = month(next()?)?;
    let year = i16::try_from(digits(next()?)?).ok()?;
    let time = [two(next()?)?, two(next()?)?, two(next()?)?];
    let ends = next() == Some("GMT") && next().is_none();
    ends.then(|| seconds(year, [month, day], time))?
}

/// `seconds` since the epoch as an ISO 8601 basic time; empty when it lies out of all calendars.
pub(super) fn format_basic(seconds: i64) -> String {
    let Ok(time) = Timestamp::from_second(seconds) else {
        return String::new();
    };
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn seconds(year: i16, [month, day]: [i8; 2], [hour, minute, second]: [i8; 3]) -> Option<i64> {
    let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

fn month(name: &str) -> Option<i8> {
    let names = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let index = names.iter().position(|known| *known == name)?;
    i8::try_from(index + 1).ok()
}

fn two(text: &str) -> Option<i8> {
    i8::try_from(digits(text)?).ok().filter(|_| text.len() == 2)
}

fn digits(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}
