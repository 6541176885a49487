//! The page `docs/reference/api.md`, written from the table of operations: what is served, to whom, and
//! where it differs from AWS.

use std::fmt::Write;

use super::{AuditClass, OPS, Op, ResourceKind, Service};

/// What users of AWS would notice, by operation. An empty list is the goal.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "AssumeRole",
        "PackedPolicySize counts characters; MinimumSessionTokenSize has no effect; no devices for a second factor exist, so their codes are refused.",
    ),
    (
        "AssumeRoleWithWebIdentity",
        "Identity providers are those of the configuration, for all accounts; their keys are read when the server starts.",
    ),
    ("CreateAccessKey", "Of the root, UserName is `root`."),
    (
        "CreateGrant",
        "A grant counts at once; an encryption context with two names that differ only in case fits no constraint.",
    ),
    (
        "CreateKey",
        "Origins AWS_CLOUDHSM and EXTERNAL_KEY_STORE answer UnsupportedOperationException.",
    ),
    (
        "CreateTrail",
        "Whether the bucket exists shows at the first delivery, not here. SNS topics, CloudWatch Logs, KmsKeyId, organization trails and RecursiveLogging answer UnsupportedOperationException. Prefixes have S3's safe characters only. An account has at most 200 trails in all Regions.",
    ),
    (
        "Decrypt",
        "Ciphertext of AWS itself cannot be decrypted: its keys never leave AWS.",
    ),
    (
        "Encrypt",
        "Symmetric ciphertext has the outer shape of AWS's but is 114 bytes longer than the plaintext.",
    ),
    (
        "GetAccessKeyInfo",
        "Knows the long-term access keys of this server, and no temporary ones.",
    ),
    (
        "GetAccessKeyLastUsed",
        "Uses before the server started are forgotten.",
    ),
    (
        "GetAccountAuthorizationDetails",
        "At most 100 items at one time, whatever MaxItems asks for.",
    ),
    (
        "GetEventSelectors",
        "There are no advanced event selectors.",
    ),
    (
        "GetKeyLastUsage",
        "A use of the last half minute before a crash may be forgotten.",
    ),
    (
        "GetMetricData",
        "Queries with MetricStat only; statistics are SampleCount, Average, Sum, Minimum and Maximum; one request has 4,096 values at most.",
    ),
    (
        "GetMetricStatistics",
        "Statistics are SampleCount, Average, Sum, Minimum and Maximum; what is older than 15 days is kept by the hour.",
    ),
    ("GetRole", "RoleLastUsed is always empty."),
    (
        "GetUser",
        "Of the root, UserName is `root`, and CreateDate is 1970 where development makes accounts on first use.",
    ),
    ("ListGroups", "In no order that means anything."),
    (
        "ListKeys",
        "Keys cannot be shared through RAM: the list of other accounts' keys is empty.",
    ),
    (
        "ListMetrics",
        "The namespace AWS/KMS with SuccessfulRequest and SecondsUntilKeyMaterialExpiration, at once.",
    ),
    (
        "ListPolicies",
        "Of the managed policies of AWS there are four: AdministratorAccess, AWSKeyManagementServicePowerUser, IAMFullAccess, PowerUserAccess.",
    ),
    (
        "ListRetirableGrants",
        "Services cannot list what they may retire.",
    ),
    ("ListRoles", "In no order that means anything."),
    ("ListUsers", "In no order that means anything."),
    (
        "LookupEvents",
        "Shows what the audit log holds, at once and not after minutes; a page may be empty and have a token all the same. There are no Insights events.",
    ),
    (
        "PutEventSelectors",
        "All events are management events: data resources are refused, and advanced event selectors answer UnsupportedOperationException.",
    ),
    (
        "ReplicateKey",
        "The replica can be used as soon as the call returns, although its answer shows Creating as AWS's does.",
    ),
    (
        "RotateKeyOnDemand",
        "Rotates before it answers, so OnDemandRotationStartDate never shows, and a second call rotates again.",
    ),
    (
        "ScheduleKeyDeletion",
        "The key is deleted within a second of its DeletionDate, not within a day.",
    ),
    (
        "UpdatePrimaryRegion",
        "Takes effect at once; no key is ever Updating.",
    ),
    (
        "UpdateRole",
        "MaxSessionDuration stays as it is when it is not given.",
    ),
    ("UpdateTrail", "As CreateTrail."),
];

const HEAD: &str = "\
# The API

Written by `cargo run -p strongroom-kms --example api_reference > docs/reference/api.md` from the table `OPS`
(`crates/kms/src/ops.rs`); a test holds it to that. Shapes, limits and errors are those of botocore's model of KMS,
which `crates/aws/tests/it/model.rs` compares member by member.
";

/// The page, in Markdown.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for service in Service::ALL {
        // Writing to a String cannot fail.
        let _ = write_service(&mut page, service);
    }
    page
}

fn write_service(page: &mut String, service: Service) -> std::fmt::Result {
    let rows = OPS.iter().filter(|op| op.service == service);
    let served = rows.clone().filter(|op| is_served(op)).count();
    let all = rows.clone().count();
    writeln!(page, "\n## {} ({served} of {all} served)\n", title(service))?;
    writeln!(
        page,
        "| operation | state | needs | on | audited as | differences from AWS |"
    )?;
    writeln!(page, "|---|---|---|---|---|---|")?;
    for op in rows {
        let state = if is_served(op) { "served" } else { "refused" };
        writeln!(
            page,
            "| {} | {state} | {} | {} | {} | {} |",
            op.name,
            op.actions.join(", "),
            resource(op.resource),
            class(op.audit),
            differences(op)
        )?;
    }
    Ok(())
}

/// Custom key stores are what this server is itself: there is nothing behind them.
fn is_served(op: &Op) -> bool {
    !op.name.contains("CustomKeyStore")
}

fn differences(op: &Op) -> &'static str {
    if !is_served(op) {
        return "Answers UnsupportedOperationException: this server keeps its keys itself.";
    }
    let found = DIFFERENCES.iter().find(|(name, _)| *name == op.name);
    found.map_or("", |(_, text)| text)
}

fn title(service: Service) -> &'static str {
    match service {
        Service::Kms => "Key Management Service",
        Service::Sts => "Security Token Service",
        Service::Iam => "Identity and Access Management",
        Service::CloudTrail => "CloudTrail",
        Service::CloudWatch => "CloudWatch",
    }
}

fn resource(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Nothing => "",
        ResourceKind::Account => "the account",
        ResourceKind::Key => "the key, of any account",
        ResourceKind::OwnKey => "the key",
        ResourceKind::Entity => "the user, group, role or policy",
        ResourceKind::Trail => "the trail",
        ResourceKind::KeyAndAccount => "the key; the account",
        ResourceKind::CiphertextKey => "the key of the ciphertext",
        ResourceKind::TwoKeys => "both keys, of any account",
        ResourceKind::TwoOwnKeys => "both keys",
        ResourceKind::AliasAndKeys => "the alias and its keys",
        ResourceKind::Grant => "the grant",
        ResourceKind::RoleForToken => "the role, for a token",
        ResourceKind::Role => "the role, of any account",
    }
}

fn class(audit: AuditClass) -> &'static str {
    match audit {
        AuditClass::Read => "read",
        AuditClass::Cryptographic => "use",
        AuditClass::Mutation => "change",
    }
}

#[cfg(test)]
mod tests;
