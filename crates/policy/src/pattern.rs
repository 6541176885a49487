//! Wildcard patterns of the policy language: `*` is any run of characters, `?` any one.

/// Whether `text` as a whole fits `pattern`, ignoring ASCII case, as actions are compared.
pub(crate) fn matches_ignoring_case(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern.chars();
    let mut text = text.chars();
    // Where to go on after the last `*` when the present attempt fails: it then takes one more.
    let mut retry = None;
    loop {
        match (pattern.next(), text.clone().next()) {
            (Some('*'), _) => retry = Some((pattern.clone(), text.clone())),
            (Some(wanted), Some(found)) if wanted == '?' || wanted.eq_ignore_ascii_case(&found) => {
                text.next();
            }
            (None, None) => return true,
            _ => {
                let Some((after_star, taken)) = &mut retry else {
                    return false;
                };
                if taken.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                text = taken.clone();
            }
        }
    }
}

/// Whether `pattern` consists of `*` alone and so fits everything.
pub(crate) fn is_everything(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::matches_ignoring_case;

    #[test]
    fn wildcards_fit_whole_texts() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("kms:*", "kms:PutKeyPolicy", true),
            ("KMS:put*", "kms:PutKeyPolicy", true),
            ("kms:Put?eyPolicy", "kms:PutKeyPolicy", true),
            ("kms:Put??eyPolicy", "kms:PutKeyPolicy", false),
            ("*Policy", "kms:PutKeyPolicy", true),
            ("*K*y*y", "kms:PutKeyPolicy", true),
            ("*Key", "kms:PutKeyPolicy", false),
            ("kms:PutKeyPolic", "kms:PutKeyPolicy", false),
        ] {
            assert_eq!(
                matches_ignoring_case(pattern, text),
                fits,
                "{pattern} {text}"
            );
        }
    }

    fn model(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=text.len()).any(|skip| model(rest, &text[skip..])),
            (Some((wanted, rest)), Some((found, tail))) => {
                (*wanted == '?' || wanted == found) && model(rest, tail)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let wanted: Vec<char> = pattern.chars().collect();
            let found: Vec<char> = text.chars().collect();
            prop_assert_eq!(matches_ignoring_case(&pattern, &text), model(&wanted, &found));
        }
    }
}
