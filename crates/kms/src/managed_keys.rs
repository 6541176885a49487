//! AWS managed keys: the keys behind `alias/aws/NAME`, which come into being when they are first named.
//! Never made for any account but the caller's own.

use std::time::Duration;

use strongroom_aws::text;
use strongroom_base::id::{AccountId, KeyId, Region};
use strongroom_store::Expect;

use crate::authorize::Target;
use crate::call::{Call, service_endpoint};
use crate::failure::Failure;
use crate::key::{Key, KeyName};
use crate::kms::{Kms, encoded};
use crate::material;
use crate::ops::creation;
use crate::records::{
    AliasRecord, KeyOrigin, KeyRecord, KeySpec, KeyState, KeyUsage, PolicyKind, RotationRecord,
};
use crate::repository::AliasName;
use crate::resolve::{Naming, Reference};
use crate::service_events;

const PREFIX: &str = "alias/aws/";

/// KMS Developer Guide, "Rotate AWS KMS keys": AWS managed keys rotate every year.
const ROTATION_DAYS: u32 = 365;

/// The services that have one: NAME, and the name in the service's endpoint, in the order of NAME.
const SERVICES: &[(&str, &str)] = &[
    ("acm", "acm"),
    ("backup", "backup"),
    ("cloud9", "cloud9"),
    ("codeartifact", "codeartifact"),
    ("codebuild", "codebuild"),
    ("codecommit", "codecommit"),
    ("connect", "connect"),
    ("dynamodb", "dynamodb"),
    ("ebs", "ec2"),
    ("elasticfilesystem", "elasticfilesystem"),
    ("es", "es"),
    ("glue", "glue"),
    ("kinesis", "kinesis"),
    ("kinesisvideo", "kinesisvideo"),
    ("lambda", "lambda"),
    ("lightsail", "lightsail"),
    ("rds", "rds"),
    ("redshift", "redshift"),
    ("s3", "s3"),
    ("secretsmanager", "secretsmanager"),
    ("ses", "ses"),
    ("sns", "sns"),
    ("sqs", "sqs"),
    ("ssm", "ssm"),
    ("workspaces", "workspaces"),
    ("xray", "xray"),
];

/// The names of all aliases of AWS managed keys, whether the keys exist or not.
pub(crate) fn alias_names() -> impl Iterator<Item = String> {
    let names = SERVICES.iter();
    names.map(|(name, _)| format!("{PREFIX}{name}"))
}

/// Makes the AWS managed keys that `targets` name by alias and that do not exist yet, before they are
/// looked up.
pub(crate) async fn ensure(call: &Call<'_>, targets: &[Target<'_>]) -> Result<(), Failure> {
    for target in targets {
        let Some((name, alias)) = named_by(call, target) else {
            continue;
        };
        if call.kms.records.alias(&alias)?.is_some() {
            continue;
        }
        match create(call.kms, name, &alias).await {
            // Somebody else was first, and there is but one.
            Ok(()) | Err(Failure::Conflict) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

fn named_by(call: &Call<'_>, target: &Target<'_>) -> Option<(&'static str, AliasName)> {
    let reference = match *target {
        Target::Key {
            reference,
            naming: Naming::KeyOrAlias,
        } => reference,
        Target::Ciphertext {
            reference: Some(reference),
            ..
        } => reference,
        _ => return None,
    };
    if !reference.contains(PREFIX) {
        return None;
    }
    let parsed = Reference::parse(reference, Naming::KeyOrAlias, &call.caller, &call.region);
    let Ok(Reference::Alias(alias)) = parsed else {
        return None;
    };
    let name = alias.name.strip_prefix(PREFIX)?;
    let (name, _) = SERVICES.iter().find(|(known, _)| *known == name)?;
    (alias.account == call.caller.account).then_some((*name, alias))
}

/// The commit expects the alias to be absent, so there is never a second key behind it.
async fn create(kms: &Kms, name: &str, alias: &AliasName) -> Result<(), Failure> {
    let _making = kms.making_token().await;
    let mut record = blank_record(kms, name, alias);
    let made = material::generate(kms, &record).await?;
    record.materials.push(made);
    let alias_record = AliasRecord {
        name: alias.name.clone(),
        target: record.id.clone(),
        created: record.created,
        updated: record.created,
    };
    let key = Key::new(record, 1);
    let event = service_events::of_key(&kms.env, "CreateKey", &key);
    let changes = creation(&key.record, None)
        .put_alias(alias, Expect::Absent, &alias_record)
        .put_key_alias(&key.name, &alias.name)
        .put_outbox(&event.event_id, &encoded(&event)?);
    kms.records.commit(changes).await?;
    tracing::info!(key = %key.arn, alias = alias.name, "AWS managed key made");
    Ok(())
}

fn blank_record(kms: &Kms, name: &str, alias: &AliasName) -> KeyRecord {
    let now = kms.env.clock.now();
    let year = Duration::from_secs(u64::from(ROTATION_DAYS) * 24 * 60 * 60);
    KeyRecord {
        account: alias.account,
        region: alias.region.clone(),
        id: KeyId::generate(&*kms.env.random),
        created: now.into(),
        description: text::managed_key_description(name),
        state: KeyState::Enabled,
        deletion: None,
        tags: Vec::new(),
        policy: PolicyKind::AwsManaged,
        materials: Vec::new(),
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        origin: KeyOrigin::AwsKms,
        managed_for: Some(name.to_owned()),
        rotation: Some(RotationRecord {
            period_days: ROTATION_DAYS,
            next: now.plus(year).into(),
        }),
        multi_region: None,
        pending_window_days: None,
        on_demand_rotations: 0,
    }
}

/// The policy of the AWS managed key of service `name`, as GetKeyPolicy shows it.
pub(crate) fn policy(name: &str, key: &KeyName) -> String {
    let (account, region): (&AccountId, &Region) = (&key.account, &key.region);
    let partition = region.partition();
    let via = via_service(name, region);
    let sid = text::managed_key_statement(name);
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "auto-{name}-1",
  "Statement" : [ {{
    "Sid" : "{sid}",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:ViaService" : "{via}",
        "kms:CallerAccount" : "{account}"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  }} ]
}}"#
    )
}

/// KMS Developer Guide, "kms:ViaService": the service's endpoint in the Region.
fn via_service(name: &str, region: &Region) -> String {
    let known = SERVICES.iter().find(|(known, _)| *known == name);
    service_endpoint(known.map_or(name, |(_, service)| service), region)
}

#[cfg(test)]
mod tests;
