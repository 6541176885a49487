//! Public keys, and what they are for.

use super::{
    EchoedKeySpec, EncapsulationAlgorithmSpecList, EncryptionAlgorithmSpecList, GrantTokenList,
    KeyAgreementAlgorithmSpecList, KeyIdType, KeySpec, KeyUsageType, SigningAlgorithmSpecList,
};
use crate::{blob, structure};

blob!(PublicKeyType, 1..=8192);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetPublicKeyRequest {
        key_id: KeyIdType = "KeyId", required;
        grant_tokens: GrantTokenList = "GrantTokens";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetPublicKeyResponse {
        key_id: KeyIdType = "KeyId";
        public_key: PublicKeyType = "PublicKey";
        customer_master_key_spec: EchoedKeySpec = "CustomerMasterKeySpec";
        key_spec: KeySpec = "KeySpec";
        key_usage: KeyUsageType = "KeyUsage";
        encryption_algorithms: EncryptionAlgorithmSpecList = "EncryptionAlgorithms";
        signing_algorithms: SigningAlgorithmSpecList = "SigningAlgorithms";
        key_agreement_algorithms: KeyAgreementAlgorithmSpecList = "KeyAgreementAlgorithms";
        encapsulation_algorithms: EncapsulationAlgorithmSpecList = "EncapsulationAlgorithms";
    }
}
