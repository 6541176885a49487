use strongroom_aws::error::{Exception, KmsException};

use super::{Naming, Reference};
use crate::iam::Caller;

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn parse(text: &str, naming: Naming) -> Result<Reference, (Exception, String)> {
    let region = "us-east-1".parse().unwrap();
    let caller = Caller::root("111122223333".parse().unwrap(), "AKIA".into(), &region);
    Reference::parse(text, naming, &caller, &region)
        .map_err(|refusal| (refusal.exception, refusal.message.unwrap()))
}

#[test]
fn the_four_forms_name_what_they_should() {
    for (text, account, is_alias) in [
        (ID.to_owned(), "111122223333", false),
        (
            format!("arn:aws:kms:us-east-1:444455556666:key/{ID}"),
            "444455556666",
            false,
        ),
        ("alias/x".to_owned(), "111122223333", true),
        (
            "arn:aws:kms:us-east-1:444455556666:alias/x".to_owned(),
            "444455556666",
            true,
        ),
    ] {
        let reference = parse(&text, Naming::KeyOrAlias).unwrap();
        assert_eq!(reference.account().as_str(), account, "{text}");
        assert_eq!(matches!(reference, Reference::Alias(_)), is_alias, "{text}");
    }
}

#[test]
fn everything_else_is_not_found_with_the_text_of_its_fault() {
    for (text, message) in [
        ("xyz", "Invalid keyId 'xyz'"),
        ("mrk-fake", "Invalid keyId 'mrk-fake'"),
        (
            "1234abcd12ab34cd56ef1234567890ab",
            "Invalid keyId '1234abcd12ab34cd56ef1234567890ab'",
        ),
        ("alias/x", "Invalid keyId 'alias/x'"),
        (
            "arn:aws:kms:us-east-1:1:key/x",
            "Invalid keyId 'arn:aws:kms:us-east-1:1:key/x'",
        ),
        (
            "arn:aws:s3:us-east-1:111122223333:key/x",
            "Invalid keyId 'arn:aws:s3:us-east-1:111122223333:key/x'",
        ),
    ] {
        assert_eq!(
            parse(text, Naming::Key),
            Err((KmsException::NotFound.into(), message.to_owned()))
        );
    }
    let elsewhere = format!("arn:aws:kms:eu-west-1:111122223333:key/{ID}");
    assert_eq!(
        parse(&elsewhere, Naming::Key),
        Err((
            KmsException::NotFound.into(),
            "Invalid arn eu-west-1".to_owned()
        ))
    );
}
