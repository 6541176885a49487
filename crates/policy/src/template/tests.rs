use std::borrow::Cow;

use proptest::prelude::{any, proptest};

use super::Template;
use crate::context::{Context, MapContext, Undetermined, Values};
use crate::document::Version;

fn context() -> MapContext {
    let mut context = MapContext::default();
    context.set_one("aws:username", "al*ce");
    context.set_one("aws:PrincipalTag/Team A", "red");
    context.set_one("aws:empty", "");
    context.set_many("aws:TagKeys", vec!["one".into()]);
    context
}

#[test]
fn variables_become_their_values() {
    for (text, wanted) in [
        ("plain*", Some("plain*")),
        ("${aws:username}", Some("al*ce")),
        ("a/${AWS:UserName}/b", Some("a/al*ce/b")),
        ("${ aws:username }", Some("al*ce")),
        ("${aws:PrincipalTag/team a}", Some("red")),
        ("${aws:none, 'x,}{'}", Some("x,}{")),
        ("${aws:none,''}", Some("")),
        ("${aws:username, 'x'}", Some("al*ce")),
        ("${aws:empty, 'x'}", Some("")),
        ("${*}${?}${$}{aws:username}", Some("*?${aws:username}")),
        ("$aws:username}", Some("$aws:username}")),
        ("${aws:none}", None),
        ("${aws:TagKeys}", None),
        ("${aws:TagKeys, 'x'}", None),
    ] {
        let template = Template::parse(text, Version::V2012).unwrap();
        let context = context();
        let found = template.text(&context, 100).unwrap();
        assert_eq!(found.as_deref(), wanted, "{text}");
        let literal = Template::parse(text, Version::V2008).unwrap();
        assert_eq!(literal.text(&context, 100).unwrap().as_deref(), Some(text));
    }
}

#[test]
fn what_a_variable_brings_in_is_no_wildcard() {
    for (pattern, text, fits) in [
        ("${aws:username}", "al*ce", true),
        ("${aws:username}", "alice", false),
        ("?${aws:username}*", "xal*ce/y", true),
        ("${*}", "*", true),
        ("${*}", "x", false),
        ("${?}?", "?x", true),
        ("${aws:none, '*'}", "x", false),
        ("${aws:none, '*'}*", "*x", true),
        ("${aws:none}*", "x", false),
        ("${aws:username}${aws:username}", "al*ceal*ce", true),
        ("${aws:username}${aws:username}", "al*ce", false),
    ] {
        let template = Template::parse(pattern, Version::V2012).unwrap();
        let context = context();
        let resolved = template.pattern(&context, text.len()).unwrap();
        let found = resolved.is_some_and(|resolved| resolved.fits(text));
        assert_eq!(found, fits, "{pattern} {text}");
    }
}

#[test]
fn broken_variables_are_refused() {
    for text in [
        "${",
        "a${b",
        "${}",
        "${ }",
        "${a:b,}",
        "${a:b, c}",
        "${a:b, 'c}",
        "${a:b 'c'}",
        "${a:${b:c}}",
        "${**}",
        "${a:b, 'c' d}",
        "${a:*}",
    ] {
        assert!(Template::parse(text, Version::V2012).is_err(), "{text}");
        assert!(Template::parse(text, Version::V2008).is_ok(), "{text}");
    }
}

#[test]
fn names_are_shown_as_written() {
    let template = Template::parse("${aws:UserName}${*}${ a:B , 'x'}", Version::V2012).unwrap();
    let names: Vec<&str> = template.variables().collect();
    assert_eq!(names, ["aws:UserName", "a:B"]);
}

/// A context whose one value is long.
struct Long(String);

impl Context for Long {
    fn values(&self, _: &str) -> Result<Values<'_>, Undetermined> {
        Ok(Values::One(Cow::Borrowed(&self.0)))
    }
}

#[test]
fn texts_longer_than_what_they_are_held_against_are_not_made() {
    let template = Template::parse(&"${a:b}".repeat(10_000), Version::V2012).unwrap();
    let context = Long("x".repeat(10_000));
    assert!(template.pattern(&context, 2048).unwrap().is_none());
    assert!(template.text(&context, 2048).unwrap().is_none());
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), near in r"[${},'*?a: ]{0,20}") {
        for text in [text, near] {
            if let Ok(template) = Template::parse(&text, Version::V2012) {
                let _ = template.pattern(&context(), 50);
                let _ = template.text(&context(), 50);
            }
        }
    }
}
