//! The way from a trusted root to the leaf.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd,
};
use strongroom_attestation::{Rejected, TrustRoots, verify};
use strongroom_base::UnixMillis;

use crate::forge::{Chain, Document, Level, NOW, array, bytes, chain, pem, uint};

const UNTRUSTED: Result<(), Rejected> = Err(Rejected::Untrusted);
const MALFORMED: Result<(), Rejected> = Err(Rejected::Certificate);
const EXPIRED: Result<(), Rejected> = Err(Rejected::Expired);

fn check(what: &str, chain: &Chain, wanted: Result<(), Rejected>) {
    check_under(what, chain, &chain.roots(), wanted);
}

fn check_under(what: &str, chain: &Chain, roots: &TrustRoots, wanted: Result<(), Rejected>) {
    let document = Document::of(chain).sign(chain);
    let verified = verify(&document, roots, NOW).map(|_| ());
    assert_eq!(verified, wanted, "{what}");
}

/// Checks a chain whose certificate at `level` is changed.
fn changed(
    what: &str,
    level: Level,
    change: impl Fn(&mut CertificateParams),
    wanted: Result<(), Rejected>,
) {
    let chain = Chain::with(&PKCS_ECDSA_P384_SHA384, |of, params| {
        if of == level {
            change(params);
        }
    });
    check(&format!("{what} of {level:?}"), &chain, wanted);
}

#[test]
fn a_document_may_leave_its_root_out() {
    let mut chain = Chain::new();
    let roots = chain.roots();
    chain.authorities.remove(0);
    check_under("no root", &chain, &roots, Ok(()));
    chain.authorities.remove(0);
    check_under("no zone", &chain, &roots, UNTRUSTED);
}

#[test]
fn only_trusted_roots_are_believed() {
    let other = Chain::new();
    check_under(
        "another root of the same name",
        chain(),
        &other.roots(),
        UNTRUSTED,
    );
    check_under("AWS's root", chain(), &TrustRoots::aws_nitro(), UNTRUSTED);
    let both = [pem(&other.authorities[0]), pem(&chain().authorities[0])].concat();
    let both = TrustRoots::from_pem(both.as_bytes()).unwrap();
    check_under("one of two roots", chain(), &both, Ok(()));
    let mut mixed = Chain::new();
    let roots = mixed.roots();
    mixed.authorities[0].clone_from(&chain().authorities[0]);
    check_under("a foreign root first", &mixed, &roots, UNTRUSTED);
    let mut prefixed = Chain::new();
    prefixed
        .authorities
        .insert(0, chain().authorities[0].clone());
    check_under(
        "a trusted root before a chain",
        &prefixed,
        &chain().roots(),
        UNTRUSTED,
    );
}

#[test]
fn every_link_is_there_in_order() {
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>), wanted| {
        let mut authorities = chain().authorities.clone();
        change(&mut authorities);
        let authorities: Vec<&[u8]> = authorities.iter().map(Vec::as_slice).collect();
        let document = Document::of(chain()).with("cabundle", array(&authorities));
        let verified = verify(&document.sign(chain()), &chain().roots(), NOW);
        assert_eq!(verified.map(|_| ()), wanted);
    };
    with(&|_| {}, Ok(()));
    with(&|authorities| authorities.reverse(), UNTRUSTED);
    with(&|authorities| authorities.swap(1, 2), UNTRUSTED);
    with(&|authorities| drop(authorities.pop()), UNTRUSTED);
    with(&|authorities| drop(authorities.remove(1)), UNTRUSTED);
    with(
        &|authorities| authorities.push(chain().leaf.clone()),
        UNTRUSTED,
    );
    with(&|authorities| authorities[1].push(0), MALFORMED);
    with(&|authorities| authorities[1].truncate(100), MALFORMED);
    with(&|authorities| authorities[0].push(0), MALFORMED);
}

#[test]
fn the_leaf_is_the_one_that_was_issued() {
    let other = Chain::new();
    let document = Document::of(chain()).with("certificate", bytes(&other.leaf));
    let verified = verify(&document.sign(&other), &chain().roots(), NOW);
    assert_eq!(verified.map(|_| ()), UNTRUSTED);
}

#[test]
fn every_certificate_is_valid_at_both_times() {
    for level in [Level::Root, Level::Zone, Level::Instance, Level::Leaf] {
        let ended = |params: &mut CertificateParams| {
            params.not_before = date_time_ymd(2025, 6, 14);
            params.not_after = date_time_ymd(2025, 6, 15);
        };
        changed("ended", level, ended, EXPIRED);
        let to_come = |params: &mut CertificateParams| params.not_before = params.not_after;
        changed("to come", level, to_come, EXPIRED);
    }
    // The certificates end on the 16th at midnight.
    let end = UnixMillis(1_750_032_000_000);
    let document_of = |made: i64| {
        let made = uint(u64::try_from(made).unwrap());
        Document::of(chain()).with("timestamp", made).sign(chain())
    };
    for (made, now, wanted) in [
        (end.0, end.0 + 999, Ok(())),
        (end.0, end.0 + 1000, EXPIRED),
        (end.0 + 1000, end.0, EXPIRED),
    ] {
        let verified = verify(&document_of(made), &chain().roots(), UnixMillis(now));
        assert_eq!(verified.map(|_| ()), wanted, "{made} {now}");
    }
}

#[test]
fn only_authorities_issue() {
    for level in [Level::Zone, Level::Instance] {
        let no_ca = |params: &mut CertificateParams| params.is_ca = IsCa::ExplicitNoCa;
        changed("no CA", level, no_ca, UNTRUSTED);
        let unsaid = |params: &mut CertificateParams| params.is_ca = IsCa::NoCa;
        changed("no constraints", level, unsaid, UNTRUSTED);
        let signer = |params: &mut CertificateParams| {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        };
        changed("no keyCertSign", level, signer, UNTRUSTED);
        let anything = |params: &mut CertificateParams| params.key_usages.clear();
        changed("no usage", level, anything, UNTRUSTED);
    }
}

#[test]
fn path_lengths_hold() {
    let length = |length| {
        move |params: &mut CertificateParams| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(length));
        }
    };
    changed("length 2", Level::Root, length(2), Ok(()));
    changed("length 1", Level::Root, length(1), UNTRUSTED);
    changed("length 1", Level::Zone, length(1), Ok(()));
    changed("length 0", Level::Zone, length(0), UNTRUSTED);
}

#[test]
fn the_leaf_signs_documents_and_nothing_else() {
    let ca = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    };
    changed("CA", Level::Leaf, ca, UNTRUSTED);
    let usages = |usages: &'static [KeyUsagePurpose]| {
        move |params: &mut CertificateParams| params.key_usages = usages.to_vec()
    };
    use KeyUsagePurpose::{DigitalSignature, KeyAgreement, KeyCertSign};
    changed("no usage", Level::Leaf, usages(&[]), UNTRUSTED);
    changed("agreement", Level::Leaf, usages(&[KeyAgreement]), UNTRUSTED);
    let both = usages(&[DigitalSignature, KeyCertSign]);
    changed("keyCertSign", Level::Leaf, both, UNTRUSTED);
    let more = usages(&[DigitalSignature, KeyAgreement]);
    changed("both", Level::Leaf, more, Ok(()));
}

#[test]
fn critical_extensions_are_understood_or_refused() {
    for level in [Level::Zone, Level::Instance, Level::Leaf] {
        for (critical, wanted) in [(true, MALFORMED), (false, Ok(()))] {
            let extended = |params: &mut CertificateParams| {
                let content = vec![0x05, 0x00];
                let mut extension = CustomExtension::from_oid_content(&[1, 3, 9, 9], content);
                extension.set_criticality(critical);
                params.custom_extensions.push(extension);
            };
            changed("extension", level, extended, wanted);
        }
    }
    let twice = |params: &mut CertificateParams| {
        for _ in 0..2 {
            let extension = CustomExtension::from_oid_content(&[1, 3, 9, 9], vec![0x05, 0x00]);
            params.custom_extensions.push(extension);
        }
    };
    changed("extension twice", Level::Leaf, twice, MALFORMED);
    let constraints = |params: &mut CertificateParams| {
        let content = vec![0x30, 0x03, 0x01, 0x01, 0xff];
        let extension = CustomExtension::from_oid_content(&[2, 5, 29, 19], content);
        params.custom_extensions.push(extension);
    };
    changed("constraints twice", Level::Leaf, constraints, MALFORMED);
}

#[test]
fn issuers_sign_under_their_own_name() {
    for level in [Level::Root, Level::Zone, Level::Instance] {
        let chain = Chain::issued_as(
            |_| &PKCS_ECDSA_P384_SHA384,
            |_, _| {},
            |of, params| {
                if of == level {
                    params
                        .distinguished_name
                        .push(DnType::CommonName, "Another");
                }
            },
        );
        check(&format!("another name of {level:?}"), &chain, UNTRUSTED);
    }
    let nameless = |params: &mut CertificateParams| {
        params.distinguished_name = DistinguishedName::new();
    };
    changed("no name", Level::Leaf, nameless, Ok(()));
}

#[test]
fn keys_are_of_two_curves_and_the_leaf_of_one() {
    let p256 = Chain::with(&PKCS_ECDSA_P256_SHA256, |_, _| {});
    check("P-256 authorities", &p256, Ok(()));
    let mixed = Chain::of(
        |level| match level {
            Level::Zone => &PKCS_ECDSA_P256_SHA256,
            _ => &PKCS_ECDSA_P384_SHA384,
        },
        |_, _| {},
    );
    check("a P-256 zone", &mixed, Ok(()));
    let edwards = Chain::of(
        |level| match level {
            Level::Zone => &PKCS_ED25519,
            _ => &PKCS_ECDSA_P384_SHA384,
        },
        |_, _| {},
    );
    check("an Ed25519 zone", &edwards, MALFORMED);
}

#[test]
fn a_leaf_of_p256_signs_nothing() {
    let chain = Chain::of(
        |level| match level {
            Level::Leaf => &PKCS_ECDSA_P256_SHA256,
            _ => &PKCS_ECDSA_P384_SHA384,
        },
        |_, _| {},
    );
    check("P-256 leaf", &chain, UNTRUSTED);
}

/// ecdsa-with-SHA384 without parameters, as the one right encoding, and as others.
const SHA384: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03";
const SHA384_NULL: &[u8] = b"\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03\x05\x00";
const SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

fn replaced(content: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut windows = content.windows(old.len());
    let start = windows.position(|window| window == old).unwrap();
    [&content[..start], new, &content[start + old.len()..]].concat()
}

#[test]
fn what_is_signed_says_version_and_algorithm() {
    let chain = chain();
    let check = |what: &str, leaf: Vec<u8>, wanted| {
        let document = Document::of(chain).with("certificate", bytes(&leaf));
        let verified = verify(&document.sign(chain), &chain.roots(), NOW);
        assert_eq!(verified.map(|_| ()), wanted, "{what}");
    };
    check("unchanged", chain.reissued(SHA384, <[u8]>::to_vec), Ok(()));
    let version_2 = |content: &[u8]| replaced(content, &[2, 1, 2], &[2, 1, 1]);
    check("version 2", chain.reissued(SHA384, version_2), MALFORMED);
    let other = |content: &[u8]| replaced(content, SHA384, SHA256);
    check("two algorithms", chain.reissued(SHA384, other), MALFORMED);
    check("both wrong", chain.reissued(SHA256, other), UNTRUSTED);
    let null = |content: &[u8]| replaced(content, SHA384, SHA384_NULL);
    check("parameters", chain.reissued(SHA384_NULL, null), MALFORMED);
}
