use strongroom_aws::error::Refusal;

use super::*;

fn named(reference: &str) -> Result<String, Refusal> {
    let (account, region) = (
        "111122223333".parse().unwrap(),
        "eu-west-1".parse().unwrap(),
    );
    TrailName::parse(reference, &account, &region).map(|name| name.arn())
}

#[test]
fn names_and_arns_name_trails() {
    let arn = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";
    let elsewhere = "arn:aws-cn:cloudtrail:cn-north-1:444455556666:trail/a.b-c_9";
    for (reference, expected) in [("main", arn), (arn, arn), (elsewhere, elsewhere)] {
        assert_eq!(named(reference).unwrap(), expected);
    }
}

#[test]
fn what_names_no_trail_is_refused_and_told_why() {
    let check = |reference: &str, exception: &str, text: Option<&str>| {
        let refusal = named(reference).unwrap_err();
        assert_eq!(refusal.exception.name(), exception, "{reference}");
        if let Some(text) = text {
            assert_eq!(refusal.message.as_deref(), Some(text), "{reference}");
        }
    };
    let long = "a".repeat(129);
    for (name, text) in [
        ("", "Trail name cannot be blank!"),
        (
            "ab",
            "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters.",
        ),
        (
            long.as_str(),
            "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.",
        ),
        (".abc", "Trail name must starts with a letter or number."),
        ("abc_", "Trail name must ends with a letter or number."),
        ("a/b/c", text::TRAIL_NAME_CHARACTERS),
        ("trail with space", text::TRAIL_NAME_CHARACTERS),
        ("a..b", text::TRAIL_NAME_FORM),
        ("a-_b", text::TRAIL_NAME_FORM),
        ("192.168.5.4", text::TRAIL_NAME_FORM),
    ] {
        check(name, "InvalidTrailNameException", Some(text));
    }
    for arn in [
        "arn:aws:cloudtrail:eu-west-1:111122223333:trail/",
        "arn:aws:cloudtrail:eu-west-1:111122223333:main",
        "arn:aws:cloudtrail:eu-west-1:1111:trail/main",
        "arn:aws:cloudtrail::111122223333:trail/main",
        "arn:aws:kms:eu-west-1:111122223333:trail/main",
        "arn:aws-cn:cloudtrail:eu-west-1:111122223333:trail/main",
        "arn:aws:cloudtrail:eu-west-1:111122223333:trail/../main",
        "arn:",
    ] {
        check(arn, "CloudTrailARNInvalidException", None);
    }
    let other = "arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/main";
    check(other, "ResourceTypeNotSupportedException", None);
}
