//! Wildcards: `StringLike` and resource patterns, held to matchers so slow and plain that they are right. The input is a
//! pattern, a zero byte, and what it is matched with.

use serde_json::{Value, json};

use crate::decided::allows_user;
use crate::split::{text, zero};

const LENGTH_MAX: usize = 128;
const RESOURCE: &str = "arn:aws:s3:::x";

pub(crate) fn run(data: &[u8]) {
    let (pattern, found) = zero(data);
    let (Some(pattern), Some(found)) = (text(pattern), text(found)) else {
        return;
    };
    if pattern.len() > LENGTH_MAX || found.len() > LENGTH_MAX {
        return;
    }
    let same = |wanted: char, found: char| wanted == found;
    let condition = json!({"StringLike": {"k:k": pattern}});
    if let Some(allowed) = allows(&json!("*"), Some(condition), RESOURCE, found) {
        assert_eq!(
            allowed,
            fits(pattern, found, same),
            "StringLike {pattern:?} {found:?}"
        );
    }
    if let Some(allowed) = allows(&json!(pattern), None, found, "") {
        assert_eq!(
            allowed,
            resource_fits(pattern, found),
            "Resource {pattern:?} {found:?}"
        );
    }
}

/// Every way to read the pattern, by the characters that are left of both.
fn fits(pattern: &str, found: &str, same: fn(char, char) -> bool) -> bool {
    let (pattern, found): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), found.chars().collect());
    // fit[j]: whether what is left of the pattern fits found[j..].
    let mut fit = vec![false; found.len() + 1];
    fit[found.len()] = true;
    for symbol in pattern.iter().rev() {
        fit = (0..=found.len())
            .map(|at| match symbol {
                '*' => fit[at..].contains(&true),
                '?' => at < found.len() && fit[at + 1],
                wanted => at < found.len() && same(*wanted, found[at]) && fit[at + 1],
            })
            .collect();
    }
    fit[0]
}

/// IAM User Guide, "Resource": part by part, wildcards do not reach over the first five colons.
fn resource_fits(pattern: &str, found: &str) -> bool {
    if !pattern.is_empty() && pattern.chars().all(|letter| letter == '*') {
        return true;
    }
    let wanted: Vec<&str> = pattern.splitn(6, ':').collect();
    let found: Vec<&str> = found.splitn(6, ':').collect();
    if found.len() < 6 {
        return false;
    }
    (0..6).all(|part| {
        let wanted = wanted.get(part).copied().unwrap_or("*");
        match part {
            5 => fits(wanted, found[part], |wanted, found| wanted == found),
            _ => fits(wanted, found[part], |wanted, found| {
                wanted.eq_ignore_ascii_case(&found)
            }),
        }
    })
}

/// Whether a statement with this resource and condition allows a user something on `arn` while `k:k` is `value`; nothing
/// of what is no policy.
fn allows(resource: &Value, condition: Option<Value>, arn: &str, value: &str) -> Option<bool> {
    let mut statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource});
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    allows_user(&statement, arn, value)
}
