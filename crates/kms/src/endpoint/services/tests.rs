use http::{HeaderMap, HeaderName, HeaderValue};
use strongroom_aws::sigv4::AuthFailure;

use super::{is_itself, scope, via};

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn a_scope_is_read_strictly() {
    for (value, expected) in [
        (
            "Strongroom-Service Region=us-east-1, Account=111122223333",
            Some(("us-east-1", "111122223333")),
        ),
        (
            "Strongroom-Service Region=eu-west-1,Account=111122223333",
            Some(("eu-west-1", "111122223333")),
        ),
        ("Strongroom-Service", None),
        ("Strongroom-Service Region=us-east-1", None),
        (
            "Strongroom-Service Account=111122223333, Region=us-east-1",
            None,
        ),
        ("Strongroom-Service Region=us-east-1, Account=1111", None),
        ("Strongroom-Service Region=, Account=111122223333", None),
        (
            "Strongroom-Service Region=us-east-1, Account=111122223333, Account=1",
            None,
        ),
    ] {
        let headers = headers(&[("authorization", value)]);
        assert!(is_itself(&headers), "{value}");
        let found = scope(&headers).ok();
        let found = found.map(|(region, account)| (region.to_string(), account.to_string()));
        let expected = expected.map(|(region, account)| (region.to_owned(), account.to_owned()));
        assert_eq!(found, expected, "{value}");
    }
    for value in [
        "AWS4-HMAC-SHA256 Credential=x",
        "Strongroom-Services Region=x",
        "",
    ] {
        assert!(!is_itself(&headers(&[("authorization", value)])), "{value}");
    }
    let own = (
        "authorization",
        "Strongroom-Service Region=us-east-1, Account=111122223333",
    );
    let twice = headers(&[own, ("x-amz-target", "a"), ("x-amz-target", "b")]);
    let duplicated = AuthFailure::DuplicatedHeader("x-amz-target".to_owned());
    assert_eq!(scope(&twice).err(), Some(duplicated));
}

#[test]
fn the_source_is_an_arn_and_an_account() {
    let arn = "arn:aws:s3:::logs";
    let given = headers(&[
        ("x-amz-source-arn", arn),
        ("x-amz-source-account", "111122223333"),
    ]);
    let found = via(&"s3.amazonaws.com".into(), &given).unwrap();
    assert_eq!(found.source_arn.as_deref(), Some(arn));
    assert_eq!(found.source_account.as_deref(), Some("111122223333"));
    let none = via(&"s3.amazonaws.com".into(), &HeaderMap::new()).unwrap();
    assert_eq!((none.source_arn, none.source_account), (None, None));
    for (name, value) in [
        ("x-amz-source-arn", "logs"),
        ("x-amz-source-arn", ""),
        ("x-amz-source-account", "1111"),
    ] {
        let refused = via(&"s3.amazonaws.com".into(), &headers(&[(name, value)]));
        assert!(refused.is_err(), "{name}: {value}");
    }
}
