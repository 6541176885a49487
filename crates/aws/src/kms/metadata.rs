//! What KMS tells of a key. Members stand in the order in which AWS writes them.

use super::common::{is_lower_hex, is_region};
use super::{
    ArnType, BooleanType, CustomKeyStoreIdType, DateType, EncryptionAlgorithmSpecList, KeyIdType,
    NullableBooleanType,
};
use crate::json::{Json, Writer};
use crate::shape::{Malformed, Model, Path, Shape, Violations};
use crate::{enumeration, integer, list, structure, text};

text!(AWSAccountIdType);
text!(DescriptionType, 0..=8192);
text!(BackingKeyIdType, 64..=64, "^[a-f0-9]+$", is_lower_hex);
text!(
    CloudHsmClusterIdType,
    19..=24,
    "cluster-[2-7a-zA-Z]{11,16}",
    is_cluster_id
);
text!(RegionType, 1..=32, r"^([a-z]+-){2,3}\d+$", is_region);
text!(XksKeyIdType, 1..=128, "^[a-zA-Z0-9-_.]+$", is_xks_key_id);
integer!(PendingWindowInDaysType, 1..=365);

enumeration!(KeyUsageType {
    SignVerify = "SIGN_VERIFY",
    EncryptDecrypt = "ENCRYPT_DECRYPT",
    GenerateVerifyMac = "GENERATE_VERIFY_MAC",
    KeyAgreement = "KEY_AGREEMENT",
    EncapsulateDecapsulate = "ENCAPSULATE_DECAPSULATE",
});

enumeration!(KeyState {
    Creating = "Creating",
    Enabled = "Enabled",
    Disabled = "Disabled",
    PendingDeletion = "PendingDeletion",
    PendingImport = "PendingImport",
    PendingReplicaDeletion = "PendingReplicaDeletion",
    Unavailable = "Unavailable",
    Updating = "Updating",
});

enumeration!(OriginType {
    AwsKms = "AWS_KMS",
    External = "EXTERNAL",
    AwsCloudHsm = "AWS_CLOUDHSM",
    ExternalKeyStore = "EXTERNAL_KEY_STORE",
});

enumeration!(ExpirationModelType {
    KeyMaterialExpires = "KEY_MATERIAL_EXPIRES",
    KeyMaterialDoesNotExpire = "KEY_MATERIAL_DOES_NOT_EXPIRE",
});

enumeration!(KeyManagerType {
    Aws = "AWS",
    Customer = "CUSTOMER",
});

enumeration!(KeySpec {
    Rsa2048 = "RSA_2048",
    Rsa3072 = "RSA_3072",
    Rsa4096 = "RSA_4096",
    EccNistP256 = "ECC_NIST_P256",
    EccNistP384 = "ECC_NIST_P384",
    EccNistP521 = "ECC_NIST_P521",
    EccSecgP256k1 = "ECC_SECG_P256K1",
    SymmetricDefault = "SYMMETRIC_DEFAULT",
    Hmac224 = "HMAC_224",
    Hmac256 = "HMAC_256",
    Hmac384 = "HMAC_384",
    Hmac512 = "HMAC_512",
    Sm2 = "SM2",
    MlDsa44 = "ML_DSA_44",
    MlDsa65 = "ML_DSA_65",
    MlDsa87 = "ML_DSA_87",
    EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
    MlKem512 = "ML_KEM_512",
    MlKem768 = "ML_KEM_768",
    MlKem1024 = "ML_KEM_1024",
});

enumeration!(CustomerMasterKeySpec {
    Rsa2048 = "RSA_2048",
    Rsa3072 = "RSA_3072",
    Rsa4096 = "RSA_4096",
    EccNistP256 = "ECC_NIST_P256",
    EccNistP384 = "ECC_NIST_P384",
    EccNistP521 = "ECC_NIST_P521",
    EccSecgP256k1 = "ECC_SECG_P256K1",
    SymmetricDefault = "SYMMETRIC_DEFAULT",
    Hmac224 = "HMAC_224",
    Hmac256 = "HMAC_256",
    Hmac384 = "HMAC_384",
    Hmac512 = "HMAC_512",
    Sm2 = "SM2",
});

enumeration!(SigningAlgorithmSpec {
    RsassaPssSha256 = "RSASSA_PSS_SHA_256",
    RsassaPssSha384 = "RSASSA_PSS_SHA_384",
    RsassaPssSha512 = "RSASSA_PSS_SHA_512",
    RsassaPkcs1V15Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
    RsassaPkcs1V15Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
    RsassaPkcs1V15Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
    EcdsaSha256 = "ECDSA_SHA_256",
    EcdsaSha384 = "ECDSA_SHA_384",
    EcdsaSha512 = "ECDSA_SHA_512",
    Sm2Dsa = "SM2DSA",
    MlDsaShake256 = "ML_DSA_SHAKE_256",
    Ed25519Sha512 = "ED25519_SHA_512",
    Ed25519PhSha512 = "ED25519_PH_SHA_512",
});

enumeration!(KeyAgreementAlgorithmSpec { Ecdh = "ECDH" });
enumeration!(EncapsulationAlgorithmSpec { MlKem = "ML_KEM" });

enumeration!(MacAlgorithmSpec {
    HmacSha224 = "HMAC_SHA_224",
    HmacSha256 = "HMAC_SHA_256",
    HmacSha384 = "HMAC_SHA_384",
    HmacSha512 = "HMAC_SHA_512",
});

enumeration!(MultiRegionKeyType {
    Primary = "PRIMARY",
    Replica = "REPLICA",
});

list!(SigningAlgorithmSpecList of SigningAlgorithmSpec);
list!(KeyAgreementAlgorithmSpecList of KeyAgreementAlgorithmSpec);
list!(EncapsulationAlgorithmSpecList of EncapsulationAlgorithmSpec);
list!(MacAlgorithmSpecList of MacAlgorithmSpec);
list!(MultiRegionKeyList of MultiRegionKey);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    KeyMetadata {
        aws_account_id: AWSAccountIdType = "AWSAccountId";
        key_id: KeyIdType = "KeyId", required;
        arn: ArnType = "Arn";
        creation_date: DateType = "CreationDate";
        enabled: BooleanType = "Enabled";
        description: DescriptionType = "Description";
        key_usage: KeyUsageType = "KeyUsage";
        key_state: KeyState = "KeyState";
        deletion_date: DateType = "DeletionDate";
        valid_to: DateType = "ValidTo";
        origin: OriginType = "Origin";
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId";
        cloud_hsm_cluster_id: CloudHsmClusterIdType = "CloudHsmClusterId";
        expiration_model: ExpirationModelType = "ExpirationModel";
        key_manager: KeyManagerType = "KeyManager";
        customer_master_key_spec: EchoedKeySpec = "CustomerMasterKeySpec";
        key_spec: KeySpec = "KeySpec";
        encryption_algorithms: EncryptionAlgorithmSpecList = "EncryptionAlgorithms";
        signing_algorithms: SigningAlgorithmSpecList = "SigningAlgorithms";
        key_agreement_algorithms: KeyAgreementAlgorithmSpecList = "KeyAgreementAlgorithms";
        encapsulation_algorithms: EncapsulationAlgorithmSpecList = "EncapsulationAlgorithms";
        multi_region: NullableBooleanType = "MultiRegion";
        multi_region_configuration: MultiRegionConfiguration = "MultiRegionConfiguration";
        pending_deletion_window_in_days: PendingWindowInDaysType = "PendingDeletionWindowInDays";
        mac_algorithms: MacAlgorithmSpecList = "MacAlgorithms";
        xks_key_configuration: XksKeyConfigurationType = "XksKeyConfiguration";
        current_key_material_id: BackingKeyIdType = "CurrentKeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    MultiRegionConfiguration {
        multi_region_key_type: MultiRegionKeyType = "MultiRegionKeyType";
        primary_key: MultiRegionKey = "PrimaryKey";
        replica_keys: MultiRegionKeyList = "ReplicaKeys";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    MultiRegionKey {
        arn: ArnType = "Arn";
        region: RegionType = "Region";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    XksKeyConfigurationType {
        id: XksKeyIdType = "Id";
    }
}

impl From<CustomerMasterKeySpec> for KeySpec {
    fn from(spec: CustomerMasterKeySpec) -> Self {
        match spec {
            CustomerMasterKeySpec::Rsa2048 => Self::Rsa2048,
            CustomerMasterKeySpec::Rsa3072 => Self::Rsa3072,
            CustomerMasterKeySpec::Rsa4096 => Self::Rsa4096,
            CustomerMasterKeySpec::EccNistP256 => Self::EccNistP256,
            CustomerMasterKeySpec::EccNistP384 => Self::EccNistP384,
            CustomerMasterKeySpec::EccNistP521 => Self::EccNistP521,
            CustomerMasterKeySpec::EccSecgP256k1 => Self::EccSecgP256k1,
            CustomerMasterKeySpec::SymmetricDefault => Self::SymmetricDefault,
            CustomerMasterKeySpec::Hmac224 => Self::Hmac224,
            CustomerMasterKeySpec::Hmac256 => Self::Hmac256,
            CustomerMasterKeySpec::Hmac384 => Self::Hmac384,
            CustomerMasterKeySpec::Hmac512 => Self::Hmac512,
            CustomerMasterKeySpec::Sm2 => Self::Sm2,
        }
    }
}

/// The CustomerMasterKeySpec of a reply: AWS echoes every KeySpec there, also those that the model's
/// CustomerMasterKeySpec lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoedKeySpec(pub KeySpec);

impl Shape for EchoedKeySpec {
    const MODEL: &'static Model = CustomerMasterKeySpec::MODEL;

    fn decode(
        json: &Json,
        path: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Self>, Malformed> {
        Ok(KeySpec::decode(json, path, violations)?.map(Self))
    }

    fn encode(&self, out: &mut Writer) {
        self.0.encode(out);
    }
}

fn is_cluster_id(text: &str) -> bool {
    text.strip_prefix("cluster-").is_some_and(|rest| {
        let letter = |byte: u8| matches!(byte, b'2'..=b'7' | b'a'..=b'z' | b'A'..=b'Z');
        (11..=16).contains(&rest.len()) && rest.bytes().all(letter)
    })
}

fn is_xks_key_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(letter)
}
