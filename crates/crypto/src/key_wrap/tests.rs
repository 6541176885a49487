use super::{PLAINTEXT_BYTES_MAX, WrongLength, unwrap, wrap};
use crate::Unauthentic;
use crate::test_vectors::{array, bytes};

const KEK: &str = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

/// The bytes 0, 1, 2 … up to `length` wrap to `expected`, of which nothing may be changed.
fn check(length: u8, expected: &str) {
    let (kek, expected) = (array(KEK), bytes(expected));
    let plaintext: Vec<u8> = (0..length).collect();
    assert_eq!(wrap(&kek, &plaintext).as_ref(), Ok(&expected));
    let opened = unwrap(&kek, &expected).expect("it was wrapped with this key");
    assert_eq!(opened.expose(), &plaintext);
    assert!(unwrap(&[0; 32], &expected).is_err());
    for index in 0..expected.len() {
        let mut altered = expected.clone();
        altered[index] ^= 0x40;
        assert_eq!(unwrap(&kek, &altered).err(), Some(Unauthentic));
        assert_eq!(unwrap(&kek, &expected[..index]).err(), Some(Unauthentic));
    }
}

// Made with the Python package cryptography 48 (OpenSSL); the examples of RFC 5649 have 192-bit keys.
#[test]
fn keys_are_wrapped_as_openssl_does() {
    check(1, "2d46ecfe5d9f6dc7eb338dd9a3729369");
    check(7, "d20fde13d88437fd5997bdff6d1c2ed4");
    check(8, "cec2e536af03f8075d65f6b102cb690f");
    check(9, "088e284ee8980dd330d981071d2ab2791233bc5eaf5f0aa2");
    check(
        20,
        "672c2fe56ce7bca7745e6d2c717d6491a64cb684a217b78079df64de767ffa93",
    );
    check(
        32,
        "2be6d6d8157f72f6116ec4d13f381b81b1e3b8a799e1c572bd29b45f37e1facdc96c7f4ac80f00ca",
    );
}

#[test]
fn lengths_are_limited() {
    let longest = vec![1; PLAINTEXT_BYTES_MAX];
    let wrapped = wrap(&[1; 32], &longest).expect("it is not too long");
    assert_eq!(wrapped.len(), PLAINTEXT_BYTES_MAX + 8);
    assert!(unwrap(&[1; 32], &wrapped).is_ok_and(|opened| opened.matches(&longest)));
    assert_eq!(wrap(&[1; 32], &[]), Err(WrongLength));
    let too_long = vec![1; PLAINTEXT_BYTES_MAX + 1];
    assert_eq!(wrap(&[1; 32], &too_long), Err(WrongLength));
    for length in [0, 8, 15, 17, PLAINTEXT_BYTES_MAX + 16] {
        let outcome = unwrap(&[1; 32], &vec![1; length]);
        assert_eq!(outcome.err(), Some(Unauthentic), "{length}");
    }
}
