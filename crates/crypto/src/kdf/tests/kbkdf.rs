use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};

use crate::hmac::HmacSha256;
use crate::kdf::{counter_mode, kbkdf};
use crate::test_vectors::bytes;

// NIST CAVP, KDFCTR_gen.rsp (CAVS 14.4), [PRF=HMAC_SHA256] [CTRLOCATION=BEFORE_FIXED] [RLEN=32_BITS].
#[test]
fn nist_cavp_counter_mode() {
    check_cavp(
        "dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0",
        "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b8
         64a145fab25e517b08f8683d0315bb2911d80a0e8aba17f3b413faac",
        "10621342bfb0fd40046c0e29f2cfdbf0",
    );
    check_cavp(
        "e204d6d466aad507ffaf6d6dab0a5b26152c9e21e764370464e360c8fbc765c6",
        "7b03b98d9f94b899e591f3ef264b71b193fba7043c7e953cde23bc5384bc1a62
         93580115fae3495fd845dadbd02bd6455cf48d0f62b33e62364a3a80",
        "770dfab6a6a4a4bee0257ff335213f78d8287b4fd537d5c1fffa956910e7c779",
    );
    check_cavp(
        "dc60338d884eecb72975c603c27b360605011756c697c4fc388f5176ef81efb1",
        "44d7aa08feba26093c14979c122c2437c3117b63b78841cd10a4bc5ed55c5658
         6ad8986d55307dca1d198edcffbc516a8fbe6152aa428cdd800c062d",
        "29ac07dccf1f28d506cd623e6e3fc2fa255bd60b",
    );
    check_cavp(
        "c4bedbddb66493e7c7259a3bbbc25f8c7e0ca7fe284d92d431d9cd99a0d214ac",
        "1c69c54766791e315c2cc5c47ecd3ffab87d0d273dd920e70955814c220eacac
         e6a5946542da3dfe24ff626b4897898cafb7db83bdff3c14fa46fd4b",
        "1da47638d6c9c4d04d74d4640bbd42ab814d9e8cc22f4326695239f96b0693f1 2d0dd1152cf44430",
    );
}

fn check_cavp(key: &str, fixed: &str, expected: &str) {
    let expected = bytes(expected);
    let mut out = vec![0; expected.len()];
    counter_mode(&HmacSha256::new(&bytes(key)), &bytes(fixed), &mut out);
    assert_eq!(out, expected);
}

#[test]
fn agrees_with_the_back_end_at_every_length() {
    let key = b"a key of some length";
    let algorithm =
        get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256).expect("supported");
    for length in 1..=130_u8 {
        let bits = (u32::from(length) * 8).to_be_bytes();
        let info = [b"label\0first second".as_slice(), &bits].concat();
        let mut expected = vec![0; length.into()];
        kbkdf_ctr_hmac(algorithm, key, &info, &mut expected).expect("valid");

        let mut out = vec![0; length.into()];
        kbkdf(
            &HmacSha256::new(key),
            b"label",
            &[b"first ", b"second"],
            &mut out,
        );
        assert_eq!(out, expected, "{length}");
    }
}

#[test]
fn label_context_and_length_separate() {
    let key = HmacSha256::new(&[1; 32]);
    let derive = |label: &[u8], context: &[u8]| {
        let mut out = [0; 32];
        kbkdf(&key, label, &[context], &mut out);
        out
    };
    let derived = derive(b"label", b"context");
    assert_ne!(derived, derive(b"labe", b"lcontext"));
    assert_ne!(derived, derive(b"label", b"contex"));

    let mut longer = [0; 64];
    kbkdf(&key, b"label", &[b"context"], &mut longer);
    assert_ne!(derived, longer[..32]);
}
