//! Encrypting, decrypting and random bytes. What carries a plaintext has no `Debug`.

use super::{
    BackingKeyIdType, CustomKeyStoreIdType, GrantTokenList, KeyIdType, NullableBooleanType,
};
use crate::{blob, enumeration, integer, list, map, structure, text};

blob!(secret PlaintextType, 1..=4096);
blob!(CiphertextType, 1..=6144);
blob!(AttestationDocumentType, 1..=262144);
text!(EncryptionContextKey);
text!(EncryptionContextValue);
map!(EncryptionContextType, EncryptionContextKey => EncryptionContextValue);
integer!(NumberOfBytesType, 1..=1024);

enumeration!(EncryptionAlgorithmSpec {
    SymmetricDefault = "SYMMETRIC_DEFAULT",
    RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
    RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
    Sm2Pke = "SM2PKE",
});

enumeration!(KeyEncryptionMechanism { RsaesOaepSha256 = "RSAES_OAEP_SHA_256" });
enumeration!(DryRunModifierType { IgnoreCiphertext = "IGNORE_CIPHERTEXT" });

list!(EncryptionAlgorithmSpecList of EncryptionAlgorithmSpec);
list!(DryRunModifierList of DryRunModifierType);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    RecipientInfo {
        key_encryption_algorithm: KeyEncryptionMechanism = "KeyEncryptionAlgorithm";
        attestation_document: AttestationDocumentType = "AttestationDocument";
    }
}

structure! {
    EncryptRequest {
        key_id: KeyIdType = "KeyId", required;
        plaintext: PlaintextType = "Plaintext", required;
        encryption_context: EncryptionContextType = "EncryptionContext";
        grant_tokens: GrantTokenList = "GrantTokens";
        encryption_algorithm: EncryptionAlgorithmSpec = "EncryptionAlgorithm";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    EncryptResponse {
        ciphertext_blob: CiphertextType = "CiphertextBlob";
        key_id: KeyIdType = "KeyId";
        encryption_algorithm: EncryptionAlgorithmSpec = "EncryptionAlgorithm";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DecryptRequest {
        ciphertext_blob: CiphertextType = "CiphertextBlob";
        encryption_context: EncryptionContextType = "EncryptionContext";
        grant_tokens: GrantTokenList = "GrantTokens";
        key_id: KeyIdType = "KeyId";
        encryption_algorithm: EncryptionAlgorithmSpec = "EncryptionAlgorithm";
        recipient: RecipientInfo = "Recipient";
        dry_run: NullableBooleanType = "DryRun";
        dry_run_modifiers: DryRunModifierList = "DryRunModifiers";
    }
}

structure! {
    #[derive(Default)]
    DecryptResponse {
        key_id: KeyIdType = "KeyId";
        plaintext: PlaintextType = "Plaintext";
        encryption_algorithm: EncryptionAlgorithmSpec = "EncryptionAlgorithm";
        ciphertext_for_recipient: CiphertextType = "CiphertextForRecipient";
        key_material_id: BackingKeyIdType = "KeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ReEncryptRequest {
        ciphertext_blob: CiphertextType = "CiphertextBlob";
        source_encryption_context: EncryptionContextType = "SourceEncryptionContext";
        source_key_id: KeyIdType = "SourceKeyId";
        destination_key_id: KeyIdType = "DestinationKeyId", required;
        destination_encryption_context: EncryptionContextType = "DestinationEncryptionContext";
        source_encryption_algorithm: EncryptionAlgorithmSpec = "SourceEncryptionAlgorithm";
        destination_encryption_algorithm: EncryptionAlgorithmSpec =
            "DestinationEncryptionAlgorithm";
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
        dry_run_modifiers: DryRunModifierList = "DryRunModifiers";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ReEncryptResponse {
        ciphertext_blob: CiphertextType = "CiphertextBlob";
        source_key_id: KeyIdType = "SourceKeyId";
        key_id: KeyIdType = "KeyId";
        source_encryption_algorithm: EncryptionAlgorithmSpec = "SourceEncryptionAlgorithm";
        destination_encryption_algorithm: EncryptionAlgorithmSpec =
            "DestinationEncryptionAlgorithm";
        source_key_material_id: BackingKeyIdType = "SourceKeyMaterialId";
        destination_key_material_id: BackingKeyIdType = "DestinationKeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GenerateRandomRequest {
        number_of_bytes: NumberOfBytesType = "NumberOfBytes";
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId";
        recipient: RecipientInfo = "Recipient";
    }
}

structure! {
    #[derive(Default)]
    GenerateRandomResponse {
        plaintext: PlaintextType = "Plaintext";
        ciphertext_for_recipient: CiphertextType = "CiphertextForRecipient";
    }
}
