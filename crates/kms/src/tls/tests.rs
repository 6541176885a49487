use super::cipher_suite;

/// The names of TLS 1.2 are OpenSSL's (ciphers(1), "TLS v1.2 cipher suites").
#[test]
fn cipher_suites_have_the_names_that_aws_gives_them() {
    let check = |name: &str, wanted: &str| assert_eq!(cipher_suite(name), wanted);
    check("TLS13_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384");
    check(
        "TLS13_CHACHA20_POLY1305_SHA256",
        "TLS_CHACHA20_POLY1305_SHA256",
    );
    check(
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    );
    check(
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
    );
    check(
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "ECDHE-RSA-CHACHA20-POLY1305",
    );
    check("", "");
}
