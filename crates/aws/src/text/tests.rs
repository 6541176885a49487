use super::*;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
const MULTI_REGION_KEY: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/mrk-00000000000000000000000000000001";
const CALLER: &str = "arn:aws:iam::111122223333:user/u";

fn check(texts: &[(String, String)]) {
    for (ours, recorded) in texts {
        assert_eq!(ours, recorded);
    }
}

/// What is recorded of AWS, with the key of this test in its place.
fn of_key(rest: &str) -> String {
    format!("{KEY} {rest}")
}

#[test]
fn states_and_fitness_of_keys() {
    check(&[
        (
            key_pending_replica_deletion(KEY),
            of_key("is pending replica deletion."),
        ),
        (key_pending_import(KEY), of_key("is pending import.")),
        (key_unavailable(KEY), of_key("is unavailable.")),
        (key_creating(KEY), of_key("is creating.")),
        (key_updating(KEY), of_key("is updating.")),
        (
            key_usage_not_valid(KEY, "ENCRYPT_DECRYPT", "GenerateMac"),
            of_key("key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac."),
        ),
        (
            origin_not_valid(KEY, "AWS_KMS"),
            of_key("origin is AWS_KMS which is not valid for this operation."),
        ),
        (
            key_spec_without_origin("ML_DSA_44", "EXTERNAL"),
            "KeySpec ML_DSA_44 is not supported for Origin EXTERNAL".to_owned(),
        ),
    ]);
}

#[test]
fn cryptographic_operations() {
    check(&[
        (
            plaintext_too_long("RSAES_OAEP_SHA_1", "RSA_2048", 214),
            "Algorithm RSAES_OAEP_SHA_1 and key spec RSA_2048 cannot encrypt data larger than 214 bytes.".to_owned(),
        ),
        (
            digest_length("ECDSA_SHA_256"),
            "Digest is invalid length for algorithm ECDSA_SHA_256.".to_owned(),
        ),
        (
            external_mu_length("ML_DSA_SHAKE_256"),
            "External Mu is invalid length for algorithm ML_DSA_SHAKE_256.".to_owned(),
        ),
        (
            message_type_without_key_spec("EXTERNAL_MU", "ECC_NIST_P256"),
            "Message type EXTERNAL_MU is incompatible with key spec ECC_NIST_P256.".to_owned(),
        ),
        (
            message_type_without_algorithm("DIGEST", "ED25519_SHA_512"),
            "Message type DIGEST is incompatible with algorithm ED25519_SHA_512.".to_owned(),
        ),
    ]);
}

#[test]
fn imports_and_rotation() {
    check(&[
        (
            wrapping_unfit("RSA_AES_KEY_WRAP_SHA_256", "RSA_2048", "SYMMETRIC_DEFAULT"),
            "Wrapping algorithm RSA_AES_KEY_WRAP_SHA_256 and wrapping key spec RSA_2048 cannot be used to import a SYMMETRIC_DEFAULT key.".to_owned(),
        ),
        (
            import_parameter_unfit("importType", "HMAC_256"),
            "Input parameter importType cannot be used with HMAC_256 imported keys.".to_owned(),
        ),
        (
            key_material_unexpected("00ff"),
            "Imported key material does not have the expected identifier (00ff).".to_owned(),
        ),
        (
            key_material_not_new("00ff", KEY),
            format!("Key material (id: 00ff) being imported as NEW_KEY_MATERIAL is already associated with KMS key {KEY}."),
        ),
        (
            other_key_material_pending("00ff", KEY, "aa"),
            format!("New key material (id: 00ff) cannot be imported into KMS key {KEY}, because another key material (id: aa) is pending rotation."),
        ),
        (
            key_material_never_imported("00ff", KEY),
            format!("Key material (id: 00ff) has never been imported into KMS key {KEY}."),
        ),
        (
            rotations_exhausted(KEY),
            format!("The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: {KEY}"),
        ),
        (
            no_key_material_pending(KEY),
            format!("No available key material pending rotation for the key: {KEY}."),
        ),
    ]);
}

#[test]
fn multi_region_keys() {
    check(&[
        (
            replica_not_valid(MULTI_REGION_KEY, "EnableKeyRotation"),
            format!("{MULTI_REGION_KEY} is a multi-region replica key which is not valid for EnableKeyRotation."),
        ),
        (
            replicate_needs_primary(MULTI_REGION_KEY),
            format!("{MULTI_REGION_KEY} is not a multi-region primary key."),
        ),
        (
            update_needs_primary(MULTI_REGION_KEY),
            format!("{MULTI_REGION_KEY} is not a multi-Region primary key."),
        ),
        (
            region_has_primary("us-east-1"),
            "us-east-1 cannot have a replica because it contains the primary.".to_owned(),
        ),
        (
            region_not_valid("us-invalid-1"),
            "Region us-invalid-1 is not a valid Region or multi-Region keys are not supported in Region us-invalid-1.".to_owned(),
        ),
        (
            no_replica_in_region("mrk-1"),
            "mrk-1 does not have a replica key in the specified Region.".to_owned(),
        ),
        (
            too_many_materials_to_replicate(200),
            "A key with more than 200 key materials cannot be replicated.".to_owned(),
        ),
    ]);
}

#[test]
fn grants_and_denials() {
    let valid = [
        "CreateGrant",
        "RetireGrant",
        "DescribeKey",
        "GenerateMac",
        "VerifyMac",
    ];
    check(&[
        (
            grant_operations_unfit(&["Encrypt"], Symmetry::Symmetric, "GENERATE_VERIFY_MAC", &valid),
            "Operations [Encrypt] are not supported when creating a grant for a symmetric KMS key with key usage GENERATE_VERIFY_MAC. Valid operations are [CreateGrant, RetireGrant, DescribeKey, GenerateMac, VerifyMac]".to_owned(),
        ),
        (
            grant_operations_unfit(&["Sign", "Verify"], Symmetry::Asymmetric, "KEY_AGREEMENT", &["CreateGrant"]),
            "Operations [Sign, Verify] are not supported when creating a grant for an asymmetric KMS key with key usage KEY_AGREEMENT. Valid operations are [CreateGrant]".to_owned(),
        ),
        (
            principal_not_valid(CALLER),
            format!("ARN does not refer to a valid principal: {CALLER}"),
        ),
        (principal_arn_not_valid("arn:x"), "ARN is not valid: arn:x".to_owned()),
        (
            principal_member_not_valid("GranteePrincipal"),
            "GranteePrincipal does not refer to a valid principal.".to_owned(),
        ),
        (
            retiring_principal_not_found("AROAEXAMPLE:x"),
            "Retiring principal AROAEXAMPLE:x could not be found".to_owned(),
        ),
        (invalid_arn("1111"), "Invalid arn 1111".to_owned()),
        (
            denied_by_identity(CALLER, "kms:Sign", KEY),
            format!("User: {CALLER} is not authorized to perform: kms:Sign on resource: {KEY} because no identity-based policy allows the kms:Sign action"),
        ),
        (
            denied_without(CALLER, "kms:DescribeKey", Where::ThisResource, "identity-based policy"),
            format!("User: {CALLER} is not authorized to perform: kms:DescribeKey on this resource because no identity-based policy allows the kms:DescribeKey action"),
        ),
        (
            denied_explicitly(CALLER, "kms:Sign", Where::Resource(KEY), "identity-based policy", Some("own")),
            format!("User: {CALLER} is not authorized to perform: kms:Sign on resource: {KEY} with an explicit deny in an identity-based policy: own"),
        ),
        (
            denied_explicitly(CALLER, "kms:TagResource", Where::Nowhere, "session policy", None),
            format!("User: {CALLER} is not authorized to perform: kms:TagResource with an explicit deny in a session policy"),
        ),
    ]);
}

#[test]
fn identities() {
    let policy = "arn:aws:iam::111122223333:policy/p";
    check(&[
        (
            iam::no_such_user("X"),
            "The user with name X cannot be found.".to_owned(),
        ),
        (
            iam::no_such_role("X"),
            "The role with name X cannot be found.".to_owned(),
        ),
        (
            iam::no_such_policy(policy),
            "Policy arn:aws:iam::111122223333:policy/p was not found.".to_owned(),
        ),
        (
            iam::not_attachable(policy),
            "Policy arn:aws:iam::111122223333:policy/p does not exist or is not attachable."
                .to_owned(),
        ),
        (
            iam::user_exists("X"),
            "User with name X already exists.".to_owned(),
        ),
        (
            iam::invalid_principal("AWS", CALLER),
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::111122223333:user/u\"".to_owned(),
        ),
        (
            iam::quota_exceeded("AccessKeysPerUser", 2),
            "Cannot exceed quota for AccessKeysPerUser: 2".to_owned(),
        ),
    ]);
}

#[test]
fn sessions() {
    let role = "arn:aws:iam::111122223333:role/r";
    check(&[
        (
            sts::invalid_arn(role),
            "arn:aws:iam::111122223333:role/r is invalid".to_owned(),
        ),
        (
            sts::denied_role(CALLER, "sts:AssumeRole", role),
            "User: arn:aws:iam::111122223333:user/u is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/r".to_owned(),
        ),
        (
            sts::session_credentials("GetSessionToken"),
            "Cannot call GetSessionToken with session credentials".to_owned(),
        ),
    ]);
}
