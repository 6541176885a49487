use strongroom_crypto::key_wrap::{unwrap, wrap};

use crate::file::{Fields, Vectors};

fn check(test: Fields<'_>, valid: bool) {
    let kek = test.bytes("key").try_into().expect("32 bytes");
    let (message, wrapped) = (test.bytes("msg"), test.bytes("ct"));
    let opened = unwrap(&kek, &wrapped);
    let opened = opened.ok().map(|opened| opened.expose().clone());
    let expected = valid.then(|| message.clone());
    assert_eq!(opened, expected, "{}", test.id());
    if valid {
        assert_eq!(wrap(&kek, &message), Ok(wrapped), "{}", test.id());
    }
}

#[test]
fn key_wrap_holds_every_vector_with_256_bits() {
    let mut tests = 0;
    Vectors::read("wycheproof/aes_kwp_test.json").check(|group, test, valid| {
        if group.number("keySize") == 256 {
            check(test, valid);
            tests += 1;
        }
    });
    assert_eq!(tests, 94);
}
