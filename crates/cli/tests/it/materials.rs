//! What was encrypted under any material of a key decrypts, whatever became of the keys since.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use strongroom_crypto::rsa_encryption::{OaepHash, oaep_encrypt};
use strongroom_testkit::{Client, Server};

use crate::domain::domain;
use crate::{program, scratch};

const ROTATIONS: usize = 10;

fn encrypt(client: &mut Client, key: &Value) -> Value {
    let input = json!({"KeyId": key, "Plaintext": STANDARD.encode("of long ago")});
    client.ok("Encrypt", &input)["CiphertextBlob"].clone()
}

/// The id of the material that a ciphertext was decrypted with.
fn decrypt(client: &mut Client, ciphertext: &Value) -> Value {
    let opened = client.ok("Decrypt", &json!({"CiphertextBlob": ciphertext}));
    assert_eq!(opened["Plaintext"], STANDARD.encode("of long ago"));
    opened["KeyMaterialId"].clone()
}

fn materials(client: &mut Client, key: &Value) -> Vec<Value> {
    let input = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = client.ok("ListKeyRotations", &input);
    let listed = listed["Rotations"].as_array().unwrap();
    listed
        .iter()
        .map(|one| one["KeyMaterialId"].clone())
        .collect()
}

/// Imports `material`, which waits for its rotation unless it is the first.
fn import(client: &mut Client, key: &Value, material: [u8; 32]) {
    let parameters = json!({
        "KeyId": key,
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "WrappingKeySpec": "RSA_2048",
    });
    let parameters = client.ok("GetParametersForImport", &parameters);
    let public = STANDARD
        .decode(parameters["PublicKey"].as_str().unwrap())
        .unwrap();
    let wrapped = oaep_encrypt(&public, OaepHash::Sha256, &material).unwrap();
    let input = json!({
        "KeyId": key,
        "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": STANDARD.encode(wrapped),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        "ImportType": "NEW_KEY_MATERIAL",
    });
    client.ok("ImportKeyMaterial", &input);
}

#[test]
fn old_ciphertext_outlives_rotations_imports_and_domain_keys() {
    let (_folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let mut client = server.client();
    let made = client.ok("CreateKey", &json!({}))["KeyMetadata"]["KeyId"].clone();
    let external =
        client.ok("CreateKey", &json!({"Origin": "EXTERNAL"}))["KeyMetadata"]["KeyId"].clone();
    import(&mut client, &external, [1; 32]);
    let mut old = vec![
        (made.clone(), encrypt(&mut client, &made)),
        (external.clone(), encrypt(&mut client, &external)),
    ];
    for _ in 0..ROTATIONS {
        client.ok("RotateKeyOnDemand", &json!({"KeyId": made}));
        old.push((made.clone(), encrypt(&mut client, &made)));
    }
    import(&mut client, &external, [2; 32]);
    client.ok("RotateKeyOnDemand", &json!({"KeyId": external}));
    old.push((external.clone(), encrypt(&mut client, &external)));
    for arguments in [["rotate"].as_slice(), &["retire", "1"]] {
        domain(&data, arguments).succeeded();
    }
    server.terminate();
    server.restart();

    let mut client = server.client();
    for (key, count) in [(&made, ROTATIONS + 1), (&external, 2)] {
        let of_key = old.iter().filter(|(owner, _)| owner == key);
        let used: Vec<Value> = of_key
            .map(|(_, ciphertext)| decrypt(&mut client, ciphertext))
            .collect();
        assert_eq!(used.len(), count);
        assert_eq!(used, materials(&mut client, key), "oldest first");
    }
    println!("{} ciphertexts, each under its own material", old.len());
}
