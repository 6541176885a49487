//! The known answers, each with its source. Every key here is public.

use strongroom_base::hex;

use crate::signature::MlDsaLevel;

/// The bytes that `text` spells, white space aside; none when it is not hexadecimal.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(&digits).unwrap_or_default()
}

/// As [`bytes`], or zeros when the length is another.
pub(super) fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap_or([0; N])
}

// FIPS 180-4, SHA-256 example of one block.
pub(super) const SHA256_MESSAGE: &[u8] = b"abc";
pub(super) const SHA256_DIGEST: &str =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

// RFC 4231 §4.3.
pub(super) const HMAC_KEY: &[u8] = b"Jefe";
pub(super) const HMAC_MESSAGE: &[u8] = b"what do ya want for nothing?";
pub(super) const HMAC_TAG: &str =
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

// The same case of RFC 4231 with the longer hashes.
pub(super) const HMAC_SHA384_TAG: &str = "
    af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e
    8e2240ca5e69e2c78b3239ecfab21649";
pub(super) const HMAC_SHA512_TAG: &str = "
    164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554
    9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";

// NIST CAVP, KDFCTR_gen.rsp (CAVS 14.4), HMAC_SHA256, BEFORE_FIXED, 32_BITS, COUNT=30.
pub(super) const KBKDF_KEY: &str =
    "c4bedbddb66493e7c7259a3bbbc25f8c7e0ca7fe284d92d431d9cd99a0d214ac";
pub(super) const KBKDF_FIXED: &str = "
    1c69c54766791e315c2cc5c47ecd3ffab87d0d273dd920e70955814c220eacac
    e6a5946542da3dfe24ff626b4897898cafb7db83bdff3c14fa46fd4b";
pub(super) const KBKDF_OUT: &str = "
    1da47638d6c9c4d04d74d4640bbd42ab814d9e8cc22f4326695239f96b0693f1
    2d0dd1152cf44430";

// RFC 5869, appendix A.1, the first 32 bytes.
pub(super) const HKDF_SECRET: [u8; 22] = [0x0b; 22];
pub(super) const HKDF_SALT: &str = "000102030405060708090a0b0c";
pub(super) const HKDF_INFO: &str = "f0f1f2f3f4f5f6f7f8f9";
pub(super) const HKDF_OUT: &str =
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";

// RFC 9106 §5.3.
pub(super) const ARGON2ID_OUT: &str =
    "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";

// McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16.
pub(super) const GCM_KEY: &str = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
pub(super) const GCM_NONCE: &str = "cafebabefacedbaddecaf888";
pub(super) const GCM_AAD: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
pub(super) const GCM_PLAINTEXT: &str = "
    d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
pub(super) const GCM_SEALED: &str = "
    522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
    8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
    76fc6ece0f4e1768cddf8853bb2d551b";

// SP 800-38A appendix F.2.5, and the block of padding that CMS adds (computed with the Python package
// cryptography 48).
pub(super) const CBC_KEY: &str = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
pub(super) const CBC_IV: &str = "000102030405060708090a0b0c0d0e0f";
pub(super) const CBC_PLAINTEXT: &str = "
    6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51
    30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
pub(super) const CBC_CIPHERTEXT: &str = "
    f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d
    39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b
    3f461796d6b0d6b2e0c2a72b4d80e644";

// The key of the above as key-encryption key; computed with the Python package cryptography 48 (OpenSSL).
pub(super) const KEK: &str = CBC_KEY;
pub(super) const WRAPPED_PLAINTEXT: &str = "000102030405060708090a0b0c0d0e0f10111213";
pub(super) const WRAPPED: &str = "672c2fe56ce7bca7745e6d2c717d6491a64cb684a217b78079df64de767ffa93";

// RFC 7748 §6.1: Bob's private key, Alice's public key.
pub(super) const X25519_PRIVATE: &str =
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
pub(super) const X25519_PEER_PUBLIC: &str =
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
pub(super) const X25519_SHARED: &str =
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

// From Alice to Bob, computed with the Python package cryptography 48 (OpenSSL).
pub(super) const BOX_PURPOSE: &[u8] = b"purpose";
pub(super) const BOX_PLAINTEXT: &[u8] = b"plaintext";
pub(super) const BOX_SEALED: &str = "
    8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a
    3e5590357f1f08115c797d42017274f36c61b94c58cb64d327";

// secret + 53 x + ca x², computed with unbounded polynomial arithmetic in Python.
pub(super) const SHAMIR_SECRET: &str =
    "01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da";
pub(super) const SHAMIR_COEFFICIENTS: [u8; 2] = [0x53, 0xca];
pub(super) const SHAMIR_XS: [u8; 3] = [1, 2, 5];
pub(super) const SHAMIR_SHARES: &str = "
    9891968f84bdb2aba0d9ded7ccc5faf3e8e1e61f140d023b30292e275c554a43
    a2abacb5be8788919ae3e4edf6ffc0c9d2dbdc252e3738010a13141d666f7079
    dbd2d5ccc7fef1e8e39a9d948f86b9b0aba2a55c574e4178736a6d641f160900";

pub(super) const SIGNED_MESSAGE: &[u8] = b"sample";

// A key pair made for this test and used nowhere else; its signatures over the message with SHA-256,
// made with `openssl dgst` 3.
pub(super) const RSA_KEY: &[u8] = include_bytes!("rsa_2048_test_key.pk8");
pub(super) const RSA_PKCS1_SIGNATURE: &[u8] = include_bytes!("rsa_2048_pkcs1_sha256_sample.sig");
pub(super) const RSA_PSS_SIGNATURE: &[u8] = include_bytes!("rsa_2048_pss_sha256_sample.sig");
// The message encrypted to it with SHA-256, made with the Python package cryptography 48 (OpenSSL).
pub(super) const RSA_OAEP_CIPHERTEXT: &[u8] = include_bytes!("rsa_2048_oaep_sha256_sample.ct");
pub(super) const RSA_PUBLIC: &str = "
    30820122300d06092a864886f70d01010105000382010f003082010a02820101
    00c3bb4f2e3209e5dbd26aa924f4373eefe8fe37d1c13a3389376cec83f71b5b
    3738732443df924b77c0353fa96daefd4a01ad6b3411ab5eda27e013c8883cc7
    38696907962700915cad9ab3099017d5f8df2d207266acfbc9d8ef07be754d12
    6d92d32b1c8cedad5371c9c394ae8a843f9f916a88f2e9edf2c981f4dbfd5bb9
    f17fd7f3e1ad4f96b9088941f48bf57757173046129e42371cf7aea6901ab7d1
    512f43277a47b921312ea157b891ecca7c283f82bc03a6803fe3d5d7c785c3b7
    9f08f576424b7968e33bae4f1192f3e76134ebf2ddc05b733ad21447b781a24a
    d8ce3b40f96d74772a5917f05306c89f8cc97ad9a2ad13198158ae6e4a34c8c6
    930203010001";

// RFC 6979 appendix A.2.5, SHA-256 of the signed message, as SubjectPublicKeyInfo and ECDSA-Sig-Value.
pub(super) const P256_PUBLIC: &str = "
    3059301306072a8648ce3d020106082a8648ce3d030107034200
    0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
    7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
pub(super) const P256_SIGNATURE: &str = "
    3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
    022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

// Wycheproof, mlkem_768_test.json, tcId 2; the public key as SubjectPublicKeyInfo. The secret for the
// ciphertext with its first bit flipped is SHAKE-256 of z and that (FIPS 203 algorithm 18), computed with Python.
pub(super) const ML_KEM_SEED: &str = "
    7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d
    8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f";
pub(super) const ML_KEM_PUBLIC_SHA256: &str =
    "be3d8be8d6edfff504f0102e0eb282ee9d6155fe9d4228e2d80f9d60595d0d4a";
pub(super) const ML_KEM_CIPHERTEXT: &[u8] = include_bytes!("ml_kem_768.ct");
pub(super) const ML_KEM_SHARED: &str =
    "e7184a0975ee3470878d2d159ec83129c8aec253d4ee17b4810311d198cd0368";
pub(super) const ML_KEM_REJECTED: &str =
    "d8f24fa38430a171f93f27d46c52e0bc636d0a1fd5b9571951afbf1ad0b895a5";
// GB/T 32918.5-2017, annex A.2, encoded as DER.
pub(super) const SM2_MESSAGE: &[u8] = b"message digest";
pub(super) const SM2_PUBLIC: &str = "
    3059301306072a8648ce3d020106082a811ccf5501822d034200
    0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020
    ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
pub(super) const SM2_SIGNATURE: &str = "
    3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3
    022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
// The first test with a message in Wycheproof (C2SP/wycheproof, testvectors_v1) for the curve and hash.
pub(super) const EC_MESSAGE: &[u8] = b"Msg";
pub(super) const P384_PUBLIC: &str = "
    3076301006072a8648ce3d020106052b810400220362000429bdb76d5fa741bfd70233cb
    3a66cc7d44beb3b0663d92a8136650478bcefb61ef182e155a54345a5e8e5e88f064e5bc
    9a525ab7f764dad3dae1468c2b419f3b62b9ba917d5e8c4fb1ec47404a3fc76474b27130
    81be9db4c00e043ada9fc4a3";
pub(super) const P384_SIGNATURE: &str = "
    3066023100d7143a836608b25599a7f28dec6635494c2992ad1e2bbeecb7ef601a9c0174
    6e710ce0d9c48accb38a79ede5b9638f3402310080f9e165e8c61035bf8aa7b5533960e4
    6dd0e211c904a064edb6de41f797c0eae4e327612ee3f816f4157272bb4fabc9";
pub(super) const P521_PUBLIC: &str = "
    30819b301006072a8648ce3d020106052b810400230381860004012a908bfc5b70e17bdf
    ae74294994808bf2a42dab59af8b0523a026d640a2a3d6d344520b62177e2cfa339ca42f
    b0883ec425904fbda2833a3b5b0a9a00811365d8012333d532f8f8eb1a623c378a369465
    1192bbda833e3b8d7b8f90b2bfc9b045f8a55e1b6a5fe1512c400c4bc9c86fd7c699d642
    f5cee9bb827c8b0abc0da01cef1e";
pub(super) const P521_SIGNATURE: &str = "
    30818602415adc833cbc1d6141ced457bab2b01b0814054d7a28fa8bb2925d1e7525b7cf
    7d5c938a17abfb33426dcc05ce8d44db02f53a75ea04017dca51e1fbb14ce3311b140241
    5f69b2a6de129147a8437b79c72315d35173d88c2d6119085c90dae8ec05c55e067e7dfa
    4f681035e3dccab099291c0ecf4428332a9cb0736d16e79111ac76d766";
pub(super) const SECP256K1_PUBLIC: &str = "
    3056301006072a8648ce3d020106052b8104000a03420004782c8ed17e3b2a783b5464f3
    3b09652a71c678e05ec51e84e2bcfc663a3de963af9acb4280b8c7f7c42f4ef9aba6245e
    c1ec1712fd38a0fa96418d8cd6aa6152";
pub(super) const SECP256K1_SIGNATURE: &str = "
    30450220109cd8ae0374358984a8249c0a843628f2835ffad1df1a9a69aa2fe72355545c
    022100ac6f00daf53bd8b1e34da329359b6e08019c5b037fed79ee383ae39f85a159c6";

// Wycheproof, ecdh_secp256r1_test.json, tcId 1; the private key as PKCS#8 without the public key.
pub(super) const ECDH_PRIVATE: &str = "
    3041020100301306072a8648ce3d020106082a8648ce3d03010704273025020101042006
    12465c89a023ab17855b0a6bcebfd3febb53aef84138647b5352e02c10c346";
pub(super) const ECDH_PEER: &str = "
    3059301306072a8648ce3d020106082a8648ce3d0301070342000462d5bd3372af75fe85
    a040715d0f502428e07046868b0bfdfa61d731afe44f26ac333a93a9e70a81cd5a95b5bf
    8d13990eb741c8c38872b4a07d275a014e30cf";
pub(super) const ECDH_SHARED: &str = "
    53020d908b0219328b658b525f26780e3ae12bcd952bb25a93bc0895e1714285";

// RFC 8032 §7.1, TEST 2.
pub(super) const ED25519_SEED: &str =
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
pub(super) const ED25519_PUBLIC: &str =
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
pub(super) const ED25519_MESSAGE: &[u8] = &[0x72];
pub(super) const ED25519_SIGNATURE: &str = "
    92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
    085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

// RFC 8032 §7.3, TEST abc.
pub(super) const ED25519PH_SEED: &str =
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42";
pub(super) const ED25519PH_PUBLIC: &str =
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf";
pub(super) const ED25519PH_MESSAGE: &[u8] = b"abc";
pub(super) const ED25519PH_SIGNATURE: &str = "
    98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41
    31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406";

// Wycheproof, mldsa_{44,65,87}_{sign_seed,verify}_test.json, tcId 1: the seed, the SHA-256 of the public keys as
// SubjectPublicKeyInfo and, for ML-DSA-44, the signature.
pub(super) const ML_DSA_SEED: [u8; 32] = [0x2a; 32];
pub(super) const ML_DSA_PUBLIC_SHA256: [(MlDsaLevel, &str); 3] = [
    (
        MlDsaLevel::MlDsa44,
        "f48e365d447e29bdd1c071fb318fd6e2141320b3cf66728b6ea49148f8f2b7e9",
    ),
    (
        MlDsaLevel::MlDsa65,
        "79c1e1be76b51a329f3d04908e7f231842279894f71206967b68eeede3f1795d",
    ),
    (
        MlDsaLevel::MlDsa87,
        "d0bc39564a0b58cac445901e7d02e9ab49ccc7b0a71b3e6ef89a27fe1cd88904",
    ),
];
pub(super) const ML_DSA_MU: [u8; 64] = [0x2b; 64];
pub(super) const ML_DSA_MESSAGE: &[u8] = b"Hello world";
pub(super) const ML_DSA_SIGNATURE: &[u8] = include_bytes!("ml_dsa_44_hello_world.sig");
