//! How delivered files are named: logs and digests of a trail, as CloudTrail names them. A name that says
//! something else is never taken for one.
//!
//! Source: CloudTrail User Guide, "Finding your CloudTrail log files", "CloudTrail digest file structure".

use jiff::Timestamp;
use strongroom_base::UnixMillis;
use strongroom_base::id::{AccountId, Region};

/// The length of what tells log files of one minute apart.
pub const UNIQUE_LENGTH: usize = 16;
/// What every delivered file ends with.
pub const SUFFIX: &str = ".json.gz";

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGEST_TIME: &str = "%Y%m%dT%H%M%SZ";

/// A log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogName {
    /// The account whose events it holds.
    pub account: AccountId,
    /// The Region they are of.
    pub region: Region,
    /// When it was made; the name tells the minute.
    pub time: UnixMillis,
    /// [`UNIQUE_LENGTH`] letters and digits.
    pub unique: String,
}

/// A digest file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestName {
    /// The account of the trail.
    pub account: AccountId,
    /// The Region whose log files it lists.
    pub region: Region,
    /// The name of the trail.
    pub trail: String,
    /// The home Region of the trail.
    pub home: Region,
    /// When its period ends; the name tells the second.
    pub end: UnixMillis,
}

impl LogName {
    /// The key of the object; `prefix` is the trail's, without the slash after it.
    pub fn key(&self, prefix: Option<&str>) -> String {
        let Self {
            account, region, ..
        } = self;
        let (day, minute) = (day(self.time), formatted(self.time, "%Y%m%dT%H%MZ"));
        let unique = &self.unique;
        let under = under(prefix);
        format!(
            "{under}AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{minute}_{unique}{SUFFIX}"
        )
    }
}

impl DigestName {
    /// The key of the object; `prefix` is the trail's, without the slash after it.
    pub fn key(&self, prefix: Option<&str>) -> String {
        let Self {
            account,
            region,
            trail,
            home,
            ..
        } = self;
        let (day, end) = (day(self.end), formatted(self.end, DIGEST_TIME));
        let under = under(prefix);
        format!(
            "{under}AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/{account}_CloudTrail-Digest_{region}_{trail}_{home}_{end}{SUFFIX}"
        )
    }

    /// What `key` names and the prefix before it; `None` when it is not exactly the key of a digest.
    pub fn parse(key: &str) -> Option<(Option<&str>, Self)> {
        let (prefix, path) = split_prefix(key)?;
        let file = path.rsplit('/').next()?.strip_suffix(SUFFIX)?;
        let (account, rest) = file.split_once("_CloudTrail-Digest_")?;
        let (region, rest) = rest.split_once('_')?;
        let (rest, end) = rest.rsplit_once('_')?;
        let (trail, home) = rest.rsplit_once('_')?;
        let name = Self {
            account: account.parse().ok()?,
            region: region.parse().ok()?,
            trail: trail.to_owned(),
            home: home.parse().ok()?,
            end: parse_second(end)?,
        };
        (name.key(prefix) == key).then_some((prefix, name))
    }
}

/// What tells the log files of a minute apart, from random bytes.
pub fn unique(random: [u8; UNIQUE_LENGTH]) -> String {
    let letter = |byte: &u8| ALPHABET.get(usize::from(*byte) % ALPHABET.len());
    let letters = random.iter().filter_map(letter);
    letters.map(|letter| char::from(*letter)).collect()
}

/// The prefix of a key, and what follows its slash.
fn split_prefix(key: &str) -> Option<(Option<&str>, &str)> {
    match key.rfind("/AWSLogs/") {
        Some(at) => Some((Some(key.get(..at)?), key.get(at + 1..)?)),
        None => key.starts_with("AWSLogs/").then_some((None, key)),
    }
}

fn under(prefix: Option<&str>) -> String {
    let prefix = prefix.filter(|prefix| !prefix.is_empty());
    prefix.map_or_else(String::new, |prefix| format!("{prefix}/"))
}

fn day(time: UnixMillis) -> String {
    formatted(time, "%Y/%m/%d")
}

/// `time` in UTC; of times out of all calendars the epoch.
fn formatted(time: UnixMillis, format: &str) -> String {
    let time = Timestamp::from_second(time.seconds()).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime(format).to_string()
}

fn parse_second(text: &str) -> Option<UnixMillis> {
    let time = jiff::civil::DateTime::strptime(DIGEST_TIME, text).ok()?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(UnixMillis(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests;
