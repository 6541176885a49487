//! Points in time as conditions write them: calendar dates (W3C NOTE-datetime) or seconds since the epoch.

use super::decimal::{Decimal, NUMBER_BYTES_MAX};

const DAY_SECONDS: i64 = 86_400;

/// The seconds since 1970 that `text` means.
pub(crate) fn parse_date(text: &str) -> Option<Decimal> {
    if text.len() > NUMBER_BYTES_MAX {
        return None;
    }
    Decimal::parse(text).or_else(|| calendar(text))
}

/// `YYYY-MM-DD`, alone or with `Thh:mm[:ss[.fraction]]` and `Z` or `±hh:mm`.
fn calendar(text: &str) -> Option<Decimal> {
    let mut rest = Rest(text);
    let day = rest.day()? * DAY_SECONDS;
    if rest.0.is_empty() {
        return seconds(day, "");
    }
    rest.take("T")?;
    let (time, fraction) = rest.time()?;
    let offset = rest.zone()?;
    if !rest.0.is_empty() {
        return None;
    }
    seconds(day + time - offset, fraction)
}

/// What is still to be read.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    fn take(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(token)?;
        Some(())
    }

    /// A number of exactly so many digits, at most `max`.
    fn number(&mut self, digits: usize, max: i64) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        number.parse().ok().filter(|number| *number <= max)
    }

    /// Days since 1970.
    fn day(&mut self) -> Option<i64> {
        let year = self.number(4, 9999)?;
        self.take("-")?;
        let month = self.number(2, 12)?;
        self.take("-")?;
        let day = self.number(2, month_days(year, month))?;
        if month == 0 || day == 0 {
            return None;
        }
        let months: i64 = (1..month).map(|before| month_days(year, before)).sum();
        Some(days_before(year) - days_before(1970) + months + day - 1)
    }

    /// Seconds since midnight and the digits of their fraction.
    fn time(&mut self) -> Option<(i64, &'t str)> {
        let minutes = self.hours_and_minutes()?;
        if self.take(":").is_none() {
            return Some((minutes * 60, ""));
        }
        let seconds = minutes * 60 + self.number(2, 59)?;
        let fraction = match self.take(".") {
            Some(()) => self.digits()?,
            None => "",
        };
        Some((seconds, fraction))
    }

    fn digits(&mut self) -> Option<&'t str> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        (length > 0).then_some(digits)
    }

    fn hours_and_minutes(&mut self) -> Option<i64> {
        let hours = self.number(2, 23)?;
        self.take(":")?;
        Some(hours * 60 + self.number(2, 59)?)
    }

    /// Seconds east of UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.take("Z").is_some() {
            return Some(0);
        }
        let sign = match self.take("+") {
            Some(()) => 1,
            None => self.take("-").map(|()| -1)?,
        };
        Some(self.hours_and_minutes()? * 60 * sign)
    }
}

fn month_days(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the first day of the year 1 to that of `year`.
fn days_before(year: i64) -> i64 {
    let passed = year - 1;
    let leaps = passed.div_euclid(4) - passed.div_euclid(100) + passed.div_euclid(400);
    passed * 365 + leaps
}

/// `whole` seconds and a fraction that is always added, as a number.
fn seconds(whole: i64, fraction: &str) -> Option<Decimal> {
    let fraction = fraction.trim_end_matches('0');
    let parts = fraction.bytes().map(|byte| byte - b'0').enumerate();
    let (negative, size, last) = match whole < 0 {
        false => (false, whole, None),
        true if fraction.is_empty() => (true, -whole, None),
        // Below zero the size is what is missing to the next whole second: each digit's complement.
        true => (true, -whole - 1, Some(fraction.len() - 1)),
    };
    let parts = parts.map(|(index, digit)| match last {
        None => digit,
        Some(last) => 9 - digit + u8::from(index == last),
    });
    let places = (0..SECONDS_DIGITS).rev();
    let whole = places.map(|place| u8::try_from(size / 10_i64.pow(place) % 10).unwrap_or_default());
    Decimal::from_digits(negative, whole.chain(parts), SECONDS_DIGITS.cast_signed())
}

/// Enough for the years 0000 to 9999.
const SECONDS_DIGITS: u32 = 12;
