use strongroom_base::{Secret, UnixMillis};

use super::*;
use crate::error::{QueryException, Refusal};
use crate::shape::{Shape, decode_json};
use crate::{query, xml};

const ROLE: &str = "RoleArn=arn:aws:iam::111122223333:role/r";

fn read<S: Shape>(parameters: &str) -> Result<S, Refusal> {
    let form = query::parse(format!("Action=X&{parameters}").as_bytes()).unwrap();
    decode_json(&query::to_json(&form, S::MODEL)?).map_err(|error| error.query())
}

fn refused<S: Shape>(parameters: &str, exception: QueryException, text: &str) {
    let refusal = read::<S>(parameters).err().unwrap();
    assert_eq!(refusal, Refusal::new(exception, text), "{parameters}");
}

#[test]
fn assume_role_is_read_as_botocore_writes_it() {
    let input: AssumeRoleRequest = read(&format!(
        "{ROLE}&RoleSessionName=s%40x&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/p\
         &Policy=%7B%7D&DurationSeconds=900&Tags.member.1.Key=k&Tags.member.1.Value=\
         &TransitiveTagKeys=&ExternalId=a:/b"
    ))
    .unwrap();
    let PolicyDescriptorListType(arns) = input.policy_arns.unwrap();
    let TagListType(tags) = input.tags.unwrap();
    assert_eq!(input.role_session_name.as_str(), "s@x");
    assert_eq!(
        arns[0].arn.as_ref().unwrap().as_str(),
        "arn:aws:iam::aws:policy/p"
    );
    assert_eq!(input.policy.unwrap().as_str(), "{}");
    assert_eq!(input.duration_seconds.unwrap().0, 900);
    assert_eq!((tags[0].key.as_str(), tags[0].value.as_str()), ("k", ""));
    assert_eq!(input.transitive_tag_keys.unwrap().0, []);
    assert_eq!(input.external_id.unwrap().as_str(), "a:/b");
}

#[test]
fn violations_are_told_as_aws_tells_them() {
    refused::<AssumeRoleRequest>(
        &format!("{ROLE}&RoleSessionName=Session1:2"),
        QueryException::Validation,
        r"1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
    );
    refused::<AssumeRoleRequest>(
        &format!("{ROLE}&RoleSessionName=ab&Tags.member.2.Key=a&Tags.member.2.Value=b"),
        QueryException::Validation,
        "1 validation error detected: Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null",
    );
    refused::<GetSessionTokenRequest>(
        "DurationSeconds=129601",
        QueryException::Validation,
        "1 validation error detected: Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600",
    );
    refused::<GetSessionTokenRequest>(
        "DurationSeconds=9e2",
        QueryException::MalformedInput,
        crate::text::NOT_AN_INTEGER,
    );
}

#[test]
fn web_identity_tokens_are_not_shown() {
    refused::<AssumeRoleWithWebIdentityRequest>(
        &format!("{ROLE}&RoleSessionName=ab&WebIdentityToken=xyz"),
        QueryException::Validation,
        "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4",
    );
}

#[test]
fn credentials_are_written() {
    let response = GetSessionTokenResponse {
        credentials: Some(Credentials {
            access_key_id: "ASIAX".into(),
            secret_access_key: AccessKeySecretType(Secret::new("s+/".to_owned())),
            session_token: TokenType(Secret::new("t==".to_owned())),
            expiration: DateType(UnixMillis(1_795_341_600_000)),
        }),
        ..GetSessionTokenResponse::default()
    };
    let body = xml::reply(xml::STS, "GetSessionToken", &response, "1");
    let credentials = "<GetSessionTokenResult><Credentials><AccessKeyId>ASIAX</AccessKeyId>\
                       <SecretAccessKey>s+/</SecretAccessKey><SessionToken>t==</SessionToken>\
                       <Expiration>2026-11-22T10:00:00Z</Expiration></Credentials>\
                       </GetSessionTokenResult>";
    assert!(body.contains(credentials), "{body}");
}
