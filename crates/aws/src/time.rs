//! Times as the Query protocol, condition keys and CloudTrail's parameters write them.

use jiff::Timestamp;
use strongroom_base::UnixMillis;

/// `time` in UTC as `2026-11-22T10:00:00Z`, whole seconds; empty when it lies out of all calendars.
pub fn iso8601(time: UnixMillis) -> String {
    match Timestamp::from_second(time.seconds()) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => String::new(),
    }
}

/// `time` in UTC as Java shows dates and CloudTrail those of parameters, `Sep 12, 2026, 6:21:57 AM`; empty when it
/// lies out of all calendars.
pub fn java_medium(time: UnixMillis) -> String {
    match Timestamp::from_second(time.seconds()) {
        Ok(time) => time.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string(),
        Err(_) => String::new(),
    }
}
