use super::{Position, position, statement_places};

/// A statement, and the line and column of its beginning and its end.
type Placed<'t> = (&'t str, (usize, usize), (usize, usize));

/// What each statement of `document` is, and where it begins (after what comes before it) and ends.
fn check(document: &str, expected: &[Placed<'_>]) {
    let places = statement_places(document).unwrap();
    let at = |offset| {
        let Position { line, column } = position(document, offset);
        (line, column)
    };
    let found: Vec<_> = places
        .iter()
        .map(|place| {
            let text = &document[place.text.clone()];
            (text, at(place.after), at(place.text.end))
        })
        .collect();
    assert_eq!(found, expected, "{document}");
}

#[test]
fn statements_have_places() {
    check(
        r#"{"Version":"2012-10-17","Statement":{"Sid":"é"}}"#,
        &[(r#"{"Sid":"é"}"#, (1, 37), (1, 48))],
    );
    check(
        "{\n    \"Statement\": [\n        {\"Sid\": \"]\"},\n        {\n        }\n    ],\n    \"Id\": \"x\"\n}",
        &[
            (r#"{"Sid": "]"}"#, (2, 19), (3, 21)),
            ("{\n        }", (3, 22), (5, 10)),
        ],
    );
    check(
        r#"{"Id":{"Statement":[1]},"Statement" : [ 1,2 ]}"#,
        &[("1", (1, 40), (1, 42)), ("2", (1, 43), (1, 44))],
    );
    check(r#"{"Id":"x"}"#, &[]);
}

#[test]
fn what_is_no_document_has_none() {
    for text in [
        "",
        "{",
        "{}",
        "[]",
        r#"{"Statement":["#,
        r#"{"Statement":[]}"#,
    ] {
        assert!(statement_places(text).is_err(), "{text}");
    }
}
