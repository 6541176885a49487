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
