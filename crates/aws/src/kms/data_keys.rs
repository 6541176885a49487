//! Data keys and data key pairs. What carries a plaintext has no `Debug`.

use super::{
    BackingKeyIdType, CiphertextType, EncryptionContextType, GrantTokenList, KeyIdType,
    NullableBooleanType, NumberOfBytesType, PlaintextType, PublicKeyType, RecipientInfo,
};
use crate::{enumeration, structure};

enumeration!(DataKeySpec {
    Aes256 = "AES_256",
    Aes128 = "AES_128",
});

enumeration!(DataKeyPairSpec {
    Rsa2048 = "RSA_2048",
    Rsa3072 = "RSA_3072",
    Rsa4096 = "RSA_4096",
    EccNistP256 = "ECC_NIST_P256",
    EccNistP384 = "ECC_NIST_P384",
    EccNistP521 = "ECC_NIST_P521",
    EccSecgP256k1 = "ECC_SECG_P256K1",
    Sm2 = "SM2",
    EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
    MlKem512 = "ML_KEM_512",
    MlKem768 = "ML_KEM_768",
    MlKem1024 = "ML_KEM_1024",
});

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GenerateDataKeyRequest {
        key_id: KeyIdType = "KeyId", required;
        encryption_context: EncryptionContextType = "EncryptionContext";
        number_of_bytes: NumberOfBytesType = "NumberOfBytes";
        key_spec: DataKeySpec = "KeySpec";
        grant_tokens: GrantTokenList = "GrantTokens";
        recipient: RecipientInfo = "Recipient";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Default)]
    GenerateDataKeyResponse {
        ciphertext_blob: CiphertextType = "CiphertextBlob";
        plaintext: PlaintextType = "Plaintext";
        key_id: KeyIdType = "KeyId";
        ciphertext_for_recipient: CiphertextType = "CiphertextForRecipient";
        key_material_id: BackingKeyIdType = "KeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GenerateDataKeyWithoutPlaintextRequest {
        key_id: KeyIdType = "KeyId", required;
        encryption_context: EncryptionContextType = "EncryptionContext";
        key_spec: DataKeySpec = "KeySpec";
        number_of_bytes: NumberOfBytesType = "NumberOfBytes";
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GenerateDataKeyWithoutPlaintextResponse {
        ciphertext_blob: CiphertextType = "CiphertextBlob";
        key_id: KeyIdType = "KeyId";
        key_material_id: BackingKeyIdType = "KeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GenerateDataKeyPairRequest {
        encryption_context: EncryptionContextType = "EncryptionContext";
        key_id: KeyIdType = "KeyId", required;
        key_pair_spec: DataKeyPairSpec = "KeyPairSpec", required;
        grant_tokens: GrantTokenList = "GrantTokens";
        recipient: RecipientInfo = "Recipient";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Default)]
    GenerateDataKeyPairResponse {
        private_key_ciphertext_blob: CiphertextType = "PrivateKeyCiphertextBlob";
        private_key_plaintext: PlaintextType = "PrivateKeyPlaintext";
        public_key: PublicKeyType = "PublicKey";
        key_id: KeyIdType = "KeyId";
        key_pair_spec: DataKeyPairSpec = "KeyPairSpec";
        ciphertext_for_recipient: CiphertextType = "CiphertextForRecipient";
        key_material_id: BackingKeyIdType = "KeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GenerateDataKeyPairWithoutPlaintextRequest {
        encryption_context: EncryptionContextType = "EncryptionContext";
        key_id: KeyIdType = "KeyId", required;
        key_pair_spec: DataKeyPairSpec = "KeyPairSpec", required;
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GenerateDataKeyPairWithoutPlaintextResponse {
        private_key_ciphertext_blob: CiphertextType = "PrivateKeyCiphertextBlob";
        public_key: PublicKeyType = "PublicKey";
        key_id: KeyIdType = "KeyId";
        key_pair_spec: DataKeyPairSpec = "KeyPairSpec";
        key_material_id: BackingKeyIdType = "KeyMaterialId";
    }
}
