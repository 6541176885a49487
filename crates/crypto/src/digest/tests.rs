use super::{Sha256, sha256};
use crate::test_vectors::array;

/// `message` has the digest `expected`, in one piece and in every split into two.
fn check(message: &[u8], expected: &str) {
    assert_eq!(sha256(&[message]), array(expected));
    for middle in 0..=message.len() {
        let (head, tail) = message.split_at(middle);
        let mut digest = Sha256::new();
        digest.update(head);
        digest.update(tail);
        assert_eq!(digest.finish(), array(expected));
        assert_eq!(sha256(&[head, tail]), array(expected));
    }
}

#[test]
fn fips_180_examples() {
    check(
        b"",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    check(
        b"abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    check(
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
}
