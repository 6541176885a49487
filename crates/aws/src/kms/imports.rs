//! Key material that the client brings, wrapped for one key.

use super::common::is_lower_hex;
use super::{
    BackingKeyIdType, CiphertextType, DateType, ExpirationModelType, KeyIdType, PlaintextType,
};
use crate::{enumeration, structure, text};

text!(
    BackingKeyIdResponseType,
    0..=64,
    "^[a-f0-9]+$",
    is_lower_hex
);
text!(
    KeyMaterialDescriptionType,
    0..=256,
    r"^[a-zA-Z0-9:/_\s.-]+$",
    is_material_description
);

enumeration!(AlgorithmSpec {
    RsaesPkcs1V15 = "RSAES_PKCS1_V1_5",
    RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
    RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
    RsaAesKeyWrapSha1 = "RSA_AES_KEY_WRAP_SHA_1",
    RsaAesKeyWrapSha256 = "RSA_AES_KEY_WRAP_SHA_256",
    Sm2Pke = "SM2PKE",
});

enumeration!(WrappingKeySpec {
    Rsa2048 = "RSA_2048",
    Rsa3072 = "RSA_3072",
    Rsa4096 = "RSA_4096",
    Sm2 = "SM2",
});

enumeration!(ImportType {
    NewKeyMaterial = "NEW_KEY_MATERIAL",
    ExistingKeyMaterial = "EXISTING_KEY_MATERIAL",
});

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetParametersForImportRequest {
        key_id: KeyIdType = "KeyId", required;
        wrapping_algorithm: AlgorithmSpec = "WrappingAlgorithm", required;
        wrapping_key_spec: WrappingKeySpec = "WrappingKeySpec", required;
    }
}

// The model gives the public key the shape of a plaintext, and so makes it sensitive.
structure! {
    #[derive(Default)]
    GetParametersForImportResponse {
        key_id: KeyIdType = "KeyId";
        import_token: CiphertextType = "ImportToken";
        public_key: PlaintextType = "PublicKey";
        parameters_valid_to: DateType = "ParametersValidTo";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ImportKeyMaterialRequest {
        key_id: KeyIdType = "KeyId", required;
        import_token: CiphertextType = "ImportToken", required;
        encrypted_key_material: CiphertextType = "EncryptedKeyMaterial", required;
        valid_to: DateType = "ValidTo";
        expiration_model: ExpirationModelType = "ExpirationModel";
        import_type: ImportType = "ImportType";
        key_material_description: KeyMaterialDescriptionType = "KeyMaterialDescription";
        key_material_id: BackingKeyIdType = "KeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ImportKeyMaterialResponse {
        key_id: KeyIdType = "KeyId";
        key_material_id: BackingKeyIdType = "KeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteImportedKeyMaterialRequest {
        key_id: KeyIdType = "KeyId", required;
        key_material_id: BackingKeyIdType = "KeyMaterialId";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DeleteImportedKeyMaterialResponse {
        key_id: KeyIdType = "KeyId";
        key_material_id: BackingKeyIdResponseType = "KeyMaterialId";
    }
}

fn is_material_description(text: &str) -> bool {
    // What `\s` means in Java's expressions.
    let space = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let mark = |byte: u8| matches!(byte, b':' | b'/' | b'_' | b'.' | b'-');
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || mark(byte) || space(byte);
    !text.is_empty() && text.bytes().all(letter)
}
