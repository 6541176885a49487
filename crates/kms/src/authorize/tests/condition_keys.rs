//! Every condition key: a value that a policy may ask for, and one that the request does not have.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_attestation::{Attestation, Digest};
use strongroom_base::UnixMillis;
use strongroom_policy::{Context, Values};

use super::{ACCOUNT, DENIED, OTHER, REGION, allow, deny, end, inline, root, to, under};
use crate::authorize::RequestContext;
use crate::iam::Caller;
use crate::key::KeyName;
use crate::ops::{Service, find};
use crate::repository::Changes;
use crate::workbench::{Bench, DAY};

/// The keys on which conditions are asked for, and what was made with them.
struct Stage {
    bench: Bench,
    /// Symmetric, with tag env=test and alias `alias/a`; the context of its ciphertext is tenant=a.
    key: String,
    ciphertext: Value,
    grant: Value,
    external: String,
    multi_region: String,
}

impl Stage {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let tags = json!([{"TagKey": "env", "TagValue": "test"}]);
        let key = bench.add_key(json!({"Tags": tags})).await;
        let alias = json!({"AliasName": "alias/a", "TargetKeyId": key});
        bench.call("CreateAlias", &alias).await.unwrap();
        let plain = json!({
            "KeyId": key, "Plaintext": "QUJD", "EncryptionContext": {"tenant": "a"},
        });
        let made = bench.call("Encrypt", &plain).await.unwrap();
        let grant = json!({
            "KeyId": key, "GranteePrincipal": root(ACCOUNT), "Operations": ["Encrypt"],
            "Constraints": {"EncryptionContextSubset": {"tenant": "a"}},
        });
        let grant = bench.call("CreateGrant", &grant).await.unwrap();
        Self {
            ciphertext: made["CiphertextBlob"].clone(),
            grant: grant["GrantId"].clone(),
            external: bench.add_key(json!({"Origin": "EXTERNAL"})).await,
            multi_region: bench.add_key(json!({"MultiRegion": true})).await,
            key,
            bench,
        }
    }

    /// The input of `operation` with these members, on the symmetric key unless they name another.
    fn input(&self, operation: &str, more: &Value) -> Value {
        let mut input = match operation {
            "CreateKey" | "GenerateRandom" | "ListKeys" | "ListAliases" => json!({}),
            "CreateCustomKeyStore" => json!({"CustomKeyStoreName": "store"}),
            "CreateAlias" => json!({"AliasName": "alias/b", "TargetKeyId": self.key}),
            "ReEncrypt" => json!({"DestinationKeyId": self.key}),
            "ReplicateKey" => json!({"KeyId": self.multi_region, "ReplicaRegion": "eu-west-1"}),
            "RetireGrant" => json!({"KeyId": self.key, "GrantId": self.grant, "DryRun": true}),
            "UpdatePrimaryRegion" => json!({"KeyId": self.multi_region}),
            _ => json!({"KeyId": self.key}),
        };
        match operation {
            "Decrypt" => input["CiphertextBlob"] = self.ciphertext.clone(),
            "ReEncrypt" => {
                input["CiphertextBlob"] = self.ciphertext.clone();
                input["SourceEncryptionContext"] = json!({"tenant": "a"});
            }
            "Encrypt" => input["Plaintext"] = json!("QUJD"),
            _ => {}
        }
        for (name, value) in more.as_object().unwrap() {
            input[name] = match value.as_str() {
                Some("EXTERNAL KEY") => json!(self.external),
                Some("MULTI-REGION KEY") => json!(self.multi_region),
                Some("ALIAS ARN") => {
                    let (there, _) = self.key.split_once("key/").unwrap();
                    json!(format!("{there}alias/a"))
                }
                _ => value.clone(),
            };
        }
        input
    }

    /// Whether `caller` may; what else an operation refuses comes later.
    async fn may(&self, caller: &Caller, row: &Row) -> bool {
        let input = self.input(row.operation, &row.input);
        let answer = match row.through {
            Through::Client => self.bench.call_with(caller, row.operation, &input).await,
            Through::Service => self.bench.call_via(caller, row.operation, &input).await,
        };
        let name = end(answer).err();
        if let Some((name, text)) = &name {
            let is_reached = !matches!(*name, "SerializationException" | "InvalidGrantIdException")
                && !text.contains("validation error detected");
            assert!(is_reached, "{} {input} {name} {text}", row.operation);
        }
        name.is_none_or(|(name, _)| name != DENIED)
    }
}

#[derive(Clone, Copy)]
enum Through {
    Client,
    Service,
}

/// A request, and a condition on one of its actions with a value that holds and one that does not.
struct Row {
    through: Through,
    operation: &'static str,
    input: Value,
    action: &'static str,
    operator: &'static str,
    key: &'static str,
    holds: Value,
    fails: Value,
}

/// The row of an operation with one action.
fn row(
    operation: &'static str,
    input: Value,
    operator: &'static str,
    key: &'static str,
    holds: impl Into<Value>,
    fails: impl Into<Value>,
) -> Row {
    let op = find(Service::Kms, operation).unwrap();
    Row {
        through: Through::Client,
        operation,
        input,
        action: op.actions[0],
        operator,
        key,
        holds: holds.into(),
        fails: fails.into(),
    }
}

impl Row {
    /// The same condition on another action of the operation.
    fn of(self, action: &'static str) -> Self {
        Self { action, ..self }
    }

    /// The same request, passed on by S3.
    fn passed_on(self) -> Self {
        let through = Through::Service;
        Self { through, ..self }
    }
}

/// That the condition decides, both where it allows and where it denies.
async fn check(stage: &Stage, number: usize, row: &Row) {
    let op = find(Service::Kms, row.operation).unwrap();
    let others: Vec<&str> = op
        .actions
        .iter()
        .copied()
        .filter(|one| *one != row.action)
        .collect();
    let on = |value: &Value| json!({row.operator: {row.key: value}});
    let allowed = |value| {
        let mut statements = vec![under(on(value), allow(row.action))];
        if !others.is_empty() {
            statements.push(allow(json!(others)));
        }
        json!(statements)
    };
    let denied = |value| json!([allow("*"), under(on(value), deny(row.action))]);
    let ways = [
        (denied(&row.holds), false),
        (allowed(&row.fails), false),
        (denied(&row.fails), true),
        (allowed(&row.holds), true),
    ];
    for (way, (statements, expected)) in ways.into_iter().enumerate() {
        let name = format!("u{number}-{way}");
        let caller = stage
            .bench
            .add_user(ACCOUNT, &name, inline(&statements))
            .await;
        let found = stage.may(&caller, row).await;
        assert_eq!(found, expected, "{} {statements}", row.operation);
    }
}

async fn check_all(rows: Vec<Row>) {
    let stage = Stage::new().await;
    for (number, row) in rows.iter().enumerate() {
        check(&stage, number, row).await;
    }
}

const S: &str = "StringEquals";
const ANY: &str = "ForAnyValue:StringEquals";

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_caller_and_key() {
    let none = || json!({});
    let multi = || json!({"KeyId": "MULTI-REGION KEY"});
    let describe = |operator, key, holds: &str, fails: &str| {
        row("DescribeKey", none(), operator, key, holds, fails)
    };
    check_all(vec![
        describe(S, "kms:CallerAccount", ACCOUNT, OTHER),
        describe(S, "kms:KeySpec", "SYMMETRIC_DEFAULT", "RSA_2048"),
        describe(
            S,
            "kms:CustomerMasterKeySpec",
            "SYMMETRIC_DEFAULT",
            "RSA_2048",
        ),
        describe(S, "kms:KeyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY"),
        describe(
            S,
            "kms:CustomerMasterKeyUsage",
            "ENCRYPT_DECRYPT",
            "SIGN_VERIFY",
        ),
        describe(S, "kms:KeyOrigin", "AWS_KMS", "EXTERNAL"),
        describe("Bool", "kms:MultiRegion", "false", "true"),
        describe("Null", "kms:MultiRegionKeyType", "true", "false"),
        row(
            "DescribeKey",
            multi(),
            "Bool",
            "kms:MultiRegion",
            "true",
            "false",
        ),
        row(
            "DescribeKey",
            multi(),
            S,
            "kms:MultiRegionKeyType",
            "PRIMARY",
            "REPLICA",
        ),
        describe(ANY, "kms:ResourceAliases", "alias/a", "alias/b"),
        describe("Null", "kms:RequestAlias", "true", "false"),
        row(
            "DescribeKey",
            json!({"KeyId": "alias/a"}),
            S,
            "kms:RequestAlias",
            "alias/a",
            "a",
        ),
        row(
            "GetPublicKey",
            json!({"KeyId": "ALIAS ARN"}),
            S,
            "kms:RequestAlias",
            "alias/a",
            "a",
        ),
        row(
            "Decrypt",
            json!({"KeyId": "alias/a"}),
            S,
            "kms:RequestAlias",
            "alias/a",
            "alias/b",
        ),
        describe(S, "aws:ResourceTag/env", "test", "prod"),
        describe(S, "aws:ResourceAccount", ACCOUNT, OTHER),
        describe("Null", "kms:ViaService", "true", "false"),
        describe("Null", "kms:GrantIsForAWSResource", "true", "false"),
        row(
            "ListGrants",
            none(),
            "Bool",
            "kms:GrantIsForAWSResource",
            "false",
            "true",
        ),
        row(
            "ListGrants",
            none(),
            "Bool",
            "kms:GrantIsForAWSResource",
            "true",
            "false",
        )
        .passed_on(),
        describe(
            S,
            "kms:ViaService",
            "s3.us-east-1.amazonaws.com",
            "ec2.us-east-1.amazonaws.com",
        )
        .passed_on(),
        describe("Bool", "aws:ViaAWSService", "false", "true"),
        describe("Bool", "aws:ViaAWSService", "true", "false").passed_on(),
        describe(ANY, "aws:CalledVia", "s3.amazonaws.com", "s3").passed_on(),
        describe(S, "aws:CalledViaFirst", "s3.amazonaws.com", "s3").passed_on(),
        describe(S, "aws:CalledViaLast", "s3.amazonaws.com", "s3").passed_on(),
        describe(
            "ArnLike",
            "aws:SourceArn",
            "arn:aws:s3:::buck*",
            "arn:aws:s3:::x",
        )
        .passed_on(),
        describe(S, "aws:SourceAccount", ACCOUNT, OTHER).passed_on(),
        describe("Null", "aws:SourceIp", "true", "false").passed_on(),
        describe("IpAddress", "aws:SourceIp", "127.0.0.0/8", "10.0.0.0/8"),
        describe("Bool", "aws:SecureTransport", "false", "true"),
        describe("Null", "aws:UserAgent", "true", "false"),
        describe(
            "DateGreaterThan",
            "aws:CurrentTime",
            "2020-01-01T00:00:00Z",
            "2100-01-01",
        ),
        describe(
            "NumericGreaterThan",
            "aws:EpochTime",
            "1600000000",
            "4000000000",
        ),
        describe(S, "aws:RequestedRegion", REGION, "eu-west-1"),
        describe(
            "ArnLike",
            "aws:PrincipalArn",
            "arn:aws:iam::*:user/u*",
            "arn:aws:iam::*:role/*",
        ),
        describe(S, "aws:PrincipalAccount", ACCOUNT, OTHER),
        describe(S, "aws:PrincipalType", "User", "AssumedRole"),
        describe(S, "aws:PrincipalTag/team", "blue", "red"),
        describe("Bool", "aws:PrincipalIsAWSService", "false", "true"),
        describe("StringLike", "aws:userid", "AIDA*", "AROA*"),
        describe("StringLike", "aws:username", "u*", "v*"),
        describe("Null", "aws:TokenIssueTime", "true", "false"),
        describe("Null", "aws:MultiFactorAuthPresent", "true", "false"),
        // Those without a key.
        row(
            "ListKeys",
            none(),
            "Null",
            "kms:CallerAccount",
            "true",
            "false",
        ),
        row(
            "ListAliases",
            none(),
            "Null",
            "kms:ViaService",
            "true",
            "false",
        )
        .passed_on(),
        row(
            "GenerateRandom",
            json!({"NumberOfBytes": 1}),
            "Null",
            "kms:CallerAccount",
            "true",
            "false",
        ),
        row(
            "CreateCustomKeyStore",
            none(),
            S,
            "kms:CallerAccount",
            ACCOUNT,
            OTHER,
        ),
        row(
            "CreateCustomKeyStore",
            none(),
            "Null",
            "kms:ViaService",
            "true",
            "false",
        )
        .passed_on(),
        row(
            "CreateAlias",
            none(),
            S,
            "kms:CallerAccount",
            ACCOUNT,
            OTHER,
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_cryptographic_operations() {
    let tenant = |value: &str| json!({"EncryptionContext": {"Tenant": value}});
    let encrypt = |input, operator, key, holds: &str, fails: &str| {
        row("Encrypt", input, operator, key, holds, fails)
    };
    let algorithm = "kms:EncryptionAlgorithm";
    let (default, oaep) = ("SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_256");
    let mut rows = vec![
        encrypt(json!({}), S, algorithm, default, oaep),
        encrypt(
            json!({"EncryptionAlgorithm": oaep}),
            S,
            algorithm,
            oaep,
            default,
        ),
        encrypt(tenant("a"), S, "kms:EncryptionContext:tenant", "a", "A"),
        encrypt(
            tenant("a"),
            ANY,
            "kms:EncryptionContextKeys",
            "Tenant",
            "tenant",
        ),
        encrypt(
            json!({}),
            "Null",
            "kms:EncryptionContext:tenant",
            "true",
            "false",
        ),
        encrypt(
            json!({}),
            "Null",
            "kms:EncryptionContextKeys",
            "true",
            "false",
        ),
        row("Decrypt", json!({}), S, algorithm, default, oaep),
        row(
            "Decrypt",
            tenant("a"),
            S,
            "kms:EncryptionContext:tenant",
            "a",
            "b",
        ),
    ];
    let destination = || json!({"DestinationEncryptionContext": {"tenant": "b"}});
    let elsewhere = || json!({"DestinationKeyId": "MULTI-REGION KEY"});
    let by_alias = || json!({"DestinationKeyId": "alias/a"});
    for (action, own, other) in [
        ("kms:ReEncryptFrom", "a", "b"),
        ("kms:ReEncryptTo", "b", "a"),
    ] {
        let context = "kms:EncryptionContext:tenant";
        let same = "kms:ReEncryptOnSameKey";
        rows.extend([
            row("ReEncrypt", destination(), S, context, own, other).of(action),
            row("ReEncrypt", json!({}), S, algorithm, default, oaep).of(action),
            row("ReEncrypt", json!({}), "Bool", same, "true", "false").of(action),
            row("ReEncrypt", by_alias(), "Bool", same, "true", "false").of(action),
            row("ReEncrypt", elsewhere(), "Bool", same, "false", "true").of(action),
        ]);
    }
    let alias = || json!({"DestinationKeyId": "alias/a"});
    let null = "Null";
    rows.extend([
        row(
            "ReEncrypt",
            alias(),
            null,
            "kms:RequestAlias",
            "true",
            "false",
        )
        .of("kms:ReEncryptFrom"),
        row("ReEncrypt", alias(), S, "kms:RequestAlias", "alias/a", "a").of("kms:ReEncryptTo"),
    ]);
    let bytes = || json!({"NumberOfBytes": 16, "EncryptionContext": {"tenant": "a"}});
    let pair = || json!({"KeyPairSpec": "ECC_NIST_P256", "EncryptionContext": {"tenant": "a"}});
    for (operation, input) in [
        ("GenerateDataKey", bytes()),
        ("GenerateDataKeyWithoutPlaintext", bytes()),
        ("GenerateDataKeyPair", pair()),
        ("GenerateDataKeyPairWithoutPlaintext", pair()),
    ] {
        rows.push(row(operation, input.clone(), S, algorithm, default, oaep));
        rows.push(row(
            operation,
            input,
            S,
            "kms:EncryptionContext:tenant",
            "a",
            "b",
        ));
    }
    for operation in ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"] {
        rows.push(row(
            operation,
            pair(),
            S,
            "kms:DataKeyPairSpec",
            "ECC_NIST_P256",
            "RSA_2048",
        ));
    }
    let message = || json!({"SigningAlgorithm": "ECDSA_SHA_256", "Message": "QUJD"});
    let signed = || {
        let mut input = message();
        input["Signature"] = json!("QUJD");
        input["MessageType"] = json!("DIGEST");
        input
    };
    let signing = "kms:SigningAlgorithm";
    let (mac, kem) = ("kms:MacAlgorithm", "kms:EncapsulationAlgorithm");
    let macs = || json!({"MacAlgorithm": "HMAC_SHA_256", "Message": "QUJD", "Mac": "QUJD"});
    let ecdh = json!({"KeyAgreementAlgorithm": "ECDH", "PublicKey": "QUJD"});
    let capsule = "A".repeat(1024);
    let capsule =
        json!({"EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": capsule});
    let encapsulate = json!({"EncapsulationAlgorithm": "ML_KEM"});
    let unproven = json!({
        "NumberOfBytes": 1,
        "Recipient": {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": "QUJD"},
    });
    let image = "kms:RecipientAttestation:ImageSha384";
    rows.extend([
        row(
            "Sign",
            message(),
            S,
            signing,
            "ECDSA_SHA_256",
            "ECDSA_SHA_384",
        ),
        row("Sign", message(), S, "kms:MessageType", "RAW", "DIGEST"),
        row(
            "Verify",
            signed(),
            S,
            signing,
            "ECDSA_SHA_256",
            "ECDSA_SHA_384",
        ),
        row("Verify", signed(), S, "kms:MessageType", "DIGEST", "RAW"),
        row(
            "GenerateMac",
            macs(),
            S,
            mac,
            "HMAC_SHA_256",
            "HMAC_SHA_512",
        ),
        row("VerifyMac", macs(), S, mac, "HMAC_SHA_256", "HMAC_SHA_512"),
        row(
            "DeriveSharedSecret",
            ecdh,
            S,
            "kms:KeyAgreementAlgorithm",
            "ECDH",
            "X",
        ),
        row("Encapsulate", encapsulate, S, kem, "ML_KEM", "X"),
        row("Decapsulate", capsule, S, kem, "ML_KEM", "X"),
        row(
            "GenerateRandom",
            json!({"NumberOfBytes": 1}),
            null,
            image,
            "true",
            "false",
        ),
        // What nothing vouches for is no attestation.
        row("GenerateRandom", unproven, null, image, "true", "false"),
    ]);
    check_all(rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_grants_and_policies() {
    let role = "arn:aws:iam::111122223333:role/r";
    let source = "arn:aws:sqs:us-east-1:111122223333:queue";
    let grant = |more: Value| {
        let mut input = json!({
            "GranteePrincipal": root(OTHER), "RetiringPrincipal": root(ACCOUNT),
            "Operations": ["Encrypt", "Decrypt"],
        });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    let service = || {
        json!({
            "GranteeServicePrincipal": "s3.amazonaws.com",
            "RetiringServicePrincipal": "ec2.amazonaws.com",
            "Operations": ["Encrypt"], "Constraints": {"SourceArn": source},
        })
    };
    let equals = || grant(json!({"Constraints": {"EncryptionContextEquals": {"tenant": "a"}}}));
    let create = |input, operator, key, holds: Value, fails: Value| {
        row("CreateGrant", input, operator, key, holds, fails)
    };
    let plain = || grant(json!({}));
    let (constraint, context) = ("kms:GrantConstraintType", "kms:EncryptionContext:tenant");
    let (both, subset) = ("EncryptionContextEquals", "EncryptionContextSubset");
    let all = "ForAllValues:StringEquals";
    let bypass = || json!({"BypassPolicyLockoutSafetyCheck": true});
    let policy = |more: Value| {
        let statements = json!([to(root(ACCOUNT), allow("kms:*"))]);
        let mut input = json!({"Policy": super::policy(&statements)});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    let bypassed = "kms:BypassPolicyLockoutSafetyCheck";
    check_all(vec![
        create(
            plain(),
            all,
            "kms:GrantOperations",
            json!(["Encrypt", "Decrypt"]),
            json!(["Encrypt"]),
        ),
        create(plain(), "Null", constraint, json!("true"), json!("false")),
        create(equals(), S, constraint, json!(both), json!(subset)),
        create(equals(), S, context, json!("a"), json!("b")),
        create(
            equals(),
            ANY,
            "kms:EncryptionContextKeys",
            json!("tenant"),
            json!("Tenant"),
        ),
        create(
            plain(),
            S,
            "kms:GranteePrincipal",
            json!(root(OTHER)),
            json!(role),
        ),
        create(
            plain(),
            S,
            "kms:RetiringPrincipal",
            json!(root(ACCOUNT)),
            json!(role),
        ),
        create(
            plain(),
            "Null",
            "kms:GranteeServicePrincipal",
            json!("true"),
            json!("false"),
        ),
        create(
            service(),
            S,
            "kms:GranteeServicePrincipal",
            json!("s3.amazonaws.com"),
            json!("s3"),
        ),
        create(
            service(),
            S,
            "kms:RetiringServicePrincipal",
            json!("ec2.amazonaws.com"),
            json!("x"),
        ),
        create(
            service(),
            "ArnEquals",
            "kms:GrantConstraintSourceArn",
            json!(source),
            json!(role),
        ),
        create(
            plain(),
            "Bool",
            "kms:GrantIsForAWSResource",
            json!("false"),
            json!("true"),
        ),
        create(
            plain(),
            "Bool",
            "kms:GrantIsForAWSResource",
            json!("true"),
            json!("false"),
        )
        .passed_on(),
        row("RetireGrant", json!({}), S, constraint, subset, both),
        row("RetireGrant", json!({}), S, context, "a", "b"),
        row(
            "GetKeyPolicy",
            json!({}),
            S,
            "kms:PolicyName",
            "default",
            "AWS_RAM",
        ),
        row(
            "GetKeyPolicy",
            json!({"PolicyName": "x"}),
            S,
            "kms:PolicyName",
            "x",
            "default",
        ),
        row(
            "PutKeyPolicy",
            policy(json!({})),
            S,
            "kms:PolicyName",
            "default",
            "AWS_RAM",
        ),
        row(
            "PutKeyPolicy",
            policy(json!({})),
            "Null",
            bypassed,
            "true",
            "false",
        ),
        row(
            "PutKeyPolicy",
            policy(bypass()),
            "Bool",
            bypassed,
            "true",
            "false",
        ),
        row("CreateKey", bypass(), "Bool", bypassed, "true", "false"),
        row("CreateKey", json!({}), "Null", bypassed, "true", "false"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_making_and_keeping_keys() {
    let tags = || json!({"Tags": [{"TagKey": "team", "TagValue": "blue"}]});
    let pair =
        || json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL"});
    let multi = || json!({"MultiRegion": true});
    let (create, replicate) = ("CreateKey", "ReplicateKey");
    let (team, names) = ("aws:RequestTag/team", "aws:TagKeys");
    let external = || json!({"KeyId": "EXTERNAL KEY"});
    let wrapping = || {
        json!({
            "KeyId": "EXTERNAL KEY", "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
            "WrappingKeySpec": "RSA_2048",
        })
    };
    let import = |more: Value| {
        let mut input = external();
        input["ImportToken"] = json!("QUJD");
        input["EncryptedKeyMaterial"] = json!("QUJD");
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    let expiring =
        || import(json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": 1_800_000_100}));
    let (parameters, material) = ("GetParametersForImport", "ImportKeyMaterial");
    let window = "kms:ScheduleKeyDeletionPendingWindowInDays";
    let period = "kms:RotationPeriodInDays";
    let primary = json!({"PrimaryRegion": REGION});
    check_all(vec![
        row(
            create,
            json!({}),
            S,
            "kms:KeySpec",
            "SYMMETRIC_DEFAULT",
            "ECC_NIST_P256",
        ),
        row(
            create,
            json!({}),
            S,
            "kms:KeyUsage",
            "ENCRYPT_DECRYPT",
            "SIGN_VERIFY",
        ),
        row(create, json!({}), S, "kms:KeyOrigin", "AWS_KMS", "EXTERNAL"),
        row(
            create,
            json!({}),
            "Bool",
            "kms:MultiRegion",
            "false",
            "true",
        ),
        row(
            create,
            json!({}),
            "Null",
            "kms:MultiRegionKeyType",
            "true",
            "false",
        ),
        row(create, json!({}), S, "kms:CallerAccount", ACCOUNT, OTHER),
        row(create, json!({}), "Null", "aws:TagKeys", "true", "false"),
        row(
            create,
            pair(),
            S,
            "kms:KeySpec",
            "ECC_NIST_P256",
            "SYMMETRIC_DEFAULT",
        ),
        row(
            create,
            pair(),
            S,
            "kms:CustomerMasterKeySpec",
            "ECC_NIST_P256",
            "RSA_2048",
        ),
        row(
            create,
            pair(),
            S,
            "kms:KeyUsage",
            "SIGN_VERIFY",
            "KEY_AGREEMENT",
        ),
        row(create, pair(), S, "kms:KeyOrigin", "EXTERNAL", "AWS_KMS"),
        row(create, multi(), "Bool", "kms:MultiRegion", "true", "false"),
        row(
            create,
            multi(),
            S,
            "kms:MultiRegionKeyType",
            "PRIMARY",
            "REPLICA",
        ),
        row(create, tags(), S, team, "blue", "red"),
        row(create, tags(), ANY, names, "team", "env"),
        row(create, tags(), S, team, "blue", "red").of("kms:TagResource"),
        row(
            replicate,
            json!({}),
            S,
            "kms:ReplicaRegion",
            "eu-west-1",
            REGION,
        ),
        row(
            replicate,
            json!({}),
            S,
            "aws:RequestedRegion",
            REGION,
            "eu-west-1",
        ),
        row(
            replicate,
            json!({}),
            S,
            "aws:RequestedRegion",
            "eu-west-1",
            REGION,
        )
        .of("kms:CreateKey"),
        row(
            replicate,
            json!({}),
            S,
            "kms:KeySpec",
            "SYMMETRIC_DEFAULT",
            "X",
        )
        .of("kms:CreateKey"),
        row(
            replicate,
            json!({}),
            S,
            "kms:MultiRegionKeyType",
            "REPLICA",
            "PRIMARY",
        )
        .of("kms:CreateKey"),
        row(replicate, tags(), S, team, "blue", "red").of("kms:CreateKey"),
        row(replicate, tags(), S, team, "blue", "red").of("kms:TagResource"),
        row(
            replicate,
            tags(),
            S,
            "aws:RequestedRegion",
            "eu-west-1",
            REGION,
        )
        .of("kms:TagResource"),
        row(
            "UpdatePrimaryRegion",
            primary,
            S,
            "kms:PrimaryRegion",
            REGION,
            "eu-west-1",
        ),
        row("TagResource", tags(), S, team, "blue", "red"),
        row("TagResource", tags(), ANY, names, "team", "env"),
        row(
            "UntagResource",
            json!({"TagKeys": ["team"]}),
            ANY,
            names,
            "team",
            "env",
        ),
        row(
            "UntagResource",
            json!({"TagKeys": ["team"]}),
            "Null",
            team,
            "true",
            "false",
        ),
        row(
            "EnableKeyRotation",
            json!({}),
            "NumericEquals",
            period,
            "365",
            "180",
        ),
        row(
            "EnableKeyRotation",
            json!({"RotationPeriodInDays": 180}),
            "NumericLessThan",
            period,
            365,
            180,
        ),
        row(
            parameters,
            wrapping(),
            S,
            "kms:WrappingAlgorithm",
            "RSAES_OAEP_SHA_256",
            "X",
        ),
        row(
            parameters,
            wrapping(),
            S,
            "kms:WrappingKeySpec",
            "RSA_2048",
            "RSA_3072",
        ),
        row(
            material,
            import(json!({})),
            "Null",
            "kms:ExpirationModel",
            "true",
            "false",
        ),
        row(
            material,
            import(json!({})),
            "Null",
            "kms:ValidTo",
            "true",
            "false",
        ),
        row(
            material,
            expiring(),
            S,
            "kms:ExpirationModel",
            "KEY_MATERIAL_EXPIRES",
            "X",
        ),
        row(
            material,
            expiring(),
            "NumericLessThan",
            "kms:ValidTo",
            "1800000101.0",
            "1800000100",
        ),
        row(
            material,
            expiring(),
            "DateLessThan",
            "kms:ValidTo",
            "2100-01-01",
            "2020-01-01",
        ),
        row(
            "ScheduleKeyDeletion",
            json!({}),
            "NumericEquals",
            window,
            30,
            7,
        ),
        row(
            "ScheduleKeyDeletion",
            json!({"PendingWindowInDays": 7}),
            "NumericLessThan",
            window,
            8,
            7,
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_days_are_whole_and_counted_from_the_last_use() {
    let stage = Stage::new().await;
    let idle = "kms:TrailingDaysWithoutKeyUsage";
    let at_least = |operation, key: &str, holds: u32, fails: u32| {
        row(
            operation,
            json!({"KeyId": key}),
            "NumericGreaterThanEquals",
            idle,
            holds,
            fails,
        )
    };
    stage.bench.clock.run(DAY);
    let used = json!({"KeyId": stage.key, "Plaintext": "QUJD"});
    stage.bench.call("Encrypt", &used).await.unwrap();
    stage.bench.clock.run(3 * DAY - Duration::from_secs(1));
    let rows = [
        at_least("DisableKey", &stage.key, 2, 3),
        at_least("DisableKey", &stage.multi_region, 3, 4),
        at_least("ScheduleKeyDeletion", &stage.key, 2, 3),
        at_least("ScheduleKeyDeletion", &stage.multi_region, 3, 4),
        row("DescribeKey", json!({}), "Null", idle, "true", "false"),
    ];
    for (number, row) in rows.iter().enumerate() {
        check(&stage, number, row).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principal_by_its_unique_id_is_the_same_principal() {
    let bench = Bench::new().await;
    let key = bench.add_key(json!({})).await;
    let friend = bench
        .add_user(ACCOUNT, "friend", inline(&json!([allow("kms:List*")])))
        .await;
    let only = json!({S: {"kms:GranteePrincipal": friend.arn}});
    let statements = json!([allow("kms:*"), under(only, deny("kms:CreateGrant"))]);
    let dave = bench.add_user(ACCOUNT, "dave", inline(&statements)).await;
    for (grantee, expected) in [
        (&friend.arn, Some(DENIED)),
        (&friend.user_id, Some(DENIED)),
        (&dave.arn, None),
    ] {
        let input = json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt"]});
        let answer = bench.call_with(&dave, "CreateGrant", &input).await;
        assert_eq!(
            end(answer).err().map(|(name, _)| name),
            expected,
            "{grantee}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_constraints_on_the_context_have_no_one_type() {
    let bench = Bench::new().await;
    let key = bench.add_key(json!({})).await;
    let constraints = json!({
        "EncryptionContextEquals": {"tenant": "a"}, "EncryptionContextSubset": {"tenant": "a"},
    });
    let input = json!({
        "KeyId": key, "GranteePrincipal": root(OTHER), "Operations": ["Encrypt"],
        "Constraints": constraints,
    });
    for (number, operator) in [S, "StringNotEquals"].into_iter().enumerate() {
        let asked = json!({operator: {"kms:GrantConstraintType": "EncryptionContextEquals"}});
        let statements = json!([under(asked, allow("kms:*"))]);
        let user = bench
            .add_user(ACCOUNT, &format!("u{number}"), inline(&statements))
            .await;
        let answer = bench.call_with(&user, "CreateGrant", &input).await;
        assert_eq!(end(answer).unwrap_err().0, DENIED, "{operator}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_too_many_aliases_is_not_decided_by_them() {
    let bench = Bench::new().await;
    let key = bench.add_key(json!({})).await;
    let asked = json!({ANY: {"kms:ResourceAliases": "alias/0"}});
    let statements = json!([under(asked, allow("kms:*"))]);
    let user = bench.add_user(ACCOUNT, "u", inline(&statements)).await;
    let describe = json!({"KeyId": key});
    for number in 0..50 {
        let alias = json!({"AliasName": format!("alias/{number}"), "TargetKeyId": key});
        bench.call("CreateAlias", &alias).await.unwrap();
    }
    bench
        .call_with(&user, "DescribeKey", &describe)
        .await
        .unwrap();
    let name = KeyName {
        account: ACCOUNT.parse().unwrap(),
        region: REGION.parse().unwrap(),
        id: key.rsplit('/').next().unwrap().parse().unwrap(),
    };
    // None can be made, but a lower quota may be set one day.
    let one_more = Changes::default().put_key_alias(&name, "alias/50");
    bench.kms.records.commit(one_more).await.unwrap();
    let answer = bench.call_with(&user, "DescribeKey", &describe).await;
    assert_eq!(end(answer).unwrap_err().0, DENIED);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_sessions() {
    let bench = Bench::new().await;
    let key = bench.add_key(json!({})).await;
    let issued = bench.kms.env.clock.now().seconds().to_string();
    for (number, (operator, condition, holds, fails)) in [
        (S, "aws:PrincipalType", "AssumedRole", "User"),
        (
            "ArnLike",
            "aws:PrincipalArn",
            "arn:aws:iam::000000000000:role/r*",
            "arn:aws:sts::*:*",
        ),
        ("StringLike", "aws:userid", "AROA*:s", "AIDA*"),
        ("Null", "aws:username", "true", "false"),
        ("Bool", "aws:MultiFactorAuthPresent", "false", "true"),
        (S, "aws:SourceIdentity", "dave", "eve"),
        (S, "aws:PrincipalTag/team", "red", "blue"),
        (S, "aws:PrincipalTag/floor", "1", "2"),
        (
            "NumericLessThanEquals",
            "aws:EpochTime",
            issued.as_str(),
            "1",
        ),
        (
            "DateGreaterThan",
            "aws:TokenIssueTime",
            "2020-01-01",
            "2100-01-01",
        ),
        ("Null", "aws:FederatedProvider", "true", "false"),
    ]
    .into_iter()
    .enumerate()
    {
        for (value, expected) in [(holds, None), (fails, Some(DENIED))] {
            let asked = json!({operator: {condition: value}});
            let policies = inline(&json!([under(asked, allow("kms:*"))]));
            let name = format!("r{number}-{value}").replace([':', '*', '/'], "-");
            let session = bench.add_session(ACCOUNT, &name, policies, None).await;
            let answer = bench
                .call_with(&session, "DescribeKey", &json!({"KeyId": key}))
                .await;
            let found = end(answer).err().map(|(name, _)| name);
            assert_eq!(found, expected, "{condition} {value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn measurements_are_bare_digits_by_their_register() {
    let bench = Bench::new().await;
    let caller = bench.root();
    let call = bench.prepare(REGION, "GenerateRandom", &json!({}));
    let attestation = Attestation {
        module_id: "i-1-enc1".to_owned(),
        digest: Digest::Sha384,
        timestamp: UnixMillis(0),
        pcrs: BTreeMap::from([(0, vec![0xAB; 48]), (15, vec![1; 32])]),
        public_key: Vec::new(),
        user_data: None,
        nonce: None,
    };
    let context = RequestContext {
        kms: &bench.kms,
        action: "kms:GenerateRandom",
        caller: &caller,
        region: &call.region,
        source: &call.source,
        owner: caller.account,
        key: None,
        resource_tags: &[],
        fill: &|_| {},
        filled: OnceCell::new(),
        attested: OnceCell::from(Some(attestation)),
        stated: None,
    };
    for (name, expected) in [
        ("imagesha384", Some("ab".repeat(48))),
        ("pcr0", Some("ab".repeat(48))),
        ("pcr15", Some("01".repeat(32))),
        ("pcr00", None),
        ("pcr1", None),
        ("pcr", None),
        ("nitrotpmpcr0", None),
    ] {
        let found = context.values(&format!("kms:recipientattestation:{name}"));
        let expected = expected.map_or(Values::Absent, |text| Values::One(text.into()));
        assert_eq!(found, Ok(expected), "{name}");
    }
}
