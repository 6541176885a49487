use proptest::prelude::{any, proptest};

use super::{Arn, InvalidArn};

#[test]
fn arns_come_apart_at_the_first_five_colons() {
    for (text, parts) in [
        (
            "arn:aws:kms:us-east-1:000000000000:key/1234abcd",
            ["aws", "kms", "us-east-1", "000000000000", "key/1234abcd"],
        ),
        (
            "arn:aws-cn:iam::123456789012:root",
            ["aws-cn", "iam", "", "123456789012", "root"],
        ),
        ("arn:aws:s3:::a:b/c", ["aws", "s3", "", "", "a:b/c"]),
    ] {
        let arn: Arn = text.parse().unwrap();
        let found = [
            arn.partition(),
            arn.service(),
            arn.region(),
            arn.account(),
            arn.resource(),
        ];
        assert_eq!(found, parts, "{text}");
        assert_eq!(arn.to_string(), text);
    }
}

#[test]
fn texts_that_are_no_arn_are_refused() {
    let long = format!("arn:aws:iam::123456789012:user/{}", "x".repeat(2048));
    for text in [
        "",
        "arn",
        "us-east-1",
        "arn:aws:kms:us-east-1:000000000000",
        "arn:aws:kms:us-east-1:000000000000:",
        "arn::kms:us-east-1:000000000000:key/x",
        "arn:aws::us-east-1:000000000000:key/x",
        "ARN:aws:kms:us-east-1:000000000000:key/x",
        "arn:aws:kms:us-east-1:000000000000:key/\n",
        &long,
    ] {
        assert_eq!(text.parse::<Arn>(), Err(InvalidArn), "{text}");
    }
}

#[test]
fn parts_that_would_move_are_refused() {
    assert_eq!(Arn::new("aws", "kms:x", "", "", "key/y"), Err(InvalidArn));
    assert_eq!(Arn::new("aws", "kms", "", "1:2", "key/y"), Err(InvalidArn));
}

proptest! {
    #[test]
    fn any_text_parses_or_not_and_what_parses_is_kept(text in "(arn:)?[a-z:/*é]{0,40}") {
        if let Ok(arn) = text.parse::<Arn>() {
            assert_eq!(arn.to_string(), text);
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = text.parse::<Arn>();
    }
}
