//! What LookupEvents lists as an event's resources: names as they were typed and, of what was changed, the ARNs.

use super::Event;
use super::body::resource_type;
use crate::record::Value;

const KEY: &str = "AWS::KMS::Key";
const ROLE: &str = "AWS::IAM::Role";

/// By service, the parameters that name a resource and the type of what they name.
const NAMING: &[(&str, &str, &str)] = &[
    ("cloudtrail", "name", "AWS::CloudTrail::Trail"),
    ("iam", "accessKeyId", "AWS::IAM::AccessKey"),
    ("iam", "groupName", "AWS::IAM::Group"),
    ("iam", "policyArn", "AWS::IAM::Policy"),
    ("iam", "roleName", ROLE),
    ("iam", "userName", "AWS::IAM::User"),
    ("kms", "aliasName", KEY),
    ("kms", "destinationKeyId", KEY),
    ("kms", "keyId", KEY),
    ("kms", "sourceKeyId", KEY),
    ("kms", "targetKeyId", KEY),
    ("sts", "roleArn", ROLE),
];

/// By service, the paths in the answer that name a resource and the type of what they name.
const ANSWERED: &[(&str, [&str; 2], &str)] = &[
    ("iam", ["accessKey", "accessKeyId"], "AWS::IAM::AccessKey"),
    ("sts", ["assumedRoleUser", "arn"], "AWS::STS::AssumedRole"),
    (
        "sts",
        ["assumedRoleUser", "assumedRoleId"],
        "AWS::STS::AssumedRole",
    ),
    ("sts", ["credentials", "accessKeyId"], "AWS::IAM::AccessKey"),
];

/// A resource as LookupEvents lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// ResourceType, such as `AWS::KMS::Key`; nothing of what CloudTrail knows no type of.
    pub kind: Option<&'static str>,
    /// ResourceName: a name, id or ARN.
    pub name: String,
}

impl Event<'_> {
    /// What the event is about: names as typed; of a success that changed something the ARNs as well, and of keys that
    /// nobody named the ids; of what nobody named the ARNs.
    pub fn named_resources(&self) -> Vec<Named> {
        let mut named: Vec<Named> = self.typed().chain(self.answered()).collect();
        let is_change = !self.record.read_only && self.is_success();
        if named.is_empty() && is_change {
            named.extend(self.resources().filter_map(|(_, resource)| {
                let (_, id) = resource.arn.rsplit_once(":key/")?;
                Some(Named::new(KEY, id))
            }));
        }
        if named.is_empty() || is_change {
            for (_, resource) in self.resources() {
                let kind = resource_type(&resource.arn);
                let name = resource.arn.clone();
                if !named.iter().any(|known| known.name == name) {
                    named.push(Named { kind, name });
                }
            }
        }
        named
    }

    fn typed(&self) -> impl Iterator<Item = Named> {
        let service = self.record.service.as_str();
        let parameters = self.told_parameters();
        let of_service = NAMING.iter().filter(move |(of, ..)| *of == service);
        of_service.filter_map(move |(_, name, kind)| {
            let name = parameters.as_ref()?.get(name)?.as_text()?;
            Some(Named::new(kind, name))
        })
    }

    fn answered(&self) -> impl Iterator<Item = Named> {
        let service = self.record.service.as_str();
        let response = self.told_response();
        let of_service = ANSWERED.iter().filter(move |(of, ..)| *of == service);
        of_service.filter_map(move |(_, [object, name], kind)| {
            let name = response?.get(object)?.get(name).and_then(Value::as_text)?;
            Some(Named::new(kind, name))
        })
    }
}

impl Named {
    pub(super) fn new(kind: &'static str, name: &str) -> Self {
        Self {
            kind: Some(kind),
            name: name.to_owned(),
        }
    }
}
