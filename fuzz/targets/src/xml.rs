//! The writer of XML errors: whatever text goes in, the document has the same elements, and a reader gets the text back
//! but for characters that XML cannot hold.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::xml::{IAM, QueryError, uri_encode};

use crate::split::text;

pub(crate) fn run(data: &[u8]) {
    let Some(message) = text(data) else { return };
    let refusal = Refusal::new(QueryException::MalformedInput, message);
    let body = QueryError::Refused(refusal).body(IAM, message);
    let outside = elements(&body);
    let plain = QueryError::Unavailable.body(IAM, "");
    assert_eq!(outside, elements(&plain), "{body}");
    let start = body.find("<RequestId>").unwrap() + "<RequestId>".len();
    let end = body.rfind("</RequestId>").unwrap();
    assert_eq!(unescape(&body[start..end]), held(message));
    let encoded = uri_encode(message);
    assert!(
        encoded
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte))
    );
}

/// The tags in their order.
fn elements(body: &str) -> Vec<&str> {
    let tags = body.split('<').skip(1);
    tags.map(|tag| tag.split('>').next().unwrap()).collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// XML 1.0 §2.2.
fn held(text: &str) -> String {
    let held = |letter: char| match letter {
        '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'.. => letter,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(held).collect()
}
