//! What may be trusted.

use rcgen::{IsCa, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use strongroom_attestation::{ROOTS_MAX, RootRejected, TrustRoots};
use strongroom_base::hex;
use strongroom_crypto::digest::sha256;

use crate::forge::{Chain, Level, chain, pem};

fn check(pem: &[u8], wanted: Result<(), RootRejected>) {
    assert_eq!(TrustRoots::from_pem(pem).map(|_| ()), wanted);
}

#[test]
fn roots_are_authorities_in_pem() {
    let root = pem(&chain().authorities[0]);
    check(root.as_bytes(), Ok(()));
    check(root.replace('\n', "\r\n").as_bytes(), Ok(()));
    check(
        format!("A root:\n\n{root}\nThat was it.\n").as_bytes(),
        Ok(()),
    );
    check(root.repeat(ROOTS_MAX).as_bytes(), Ok(()));
    let more = root.repeat(ROOTS_MAX + 1);
    check(more.as_bytes(), Err(RootRejected::TooMany));
    check(b"", Err(RootRejected::None));
    check(b"\xff", Err(RootRejected::NotPem));
    check(&vec![b'\n'; 64 * 1024 + 1], Err(RootRejected::NotPem));
    check(&chain().authorities[0], Err(RootRejected::NotPem));
    let unended = root.replace("-----END", "----END");
    check(unended.as_bytes(), Err(RootRejected::NotPem));
    let labelled = root.replace("CERTIFICATE", "PRIVATE KEY");
    check(labelled.as_bytes(), Err(RootRejected::NotPem));
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    check(empty.as_bytes(), Err(RootRejected::NotAnAuthority(1)));
    let second = [root, pem(&chain().leaf)].concat();
    check(second.as_bytes(), Err(RootRejected::NotAnAuthority(2)));
    check(
        pem(&vec![0x30; 4097]).as_bytes(),
        Err(RootRejected::NotAnAuthority(1)),
    );
}

#[test]
fn roots_have_ecdsa_keys_and_may_issue() {
    let edwards = Chain::with(&PKCS_ED25519, |_, _| {});
    let no_ca = Chain::with(&PKCS_ECDSA_P384_SHA384, |level, params| {
        if level == Level::Root {
            params.is_ca = IsCa::NoCa;
        }
    });
    for chain in [edwards, no_ca] {
        let root = pem(&chain.authorities[0]);
        check(root.as_bytes(), Err(RootRejected::NotAnAuthority(1)));
    }
}

#[test]
fn the_root_of_aws_has_its_published_fingerprint() {
    use base64::Engine;
    let pem = include_str!("../../src/aws-nitro-enclaves-root-g1.pem");
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(base64)
        .unwrap();
    assert_eq!(
        hex::encode(&sha256(&[&der])),
        "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"
    );
    check(pem.as_bytes(), Ok(()));
}
