use super::HmacSha256;
use crate::Unauthentic;
use crate::test_vectors::{array, bytes};

/// `expected` is the tag of `data` under `key`; no other tag is.
fn check(key: &[u8], data: &[u8], expected: &str) {
    let key = HmacSha256::new(key);
    let tag: [u8; 32] = array(expected);
    let (head, tail) = data.split_at(data.len() / 2);
    assert_eq!(key.sign(&[data]), tag);
    assert_eq!(key.sign(&[head, tail]), tag);
    assert_eq!(key.verify(&[head, tail], &tag), Ok(()));
    assert_eq!(key.verify(&[data, b"x"], &tag), Err(Unauthentic));
    assert_eq!(key.verify(&[data], &tag[..31]), Err(Unauthentic));
    assert_eq!(key.verify(&[data], &[]), Err(Unauthentic));
    for bit in 0..256 {
        let mut other = tag;
        other[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.verify(&[data], &other), Err(Unauthentic));
    }
}

#[test]
fn rfc_4231_cases_1_2_3_and_6() {
    check(
        &[0x0b; 20],
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    );
    check(
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    check(
        &[0xaa; 20],
        &bytes(&"dd".repeat(50)),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    );
    check(
        &[0xaa; 131],
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    );
}
