use super::parse;

const ONE: &str = "-----BEGIN PUBLIC KEY-----\nQUJD\nREVG\n-----END PUBLIC KEY-----\n";

#[test]
fn public_keys_are_read() {
    let two = format!("a comment\n{ONE}{}", ONE.replace('\n', "\r\n"));
    let cut = ONE.replace("-----END PUBLIC KEY-----\n", "");
    let private = ONE.replace("PUBLIC", "PRIVATE");
    for (text, expected) in [
        (ONE, Some(1)),
        (&two, Some(2)),
        ("", None),
        (&cut, None),
        (&private, None),
        (&ONE.replace("QUJD", "QU*D"), None),
    ] {
        let found = parse(text);
        assert_eq!(found.as_ref().map(Vec::len), expected, "{text}");
        for key in found.into_iter().flatten() {
            assert_eq!(key, b"ABCDEF");
        }
    }
}
