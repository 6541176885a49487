use super::*;

fn check(matches: fn(&str) -> bool, fit: &[&str], unfit: &[&str]) {
    for text in fit {
        assert!(matches(text), "{text:?}");
    }
    for text in unfit {
        assert!(!matches(text), "{text:?}");
    }
}

#[test]
fn words_and_names() {
    check(is_word, &["aZ_09"], &["", "a-b", "é", "a b"]);
    check(is_word_or_empty, &["", "aZ_09"], &["a-b"]);
    check(is_name, &["a+=,.@-_9Z"], &["", "a/b", "a:b", "ü", "a\n"]);
    check(is_name_or_empty, &["", "a+=,.@-_"], &["a:b"]);
    check(is_session_id, &["", "AROA:a@b"], &["a/b", "a b"]);
    check(is_external_id, &["", "a:b/c-d"], &["a b", "a*"]);
    check(is_digits, &["", "0123456789"], &["a", "-1", "\u{661}"]);
}

#[test]
fn documents_and_other_texts() {
    check(
        is_document,
        &["{\t\r\n}", "\u{ff}"],
        &["", "\u{100}", "\u{1f}", "\0"],
    );
    check(
        is_description,
        &["", "a\tb", "\u{a1}"],
        &["\u{7f}", "\u{a0}", "\u{100}"],
    );
    check(is_latin, &[" ", "\u{ff}"], &["", "\t", "\u{100}"]);
    check(
        is_xml,
        &["arn:aws", "\u{85}\u{a0}\u{d7ff}\u{e000}\u{fffd}\u{10000}"],
        &["", "\u{7f}", "\u{84}", "\u{fffe}", "\0"],
    );
}

#[test]
fn paths() {
    check(
        is_path_prefix,
        &["/", "/a", "//", "/a\u{7f}"],
        &["", "a", "/ ", "/é"],
    );
    check(
        is_path,
        &["/", "/a/", "/a/b/", "///"],
        &["", "//", "/a", "a/", "/ /", "/\u{7f}/"],
    );
    check(
        is_policy_path,
        &["/", "/a/", "/a-b/c.d/"],
        &["", "//", "/a", "a/", "/a//b/", "/!/"],
    );
}

#[test]
fn versions() {
    check(
        is_version_id,
        &["v1", "v10", "v1.", "v2.a-B0"],
        &["", "v", "v0", "v01", "1", "v1a", "v1.a.b", "V1"],
    );
}

#[test]
fn tags() {
    check(
        is_tag_key,
        &["a b", "é日本語", "\u{661}½", "_.:/=+-@", "\u{3000}"],
        &["", "a,b", "*", "a\tb", "\u{200b}"],
    );
    check(is_tag_value, &["", "a"], &["a;b"]);
}
