use super::{
    INTEGER, NotDer, OCTET_STRING, Reader, SEQUENCE, bit_string, context, context_constructed,
    element, read_one, sequence, whole_bytes,
};

/// `length` bytes of content are written behind `header` and read again.
fn check_length(length: usize, header: &[u8]) {
    let content = vec![7; length];
    let der = element(OCTET_STRING, &[&content]);
    assert_eq!(der, [header, &content].concat());
    assert_eq!(read_one(OCTET_STRING, &der), Ok(content.as_slice()));
    for end in [0, 1, header.len(), der.len() - 1] {
        if end < der.len() {
            assert_eq!(read_one(OCTET_STRING, &der[..end]), Err(NotDer));
        }
    }
    assert_eq!(
        read_one(OCTET_STRING, &[der.as_slice(), &[0]].concat()),
        Err(NotDer)
    );
    assert_eq!(read_one(INTEGER, &der), Err(NotDer));
}

#[test]
fn lengths_are_minimal() {
    check_length(0, &[4, 0]);
    check_length(127, &[4, 127]);
    check_length(128, &[4, 0x81, 128]);
    check_length(255, &[4, 0x81, 255]);
    check_length(256, &[4, 0x82, 1, 0]);
    check_length(65535, &[4, 0x82, 255, 255]);
    check_length(65536, &[4, 0x83, 1, 0, 0]);
}

#[test]
fn other_lengths_are_refused() {
    let content = [0; 300];
    for header in [
        [4, 0x80].as_slice(),
        &[4, 0x81, 127],
        &[4, 0x82, 0, 200],
        &[4, 0x85, 0, 0, 0, 0, 128],
        &[4, 0x85, 1, 0, 0, 0, 0],
        &[4, 0x84, 255, 255, 255, 255],
        &[4, 0xff],
    ] {
        let der = [header, &content].concat();
        let outcome = Reader::new(&der).read(OCTET_STRING);
        assert_eq!(outcome, Err(NotDer), "{header:?}");
    }
}

#[test]
fn elements_are_nested_and_read_in_order() {
    let der = sequence(&[
        &element(INTEGER, &[&[5]]),
        &bit_string(&[1, 2]),
        &element(context(0), &[b"a", b"b"]),
        &element(context_constructed(1), &[]),
    ]);
    let expected = [
        0x30, 14, 2, 1, 5, 3, 3, 0, 1, 2, 0x80, 2, b'a', b'b', 0xa1, 0,
    ];
    assert_eq!(der, expected);
    let mut reader = Reader::new(read_one(SEQUENCE, &der).expect("a sequence"));
    assert_eq!(reader.read(OCTET_STRING), Err(NotDer));
    assert_eq!(reader.read(INTEGER), Ok([5].as_slice()));
    assert_eq!(reader.read(3).and_then(whole_bytes), Ok([1, 2].as_slice()));
    assert_eq!(reader.finish(), Err(NotDer));
    assert_eq!(reader.read(0x80), Ok(b"ab".as_slice()));
    assert_eq!(reader.read(0xa1), Ok([].as_slice()));
    assert_eq!(reader.finish(), Ok(()));
    assert_eq!(reader.read(0xa1), Err(NotDer));
}

#[test]
fn bits_fill_whole_bytes() {
    assert_eq!(whole_bytes(&[0]), Ok([].as_slice()));
    assert_eq!(whole_bytes(&[1, 0xfe]), Err(NotDer));
    assert_eq!(whole_bytes(&[]), Err(NotDer));
}
