use strongroom_base::UnixMillis;

use super::*;
use crate::error::{QueryException, Refusal};
use crate::shape::{NoOutput, Shape, decode_json};
use crate::{query, xml};

fn read<S: Shape>(parameters: &str) -> Result<S, Refusal> {
    let form = query::parse(format!("Action=X&{parameters}").as_bytes()).unwrap();
    decode_json(&query::to_json(&form, S::MODEL)?).map_err(|error| error.query())
}

fn check<S: Shape>(operation: &str, value: &S, result: &str) {
    let body = xml::reply(xml::IAM, operation, value, "1");
    let whole = format!(
        "<{operation}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">{result}\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>"
    );
    assert_eq!(body, whole);
}

#[test]
fn a_simulation_is_read() {
    let input: SimulateCustomPolicyRequest = read(
        "PolicyInputList.member.1=%7B%7D&ActionNames.member.1=kms:Encrypt\
         &ContextEntries.member.1.ContextKeyName=aws:username\
         &ContextEntries.member.1.ContextKeyValues.member.1=u\
         &ContextEntries.member.1.ContextKeyType=string&MaxItems=10",
    )
    .unwrap();
    let ContextEntryListType(entries) = input.context_entries.unwrap();
    assert_eq!(
        entries[0].context_key_name.as_ref().unwrap().as_str(),
        "aws:username"
    );
    assert_eq!(
        entries[0].context_key_type,
        Some(ContextKeyTypeEnum::String)
    );
    assert_eq!(input.max_items, Some(MaxItemsType(10)));
}

#[test]
fn names_are_checked() {
    let refusal = read::<GetUserRequest>("UserName=a/b").err().unwrap();
    let text = r"1 validation error detected: Value 'a/b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+";
    assert_eq!(refusal, Refusal::new(QueryException::Validation, text));
    assert_eq!(
        read::<GetUserRequest>("Path=/"),
        Ok(GetUserRequest::default())
    );
}

#[test]
fn results_are_written() {
    let user = User {
        path: "/".into(),
        user_name: "u".into(),
        user_id: "AIDAX".into(),
        arn: "arn:aws:iam::111122223333:user/u".into(),
        create_date: DateType(UnixMillis(1_795_341_600_000)),
        password_last_used: None,
        permissions_boundary: None,
        tags: None,
    };
    check(
        "GetUser",
        &GetUserResponse { user },
        "<GetUserResult><User><Path>/</Path><UserName>u</UserName><UserId>AIDAX</UserId>\
         <Arn>arn:aws:iam::111122223333:user/u</Arn><CreateDate>2026-11-22T10:00:00Z</CreateDate>\
         </User></GetUserResult>",
    );
    let summary = [
        (SummaryKeyType::MfaDevices, SummaryValueType(0)),
        (SummaryKeyType::Users, SummaryValueType(2)),
    ];
    check(
        "GetAccountSummary",
        &GetAccountSummaryResponse {
            summary_map: Some(SummaryMapType(summary.into())),
        },
        "<GetAccountSummaryResult><SummaryMap><entry><key>Users</key><value>2</value></entry>\
         <entry><key>MFADevices</key><value>0</value></entry></SummaryMap></GetAccountSummaryResult>",
    );
    check(
        "UpdateRole",
        &UpdateRoleResponse {},
        "<UpdateRoleResult></UpdateRoleResult>",
    );
    check("DeleteUser", &NoOutput, "");
}
