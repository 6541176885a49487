use super::der::{self, Cipher, Signature};
use super::{InvalidPlaintext, PLAINTEXT_BYTES_MAX, Sm2KeyPair, Sm2PublicKey, dsa, pke, sm3};
use crate::Unauthentic;
use crate::exchange::InvalidPublicKey;
use crate::signature::{Curve, EcKeyPair, KeyRejected};
use crate::test_vectors::{array, bytes};
use ::sm2::SecretKey;

// GB/T 32918.5-2017, annex A: the key pair, the signature of A.2, the encryption of A.4. Both
// examples use the same key pair and the same nonce.
const PRIVATE: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const PUBLIC: &str = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020
    ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const NONCE: &str = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21";
const MESSAGE: &[u8] = b"message digest";
const DIGEST: &str = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640";
const R: &str = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
const S: &str = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
const PLAINTEXT: &[u8] = b"encryption standard";
const C1_X: &str = "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73";
const C1_Y: &str = "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0";
const C2: &str = "21886ca989ca9c7d58087307ca93092d651efa";
const C3: &str = "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766";
/// x2: the x coordinate of the private key times C1.
const SHARED_X: &str = "335e18d751e51f040e27d468138b7ab1dc86ad7f981d7d416222fd6ab3ed230d";

// The order n of the curve (GB/T 32918.5).
const ORDER: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";

// Made with OpenSSL 3.0.19: genpkey -algorithm SM2; pkcs8 -topk8 -nocrypt; pkey -pubout;
// pkeyutl -sign -rawin -digest sm3 -pkeyopt distid:1234567812345678; pkeyutl -encrypt.
const OPENSSL_MESSAGE: &[u8] = b"Strongroom signs with SM2";
const OPENSSL_PKCS8: &str = "
    308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b020101042020c5a701
    e2ad1cf2f92e63d395656bc5deb06907721472ea59e3220e7df548aea144034200044a872ae0e9e4
    ee35bf5d3ca704d90d3dd52c2849a6b0affdddf2fce015ea2f4d4e78a88c50dacf704b619f495629
    c13633b456faa46455f783ccbc6bb4b341c2";
const OPENSSL_SPKI: &str = "
    3059301306072a8648ce3d020106082a811ccf5501822d034200044a872ae0e9e4ee35bf5d3ca704
    d90d3dd52c2849a6b0affdddf2fce015ea2f4d4e78a88c50dacf704b619f495629c13633b456faa4
    6455f783ccbc6bb4b341c2";
const OPENSSL_SIGNATURE: &str = "
    304402205d9b7253b81a31022b6cee4311906bd1d405d5735cfe602a8321582857bb838702205727
    451b28dbd9a194266e81de2e621b958e6565f963cb32fd3ce0a8d55c4c50";
const OPENSSL_CIPHERTEXT: &str = "
    308182022046e4f8b8ca480aa9798c72d71e2a3b1bc03ba59a43b8afafa80cdf0cc3a92270022100
    e9060dc033ed1cc8a810e542dfee79628ce777f7dff2eb016ae294a70bddb2420420d2384300ccc5
    4ee608f426b38b5016832f83984d398e89d89313e791a4cffc9404195a7cdccf032382fcf0fbb261
    fd4e874bf1d79c8101a1580427";

fn annex_a() -> Sm2KeyPair {
    Sm2KeyPair::from_private(&array(PRIVATE)).expect("a key")
}

fn openssl() -> Sm2KeyPair {
    Sm2KeyPair::from_pkcs8(&bytes(OPENSSL_PKCS8)).expect("a key")
}

fn scalar(text: &str) -> SecretKey {
    SecretKey::from_slice(&bytes(text)).expect("a scalar")
}

/// The SubjectPublicKeyInfo of an uncompressed point, on the curve or not.
fn spki_of(x_and_y: &str) -> Vec<u8> {
    let header = &bytes(OPENSSL_SPKI)[..27];
    [header, &bytes(x_and_y)].concat()
}

/// Every alteration of one bit, every truncation and an extension.
fn altered(der: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..8 * der.len()).map(|bit| {
        let mut der = der.to_vec();
        der[bit / 8] ^= 1 << (bit % 8);
        der
    });
    let cut = (0..der.len()).map(|end| der[..end].to_vec());
    flipped.chain(cut).chain([[der, &[0]].concat()])
}

// GB/T 32905-2016, annex A.
#[test]
fn sm3_examples() {
    for (parts, expected) in [
        (
            [b"a".as_slice(), b"bc"],
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
        ),
        (
            [&b"abcd".repeat(9), &b"abcd".repeat(7)],
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
        ),
    ] {
        assert_eq!(sm3(&parts), array(expected));
    }
}

#[test]
fn annex_a_signature() {
    let pair = annex_a();
    let signature = Signature {
        r: array(R),
        s: array(S),
    };
    assert_eq!(pair.public_spki(), spki_of(PUBLIC));
    assert_eq!(dsa::digest(&pair.public.0, MESSAGE), array(DIGEST));
    let signed = dsa::sign_with(&pair.private, &scalar(NONCE), &array(DIGEST));
    assert_eq!(signed, Some(signature));
    assert_eq!(pair.verify(MESSAGE, &der::of_signature(&signature)), Ok(()));
}

#[test]
fn annex_a_encryption_and_its_shared_point() {
    let pair = annex_a();
    let cipher = Cipher {
        x: array(C1_X),
        y: array(C1_Y),
        hash: array(C3),
        masked: bytes(C2),
    };
    let ciphertext = der::of_cipher(&cipher);
    let encrypted = pke::encrypt_with(&pair.public.0, &scalar(NONCE), PLAINTEXT);
    assert_eq!(encrypted, Some(cipher));
    let decrypted = pair.decrypt(&ciphertext);
    assert!(decrypted.is_ok_and(|plaintext| plaintext.matches(PLAINTEXT)));
    let shared = pair.agree(&spki_of(&format!("{C1_X}{C1_Y}")));
    assert!(shared.is_ok_and(|shared| shared.matches(&bytes(SHARED_X))));
}

#[test]
fn openssl_made_these() {
    let pair = openssl();
    assert!(pair.to_pkcs8().matches(&bytes(OPENSSL_PKCS8)));
    assert_eq!(pair.public_spki(), bytes(OPENSSL_SPKI));
    let outcome = pair.verify(OPENSSL_MESSAGE, &bytes(OPENSSL_SIGNATURE));
    assert_eq!(outcome, Ok(()));
    let decrypted = pair.decrypt(&bytes(OPENSSL_CIPHERTEXT));
    assert!(decrypted.is_ok_and(|plaintext| plaintext.matches(OPENSSL_MESSAGE)));
}

#[test]
fn altered_signatures_are_refused() {
    let (pair, signature) = (openssl(), bytes(OPENSSL_SIGNATURE));
    let refused = Err(Unauthentic);
    for altered in altered(&signature) {
        assert_eq!(pair.verify(OPENSSL_MESSAGE, &altered), refused);
    }
    assert_eq!(pair.verify(b"another message", &signature), refused);
    let other = Sm2KeyPair::generate();
    assert_eq!(other.verify(OPENSSL_MESSAGE, &signature), refused);
}

#[test]
fn altered_ciphertexts_are_refused() {
    let (pair, ciphertext) = (openssl(), bytes(OPENSSL_CIPHERTEXT));
    for altered in altered(&ciphertext) {
        assert_eq!(pair.decrypt(&altered).err(), Some(Unauthentic));
    }
    let other = Sm2KeyPair::generate();
    assert_eq!(other.decrypt(&ciphertext).err(), Some(Unauthentic));
}

#[test]
fn signature_numbers_out_of_range_are_refused() {
    let pair = annex_a();
    let (zero, max) = ([0; 32], [0xff; 32]);
    for (r, s) in [
        (zero, array(S)),
        (array(R), zero),
        (array(ORDER), array(S)),
        (array(R), array(ORDER)),
        (max, max),
    ] {
        let signature = der::of_signature(&Signature { r, s });
        assert_eq!(pair.verify(MESSAGE, &signature), Err(Unauthentic));
    }
}

// With r = e and s = -rd / (1 + d), B6 gives the point at infinity.
#[test]
fn a_signature_that_leads_to_infinity_is_refused() {
    use ::sm2::Scalar;
    use ::sm2::elliptic_curve::PrimeField;
    use ::sm2::elliptic_curve::ops::Reduce;

    let pair = annex_a();
    let d = *pair.private.to_nonzero_scalar();
    let r = Scalar::reduce(&::sm2::FieldBytes::from(array::<32>(DIGEST)));
    let s = -(r * d) * (d + Scalar::ONE).invert().expect("not zero");
    let signature = der::of_signature(&Signature {
        r: r.to_repr().into(),
        s: s.to_repr().into(),
    });
    let outcome = pair.verify_digest(&array(DIGEST), &signature);
    assert_eq!(outcome, Err(Unauthentic));
}

// X.690 §8.3.2 and §10: without leading zeros, but never negative.
#[test]
fn numbers_of_every_length_have_one_encoding() {
    let text = |r: &str, s: &str| format!("30{:02x}{r}{s}", (r.len() + s.len()) / 2);
    let mut small = [0; 32];
    small[31] = 0x7f;
    let mut negative = [0; 32];
    negative[31] = 0x80;
    for (number, encoded) in [
        (small, "02017f".to_owned()),
        (negative, "02020080".to_owned()),
        ([0x7f; 32], format!("0220{}", "7f".repeat(32))),
        ([0x80; 32], format!("022100{}", "80".repeat(32))),
    ] {
        for (r, s, der) in [
            (number, small, text(&encoded, "02017f")),
            (small, number, text("02017f", &encoded)),
        ] {
            let signature = Signature { r, s };
            assert_eq!(der::of_signature(&signature), bytes(&der));
            assert_eq!(der::to_signature(&bytes(&der)), Some(signature));
        }
    }
    for r in ["0202007f", "020180", "0200", "0a017f", "02017f02017f"] {
        let der = bytes(&text(r, "02017f"));
        assert_eq!(der::to_signature(&der), None);
    }
    let long = text(&format!("022101{}", "00".repeat(32)), "02017f");
    assert_eq!(der::to_signature(&bytes(&long)), None);
    assert_eq!(der::to_signature(&bytes("30810602017f02017f")), None);
}

#[test]
fn a_digest_signs_as_its_message() {
    let pair = Sm2KeyPair::generate();
    let digest = dsa::digest(&pair.public.0, MESSAGE);
    assert_eq!(pair.verify(MESSAGE, &pair.sign_digest(&digest)), Ok(()));
    assert_eq!(pair.verify_digest(&digest, &pair.sign(MESSAGE)), Ok(()));
    assert_ne!(pair.sign(MESSAGE), pair.sign(MESSAGE));
}

#[test]
fn plaintexts_of_every_length_in_bounds() {
    let pair = Sm2KeyPair::generate();
    for length in [1, 2, 31, 32, 33, 64, 127, 128, 1000, PLAINTEXT_BYTES_MAX] {
        let plaintext = vec![0xa5; length];
        let ciphertext = pair.encrypt(&plaintext).expect("a length in bounds");
        assert!(ciphertext.len() <= length + 112);
        let decrypted = pair.decrypt(&ciphertext);
        assert!(decrypted.is_ok_and(|decrypted| decrypted.matches(&plaintext)));
    }
    for length in [0, PLAINTEXT_BYTES_MAX + 1] {
        let plaintext = vec![0xa5; length];
        assert_eq!(pair.encrypt(&plaintext), Err(InvalidPlaintext));
        // Sound but for its length.
        let cipher = pke::encrypt_with(&pair.public.0, &scalar(NONCE), &plaintext);
        let ciphertext = cipher.map(|cipher| der::of_cipher(&cipher));
        let decrypted = pair.decrypt(&ciphertext.unwrap_or_default());
        assert_eq!(decrypted.err(), Some(Unauthentic));
    }
}

// GB/T 32918.4 §6.1 A5 and §7.1 B4.
#[test]
fn a_mask_of_zeros_is_never_used() {
    let pair = annex_a();
    let mut drawn = (1u64..).map(|nonce| {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&nonce.to_be_bytes());
        SecretKey::from_slice(&bytes).expect("a scalar")
    });
    let unlucky = drawn.find(|nonce| pke::encrypt_with(&pair.public.0, nonce, b"x").is_none());
    let nonce = unlucky.expect("one nonce in 256");
    let ephemeral = Sm2KeyPair::of(nonce).expect("a key");
    let point = &ephemeral.public_spki()[27..];
    let shared = super::multiply(&ephemeral.private, pair.public.0.as_affine());
    let (x2, y2) = shared.expose().split_at(32);
    let ciphertext = der::of_cipher(&Cipher {
        x: point[..32].try_into().expect("x"),
        y: point[32..].try_into().expect("y"),
        hash: sm3(&[x2, b"x", y2]),
        masked: b"x".to_vec(),
    });
    assert_eq!(pair.decrypt(&ciphertext).err(), Some(Unauthentic));
}

#[test]
fn both_sides_agree() {
    let (alice, bob) = (Sm2KeyPair::generate(), Sm2KeyPair::generate());
    let ours = alice.agree(&bob.public_spki()).expect("a public key");
    let theirs = bob.agree(&alice.public_spki()).expect("a public key");
    assert_eq!(ours.expose().len(), 32);
    assert!(ours.matches(theirs.expose()));
}

#[test]
fn public_keys_that_are_none_are_refused() {
    let pair = annex_a();
    let p256 = EcKeyPair::generate(Curve::P256);
    let off_curve = PUBLIC.replace("ad13", "ad14");
    let mut other_curve = spki_of(PUBLIC);
    other_curve[22] ^= 1;
    for spki in [
        bytes("3018301306072a8648ce3d020106082a811ccf5501822d030100"),
        bytes("3019301306072a8648ce3d020106082a811ccf5501822d03020000"),
        p256.public_spki(),
        spki_of(&off_curve),
        spki_of(&"00".repeat(64)),
        spki_of(&"ff".repeat(64)),
        other_curve,
        [&spki_of(PUBLIC)[..], &[0]].concat(),
    ] {
        assert_eq!(pair.agree(&spki).err(), Some(InvalidPublicKey));
        let read = Sm2PublicKey::from_spki(&spki);
        assert_eq!(read, Err(InvalidPublicKey));
    }
    let read = Sm2PublicKey::from_spki(&spki_of(PUBLIC));
    assert_eq!(read.as_ref(), Ok(pair.public()));
}

#[test]
fn key_pairs_survive_pkcs8() {
    for pair in [Sm2KeyPair::generate(), annex_a()] {
        let der = pair.to_pkcs8();
        assert_eq!(der.expose().len(), 138);
        let restored = Sm2KeyPair::from_pkcs8(der.expose()).expect("a key");
        assert_eq!(restored.public_spki(), pair.public_spki());
        assert!(restored.to_pkcs8().matches(der.expose()));
    }
}

#[test]
fn other_encodings_are_rejected() {
    let der = bytes(OPENSSL_PKCS8);
    let p256 = EcKeyPair::generate(Curve::P256).to_pkcs8();
    let with_private = |private: [u8; 32]| {
        let mut der = der.clone();
        der[36..68].copy_from_slice(&private);
        der
    };
    // n-1 has a public key of its own: the generator's negative. Without one, only its range counts.
    let mut last = array::<32>(ORDER);
    last[31] -= 1;
    let head = bytes("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420");
    let without_public = |private: [u8; 32]| [&head[..], &private].concat();
    assert!(Sm2KeyPair::from_pkcs8(&without_public([1; 32])).is_ok());
    for der in [
        vec![],
        p256.expose().clone(),
        bytes(OPENSSL_SPKI),
        der[1..].to_vec(),
        der[..der.len() - 1].to_vec(),
        [&der[..], &[0]].concat(),
        with_private([1; 32]),
        without_public([0; 32]),
        without_public([0xff; 32]),
        without_public(array(ORDER)),
        without_public(last),
    ] {
        assert_eq!(Sm2KeyPair::from_pkcs8(&der).err(), Some(KeyRejected));
    }
}
