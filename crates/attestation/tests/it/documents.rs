//! The envelope, the fields and their limits, and the time.

use std::time::Duration;

use strongroom_attestation::{AGE_MAX, AHEAD_MAX, DOCUMENT_BYTES_MAX, Digest, Rejected, verify};
use strongroom_base::UnixMillis;

use crate::forge::{
    Chain, Document, ES384, NOW, array, bytes, chain, earlier, envelope, later, pcr_map, rsa_spki,
    sign, text, uint,
};

const NOT_A_DOCUMENT: Result<(), Rejected> = Err(Rejected::NotADocument);
const MILLI: Duration = Duration::from_millis(1);

fn document() -> Document {
    Document::of(chain())
}

fn check(what: &str, document: &[u8], wanted: Result<(), Rejected>) {
    let verified = verify(document, &chain().roots(), NOW);
    assert_eq!(verified.map(|_| ()), wanted, "{what}");
}

fn check_field(name: &'static str, values: &[Vec<u8>], wanted: Result<(), Rejected>) {
    for (number, value) in values.iter().enumerate() {
        let document = document().with(name, value.clone());
        check(&format!("{name} {number}"), &document.sign(chain()), wanted);
    }
}

#[test]
fn a_document_says_what_its_enclave_attests() {
    let attestation = verify(&document().sign(chain()), &chain().roots(), NOW).unwrap();
    assert_eq!(
        attestation.module_id,
        "i-0123456789abcdef0-enc0123456789abcdef"
    );
    assert_eq!(attestation.digest, Digest::Sha384);
    assert_eq!(attestation.timestamp, NOW);
    assert_eq!(attestation.pcrs.len(), 16);
    assert_eq!(attestation.pcrs[&3], [3; 48]);
    assert_eq!(attestation.image_sha384(), Some(&[0; 48][..]));
    assert_eq!(attestation.public_key, rsa_spki(2048));
    assert_eq!(attestation.user_data, None);
    assert_eq!(attestation.nonce.as_deref(), Some(&b"a nonce"[..]));
}

#[test]
fn an_image_is_measured_by_pcr0_of_sha384() {
    for (pcrs, wanted) in [(&[(0, 32)][..], None), (&[(1, 48)], None)] {
        let document = document().with("pcrs", pcr_map(pcrs)).sign(chain());
        let attestation = verify(&document, &chain().roots(), NOW).unwrap();
        assert_eq!(attestation.image_sha384(), wanted);
    }
}

#[test]
fn the_envelope_is_one_cose_sign1() {
    let document = document();
    let payload = document.payload();
    let signature = sign(&chain().leaf_key, ES384, &payload);
    let plain = envelope(ES384, &payload, &signature);
    check("plain", &plain, Ok(()));
    check("tag 18", &[&[0xd2], &plain[..]].concat(), Ok(()));
    check("tag 17", &[&[0xd1], &plain[..]].concat(), NOT_A_DOCUMENT);
    check(
        "tag twice",
        &[&[0xd2, 0xd2], &plain[..]].concat(),
        NOT_A_DOCUMENT,
    );
    check("a byte after", &[&plain[..], &[0]].concat(), NOT_A_DOCUMENT);
    check("empty", &[], NOT_A_DOCUMENT);
    check(
        "too long",
        &vec![0x84; DOCUMENT_BYTES_MAX + 1],
        NOT_A_DOCUMENT,
    );
    for length in 0..plain.len() {
        check("cut", &plain[..length], NOT_A_DOCUMENT);
    }
    let indefinite = [&[0x9f], &plain[1..], &[0xff]].concat();
    check("indefinite array", &indefinite, NOT_A_DOCUMENT);
    let chunked = [
        &[0x84][..],
        &bytes(ES384),
        &[0xa0, 0x5f],
        &bytes(&payload),
        &[0xff],
        &bytes(&signature),
    ];
    check("indefinite payload", &chunked.concat(), NOT_A_DOCUMENT);
    let five = [&[0x85], &plain[1..], &[0xf6]].concat();
    check("five parts", &five, NOT_A_DOCUMENT);
    let header = [
        &[0x84][..],
        &bytes(ES384),
        &[0xa1, 0x01, 0x38, 0x22],
        &bytes(&payload),
        &bytes(&signature),
    ];
    check("unprotected header", &header.concat(), NOT_A_DOCUMENT);
    for length in [0, 95, 97] {
        let signature = vec![1; length];
        let document = envelope(ES384, &payload, &signature);
        check("signature length", &document, NOT_A_DOCUMENT);
    }
}

#[test]
fn a_document_is_of_256_kib_at_most() {
    let of_size = |padding: usize| {
        let padded = document().with("padding", bytes(&vec![0; padding]));
        padded.sign(chain())
    };
    let around = of_size(1 << 17).len() - (1 << 17);
    let longest = of_size(DOCUMENT_BYTES_MAX - around);
    assert_eq!(longest.len(), DOCUMENT_BYTES_MAX);
    check("longest", &longest, Ok(()));
    let longer = of_size(DOCUMENT_BYTES_MAX - around + 1);
    check("longer", &longer, NOT_A_DOCUMENT);
}

#[test]
fn only_es384_is_taken() {
    for protected in [
        &[0xa1, 0x01, 0x26][..],         // ES256
        &[0xa1, 0x01, 0x38, 0x23],       // ES512
        &[0xa1, 0x01, 0x20],             // -1
        &[0xa0],                         // none
        &[],                             // no map
        &[0xa2, 1, 0x38, 0x22, 2, 0x80], // with critical headers
        &[0xa1, 0x01, 0x39, 0x00, 0x22], // ES384, not the shortest encoding
    ] {
        let mut document = document();
        document.protected = protected.to_vec();
        check("protected", &document.sign(chain()), NOT_A_DOCUMENT);
    }
}

#[test]
fn the_signature_is_of_the_leaf_over_all_of_the_payload() {
    let payload = document().payload();
    let other = sign(&Chain::new().leaf_key, ES384, &payload);
    let wanted = Err(Rejected::BadSignature);
    check("another key", &envelope(ES384, &payload, &other), wanted);
    let before = sign(
        &chain().leaf_key,
        ES384,
        &document().without("nonce").payload(),
    );
    check(
        "another payload",
        &envelope(ES384, &payload, &before),
        wanted,
    );
    check("zeros", &envelope(ES384, &payload, &[0; 96]), wanted);
}

#[test]
fn the_fields_are_one_map() {
    let mut indefinite = document();
    indefinite.indefinite = true;
    check("indefinite map", &indefinite.sign(chain()), Ok(()));
    indefinite.after_fields = vec![0];
    check("a byte after it", &indefinite.sign(chain()), NOT_A_DOCUMENT);
    let mut longer = document();
    longer.after_fields = text("more");
    check("text after", &longer.sign(chain()), NOT_A_DOCUMENT);
    for (name, value) in document().fields {
        let mut twice = document();
        twice.fields.push((name, value));
        check(
            &format!("{name} twice"),
            &twice.sign(chain()),
            NOT_A_DOCUMENT,
        );
    }
    let many = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
    ];
    let many = many
        .into_iter()
        .chain(["n", "o", "p", "q", "r", "s", "t", "u", "v", "w"]);
    let mut full = document();
    full.fields.extend(many.map(|name| (name, uint(0))));
    check("32 fields", &full.sign(chain()), Ok(()));
    full.fields.push(("x", uint(0)));
    check("33 fields", &full.sign(chain()), NOT_A_DOCUMENT);
}

#[test]
fn unknown_fields_are_passed_over() {
    let fine = [
        uint(7),
        vec![0x20],
        text("text"),
        bytes(b"bytes"),
        vec![0xf6],
        vec![0xf5],
        vec![0x82, 0x01, 0xa1, 0x01, 0x80],
    ];
    check_field("later", &fine, Ok(()));
    let refused = [
        vec![0x9f, 0xff],
        vec![0xbf, 0xff],
        vec![0x5f, 0xff],
        vec![0xff],
        vec![0xc0, 0x00],
        vec![0x81, 0x81, 0x81, 0x81, 0x81, 0x00],
        vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    check_field("later", &refused, NOT_A_DOCUMENT);
}

#[test]
fn each_field_is_needed_but_three() {
    for (name, _) in document().fields {
        let wanted = match name {
            "user_data" | "nonce" => Ok(()),
            "public_key" => Err(Rejected::NoPublicKey),
            name => Err(Rejected::Field(name)),
        };
        check(name, &document().without(name).sign(chain()), wanted);
    }
}

#[test]
fn each_field_has_its_type_and_limits() {
    let long = |length: usize| vec![7; length];
    let field = |name, fine: &[Vec<u8>], refused: &[Vec<u8>]| {
        check_field(name, fine, Ok(()));
        check_field(name, refused, Err(Rejected::Field(name)));
    };
    field(
        "module_id",
        &[text("i"), text(&"i".repeat(256))],
        &[
            text(""),
            text(&"i".repeat(257)),
            bytes(b"i"),
            uint(1),
            vec![0x61, 0xff],
        ],
    );
    field(
        "digest",
        &[],
        &[text("SHA256"), text("sha384"), text(""), bytes(b"SHA384")],
    );
    field(
        "timestamp",
        &[],
        &[
            uint(0),
            uint(u64::MAX),
            vec![0x20],
            vec![0xf6],
            text("1749988800000"),
            vec![0xfb, 0x42, 0x79, 0x77, 0x00, 0x00, 0x00, 0x00, 0x00],
        ],
    );
    let all: Vec<(u8, usize)> = (0..32).map(|index| (index, 64)).collect();
    let more: Vec<(u8, usize)> = (0..33).map(|index| (index, 48)).collect();
    field(
        "pcrs",
        &[pcr_map(&all), pcr_map(&[(31, 32)])],
        &[
            pcr_map(&[]),
            pcr_map(&more),
            pcr_map(&[(32, 48)]),
            pcr_map(&[(0, 47)]),
            pcr_map(&[(0, 0)]),
            pcr_map(&[(0, 48), (0, 48)]),
            [&[0xbf], &pcr_map(&[(0, 48)])[1..], &[0xff]].concat(),
            vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            array(&[&[0; 48]]),
        ],
    );
    field(
        "certificate",
        &[],
        &[bytes(&[]), bytes(&long(4097)), vec![0xf6], text("x")],
    );
    field(
        "cabundle",
        &[],
        &[
            array(&[]),
            array(&[&[1][..]; 9]),
            array(&[&[]]),
            array(&[&long(4097)]),
            bytes(&long(9)),
            [&[0x9f], &bytes(&long(9))[..], &[0xff]].concat(),
            vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ],
    );
    field(
        "public_key",
        &[],
        &[bytes(&[]), bytes(&long(1025)), text("x"), vec![0xf7]],
    );
    for name in ["user_data", "nonce"] {
        field(
            name,
            &[bytes(&[]), bytes(&long(512)), vec![0xf6]],
            &[bytes(&long(513)), text("x"), vec![0xf7], vec![0x5f, 0xff]],
        );
    }
}

#[test]
fn a_document_is_of_now() {
    let document = document().sign(chain());
    for (now, wanted) in [
        (later(AGE_MAX), Ok(())),
        (later(AGE_MAX + MILLI), Err(Rejected::Expired)),
        (earlier(AHEAD_MAX), Ok(())),
        (earlier(AHEAD_MAX + MILLI), Err(Rejected::Expired)),
        (UnixMillis(i64::MIN), Err(Rejected::Expired)),
        (UnixMillis(i64::MAX), Err(Rejected::Expired)),
    ] {
        let verified = verify(&document, &chain().roots(), now).map(|_| ());
        assert_eq!(verified, wanted, "{now:?}");
    }
}
