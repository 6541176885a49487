//! Who calls.

use crate::{structure, text};

text!(UserIdType);
text!(AccountType);
text!(
    ArnType,
    20..=2048,
    r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
    is_printable
);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetCallerIdentityRequest {}
}

// AWS writes the ARN first.
structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetCallerIdentityResponse {
        arn: ArnType = "Arn";
        user_id: UserIdType = "UserId";
        account: AccountType = "Account";
    }
}

fn is_printable(text: &str) -> bool {
    let letter = |letter: char| {
        matches!(
            letter,
            '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..
        )
    };
    !text.is_empty() && text.chars().all(letter)
}
