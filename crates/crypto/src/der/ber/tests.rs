use super::super::NotDer;
use super::to_der;
use crate::signature::{Curve, EcKeyPair, Ed25519KeyPair};

fn check(ber: &[u8], der: Option<&[u8]>) {
    let converted = to_der(ber).map(|der| der.expose().clone());
    assert_eq!(converted, der.map(<[u8]>::to_vec).ok_or(NotDer), "{ber:x?}");
}

#[test]
fn der_stays_as_it_is() {
    for curve in Curve::ALL {
        let key = EcKeyPair::generate(curve).to_pkcs8();
        check(key.expose(), Some(key.expose()));
    }
    let key = Ed25519KeyPair::generate().to_pkcs8();
    check(key.expose(), Some(key.expose()));
}

#[test]
fn lengths_and_pieces_are_rewritten() {
    let der = [0x30, 7, 2, 1, 5, 4, 2, b'a', b'b'].as_slice();
    for ber in [
        &[0x30, 0x80, 2, 1, 5, 4, 2, b'a', b'b', 0, 0],
        [0x30, 0x81, 7, 2, 1, 5, 4, 2, b'a', b'b'].as_slice(),
        &[0x30, 0x84, 0, 0, 0, 8, 2, 0x81, 1, 5, 4, 2, b'a', b'b'],
        &[0x30, 11, 2, 1, 5, 0x24, 6, 4, 1, b'a', 4, 1, b'b'],
        &[
            0x30, 0x80, 2, 1, 5, 0x24, 0x80, 4, 1, b'a', 0x24, 3, 4, 1, b'b', 0, 0, 0, 0,
        ],
    ] {
        check(ber, Some(der));
    }
    let long = vec![7; 300];
    let ber = [&[4, 0x83, 0, 1, 44], long.as_slice()].concat();
    check(&ber, Some(&[&[4, 0x82, 1, 44], long.as_slice()].concat()));
}

#[test]
fn everything_else_is_refused() {
    let mut deep = [0x30, 0x80].repeat(17);
    deep.extend([0; 34]);
    for bytes in [
        [].as_slice(),
        &[0x30],
        &[0x30, 0x80],
        &[0x30, 0x80, 0],
        &[0x30, 1],
        &[0x30, 0, 0],
        &[4, 0x80, 0, 0],
        &[0x1f, 1, 0],
        &[0x24, 3, 2, 1, 5],
        &[0x30, 0xff],
        &[0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        &deep,
    ] {
        check(bytes, None);
    }
}
