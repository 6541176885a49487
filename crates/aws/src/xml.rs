//! Replies of the Query protocol in XML: results of operations, and errors. What a caller sent never
//! leaves unescaped.

use crate::error::Refusal;
use crate::query::NotForm;
use crate::sigv4::{AuthFailure, CommonError};
use crate::text;

mod reply;

pub use reply::{reply, uri_encode};

/// The content type of replies.
pub const CONTENT_TYPE: &str = "text/xml";

/// A service that speaks the Query protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The service name in the scope of a signature.
    pub signing_name: &'static str,
    /// The version of its API.
    pub version: &'static str,
    /// The namespace of its replies.
    pub namespace: &'static str,
}

/// The Security Token Service.
pub const STS: Service = Service {
    signing_name: "sts",
    version: "2011-06-15",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
};

/// Identity and Access Management.
pub const IAM: Service = Service {
    signing_name: "iam",
    version: "2010-05-08",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
};

/// CloudWatch.
pub const CLOUDWATCH: Service = Service {
    signing_name: "monitoring",
    version: "2010-08-01",
    namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
};

/// An error of the Query protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// The request is not authenticated.
    Auth(AuthFailure),
    /// The body is not a form.
    NotForm(NotForm),
    /// There is no such operation.
    InvalidAction {
        /// As sent.
        action: String,
        /// As sent.
        version: String,
    },
    /// The operation refuses, or failed.
    Refused(Refusal),
    /// The server is sealed.
    Unavailable,
}

impl QueryError {
    /// The code and the HTTP status.
    pub fn code(&self) -> CommonError {
        let (code, status) = match self {
            Self::Auth(failure) => return failure.query(),
            Self::NotForm(NotForm::NoAction) => ("MissingAction", 400),
            Self::NotForm(NotForm::Malformed | NotForm::TooManyParameters) => {
                ("MalformedInput", 400)
            }
            Self::InvalidAction { .. } => ("InvalidAction", 400),
            Self::Refused(refusal) => {
                let (exception, _) = refusal.query();
                (exception.name(), exception.status())
            }
            Self::Unavailable => ("ServiceUnavailable", 503),
        };
        CommonError { code, status }
    }

    /// The text.
    pub fn message(&self) -> String {
        match self {
            Self::Auth(failure) => failure.message(),
            Self::NotForm(NotForm::NoAction) => text::ACTION_REQUIRED.to_owned(),
            Self::NotForm(NotForm::Malformed | NotForm::TooManyParameters) => {
                text::MALFORMED_FORM.to_owned()
            }
            Self::InvalidAction { action, version } => text::unknown_action(action, version),
            Self::Refused(refusal) => refusal.query().1.to_owned(),
            Self::Unavailable => text::SEALED.to_owned(),
        }
    }

    /// The body of the reply of `service`.
    pub fn body(&self, service: Service, request_id: &str) -> String {
        let CommonError { code, status } = self.code();
        let fault = if status < 500 { "Sender" } else { "Receiver" };
        format!(
            "<ErrorResponse xmlns=\"{}\"><Error>{}{}{}</Error>{}</ErrorResponse>",
            service.namespace,
            element("Type", fault),
            element("Code", code),
            element("Message", &self.message()),
            element("RequestId", request_id),
        )
    }
}

fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// Characters that XML 1.0 §2.2 cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'.. => out.push(letter),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

#[cfg(test)]
mod tests;
