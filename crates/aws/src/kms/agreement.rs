//! Secrets shared by key agreement and key encapsulation. What carries one has no `Debug`.

use super::{
    CiphertextType, EncapsulationAlgorithmSpec, GrantTokenList, KeyAgreementAlgorithmSpec,
    KeyIdType, NullableBooleanType, OriginType, PlaintextType, PublicKeyType, RecipientInfo,
};
use crate::structure;

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeriveSharedSecretRequest {
        key_id: KeyIdType = "KeyId", required;
        key_agreement_algorithm: KeyAgreementAlgorithmSpec = "KeyAgreementAlgorithm", required;
        public_key: PublicKeyType = "PublicKey", required;
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
        recipient: RecipientInfo = "Recipient";
    }
}

structure! {
    #[derive(Default)]
    DeriveSharedSecretResponse {
        key_id: KeyIdType = "KeyId";
        shared_secret: PlaintextType = "SharedSecret";
        ciphertext_for_recipient: CiphertextType = "CiphertextForRecipient";
        key_agreement_algorithm: KeyAgreementAlgorithmSpec = "KeyAgreementAlgorithm";
        key_origin: OriginType = "KeyOrigin";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    EncapsulateRequest {
        key_id: KeyIdType = "KeyId", required;
        encapsulation_algorithm: EncapsulationAlgorithmSpec = "EncapsulationAlgorithm", required;
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Default)]
    EncapsulateResponse {
        key_id: KeyIdType = "KeyId";
        shared_secret: PlaintextType = "SharedSecret";
        shared_secret_ciphertext_blob: CiphertextType = "SharedSecretCiphertextBlob";
        encapsulation_algorithm: EncapsulationAlgorithmSpec = "EncapsulationAlgorithm";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DecapsulateRequest {
        key_id: KeyIdType = "KeyId", required;
        shared_secret_ciphertext_blob: CiphertextType = "SharedSecretCiphertextBlob", required;
        encapsulation_algorithm: EncapsulationAlgorithmSpec = "EncapsulationAlgorithm", required;
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Default)]
    DecapsulateResponse {
        key_id: KeyIdType = "KeyId";
        shared_secret: PlaintextType = "SharedSecret";
        encapsulation_algorithm: EncapsulationAlgorithmSpec = "EncapsulationAlgorithm";
    }
}
