//! The ways to use a key, as numbers that never change their meaning. Which scheme fits which key is the
//! key process's to decide.

crate::numbers! {
    /// How to encrypt and decrypt.
    EncryptionScheme: u8 {
        /// The message format of Symmetric keys.
        Symmetric = 1,
        /// RSAES-OAEP with SHA-1 and MGF1-SHA-1, no label (RFC 8017 §7.1).
        OaepSha1 = 2,
        /// RSAES-OAEP with SHA-256 and MGF1-SHA-256, no label.
        OaepSha256 = 3,
        /// SM2 public key encryption (GB/T 32918.4), ciphertext as ASN.1.
        Sm2 = 4,
    }
    /// How key material is wrapped on its way in.
    WrappingScheme: u8 {
        /// RSAES-OAEP with SHA-1 of the material.
        OaepSha1 = 1,
        /// RSAES-OAEP with SHA-256 of the material.
        OaepSha256 = 2,
        /// RSAES-OAEP with SHA-1 of an AES-256 key, then AES-KWP of the material (PKCS#11 CKM_RSA_AES_KEY_WRAP).
        AesSha1 = 3,
        /// The same with SHA-256.
        AesSha256 = 4,
        /// SM2 public key encryption of the material.
        Sm2 = 5,
    }
    /// How to sign and verify.
    SignatureScheme: u8 {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        RsaPkcs1Sha256 = 1,
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        RsaPkcs1Sha384 = 2,
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        RsaPkcs1Sha512 = 3,
        /// RSASSA-PSS with SHA-256, salt as long as the hash.
        RsaPssSha256 = 4,
        /// RSASSA-PSS with SHA-384.
        RsaPssSha384 = 5,
        /// RSASSA-PSS with SHA-512.
        RsaPssSha512 = 6,
        /// ECDSA with SHA-256, as DER.
        EcdsaSha256 = 7,
        /// ECDSA with SHA-384, as DER.
        EcdsaSha384 = 8,
        /// ECDSA with SHA-512, as DER.
        EcdsaSha512 = 9,
        /// Ed25519 (RFC 8032 §5.1.6).
        Ed25519 = 10,
        /// Ed25519ph (RFC 8032 §5.1), empty context.
        Ed25519Prehashed = 11,
        /// ML-DSA (FIPS 204), empty context, hedged.
        MlDsa = 12,
        /// SM2 signature (GB/T 32918.2) with SM3 and the default identifier.
        Sm2 = 13,
    }
    /// What the message of a signature is.
    SignatureInput: u8 {
        /// The message itself. Of Ed25519Prehashed, what is hashed first.
        Message = 1,
        /// Its hash, by the hash of the scheme. Not for Ed25519 and MlDsa.
        Digest = 2,
        /// The 64 bytes mu of FIPS 204 §6.2. Only for MlDsa.
        ExternalMu = 3,
    }
}
