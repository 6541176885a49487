//! A domain of before the anchor gets one.

use std::fs;

use strongroom_base::{Env, hex};
use strongroom_store::{Kind, Memory};

use super::*;
use crate::domain;
use crate::workbench::start_core;

/// `hsm.seal` of the format before the anchor, as that version wrote it, and the key file that opens it.
const SEAL_OF_FORMAT_1: &str = concat!(
    "53525345414c00015a3cf3d584a357e3a5c731c58e3a46fc0100000000000000000001003c067db6d47c81541047d2a6547e",
    "a100a656ac716fe820b22eb2053f92397089d6573cce20cd09bad63c0349afbe3559909475d3f02c0d251f408f958bdd91a1",
    "45b49a720f4f215effc4cc41e31b18f5e7ff275ba7003922049ebc7623531928d3a5b87ef3e3d637091c7f3db2c05d5562b3",
    "ddf4df02ccbeda78f1809bcb025c953f553999e9796c560601707e381e57",
);
const KEY_FILE: &str = "08ed3e5a60d54f2c3b206eeb2232dd4c3325c689dc7393af079fc4e93dca96b1";

/// As when the other disk is mounted late: what was begun must not be in the way of what is tried again.
#[tokio::test]
async fn an_adoption_that_failed_is_tried_again() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(&temporary.path().join("data"), Kind::Server).unwrap();
    let seal = hex::decode(SEAL_OF_FORMAT_1).unwrap();
    folder.replace_file(SEAL_FILE, &seal).unwrap();
    let disk = temporary.path().join("disk");
    let env = Env::system();
    let (client, serve) =
        Client::connect(start_core(Arc::clone(&env.clock)), Arc::default()).unwrap();
    tokio::spawn(serve);
    domain::load(&client, &folder).await.unwrap();
    let key = Secret::from_slice(&hex::decode(KEY_FILE).unwrap()).unwrap();
    domain::unseal_with_key_file(&client, &key).await.unwrap();
    let key_process = KeyProcess::default();
    key_process.connect(client.clone());
    let mooring = Mooring {
        engine: Arc::new(Memory::new()),
        file: disk.join(ANCHOR_FILE),
        key_process,
        clock: env.clock,
    };
    for _ in 0..2 {
        let failed = mooring.tie(&client, &folder).await;
        assert!(matches!(failed, Err(AnchorError::File(_))), "{failed:?}");
        assert_eq!(folder.read_file(SEAL_FILE, 4096).unwrap().unwrap(), seal);
    }
    fs::create_dir(disk).unwrap();
    mooring.tie(&client, &folder).await.unwrap();
    let adopted = folder.read_file(SEAL_FILE, 4096).unwrap().unwrap();
    assert_eq!(adopted[6..8], [0, 2]);
    assert_eq!(mooring.show(&client).await.unwrap().fit, Fit::Fits);
}
