use super::{TAG_BYTES, open, seal};
use crate::test_vectors::{array, bytes};

struct Case {
    key: [u8; 32],
    nonce: [u8; 12],
    aad: Vec<u8>,
    plaintext: Vec<u8>,
    sealed: Vec<u8>,
}

/// Seals and opens as given, and opens nothing that differs in one bit anywhere.
fn check(case: &Case) {
    let Case {
        key,
        nonce,
        aad,
        plaintext,
        sealed,
    } = case;
    let mut out = b"before".to_vec();
    seal(key, nonce, aad, plaintext, &mut out);
    assert_eq!(out, [b"before".as_slice(), sealed].concat());
    assert!(open(key, nonce, aad, sealed).is_ok_and(|opened| opened.matches(plaintext)));

    for bit in 0..sealed.len() * 8 {
        assert!(open(key, nonce, aad, &flip(sealed, bit)).is_err());
    }
    for bit in 0..aad.len() * 8 {
        assert!(open(key, nonce, &flip(aad, bit), sealed).is_err());
    }
    for bit in 0..12 * 8 {
        let nonce = flip(nonce, bit).try_into().expect("same length");
        assert!(open(key, &nonce, aad, sealed).is_err());
    }
    for bit in 0..32 * 8 {
        let key = flip(key, bit).try_into().expect("same length");
        assert!(open(&key, nonce, aad, sealed).is_err());
    }
    for length in 0..sealed.len() {
        assert!(open(key, nonce, aad, &sealed[..length]).is_err());
    }
}

fn flip(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16.
#[test]
fn gcm_specification_aes_256() {
    check(&Case {
        key: [0; 32],
        nonce: [0; 12],
        aad: vec![],
        plaintext: vec![],
        sealed: bytes("530f8afbc74536b9a963b4f1c4cb738b"),
    });
    check(&Case {
        key: [0; 32],
        nonce: [0; 12],
        aad: vec![],
        plaintext: vec![0; 16],
        sealed: bytes("cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919"),
    });
    check(&Case {
        key: array("feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308"),
        nonce: array("cafebabefacedbaddecaf888"),
        aad: bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        plaintext: bytes(
            "d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72
             1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39",
        ),
        sealed: bytes(
            "522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa
             8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662
             76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    });
}

#[test]
fn every_short_length_round_trips() {
    for length in 0..70 {
        let plaintext = vec![7; length];
        let mut sealed = Vec::new();
        seal(&[1; 32], &[2; 12], b"aad", &plaintext, &mut sealed);
        assert_eq!(sealed.len(), length + TAG_BYTES);
        assert!(open(&[1; 32], &[2; 12], b"aad", &sealed).is_ok_and(|out| out.matches(&plaintext)));
    }
}
