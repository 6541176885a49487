use strongroom_base::{Secret, hex};

use super::{Identity, Root, Rooted};

const KEY: [u8; 32] = [7; 32];

fn rooted(identities: &[Identity]) -> Rooted {
    Rooted::of(&Secret::new(KEY), identities.iter().copied())
}

fn some() -> [Identity; 3] {
    [1, 2, 3].map(|version| Identity::of(b"key", version, &[9; 40]))
}

#[test]
fn identities_and_roots_do_not_change() {
    let [first, ..] = some();
    assert_eq!(format!("{:032x}", first.0), IDENTITY);
    assert_eq!(hex::encode(&rooted(&[first]).root.to_bytes()), ROOT);
    assert_eq!(rooted(&[]).root.to_bytes(), [0; 32]);
}

const IDENTITY: &str = "75f9bbaf5c3839688e9c645eece018a1";
const ROOT: &str = "db804cacfc5cf50c129f8deddbe954418339ae2a6028dd92464b1bd0e01f3a6d";

#[test]
fn an_identity_is_of_key_version_and_head() {
    let all = [
        Identity::of(b"k", 1, &[0; 30]),
        Identity::of(b"l", 1, &[0; 30]),
        Identity::of(b"k", 2, &[0; 30]),
        Identity::of(b"k", 1, &[1; 30]),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(!all[..index].contains(one), "{index}");
    }
    let mut tail = [0; 30];
    tail[25..].fill(1);
    assert_eq!(all[0], Identity::of(b"k", 1, &tail));
    assert_eq!(all[0], Identity::of(b"k", 1, &[0; 25]));
}

/// Key, version and head have one length together: what one part gives up another cannot take.
#[test]
fn a_shorter_value_of_a_longer_key_has_another_identity() {
    let (key, version, head) = ([b'k'; 33], 7_u64, [9; 25]);
    let genuine = Identity::of(&key, version, &head);
    let bytes = [&key[..], &version.to_be_bytes(), &head].concat();
    for length in 0..head.len() {
        let (rest, value) = bytes.split_at(bytes.len() - length);
        let (key, version) = rest.split_at(rest.len() - 8);
        let version = u64::from_be_bytes(version.try_into().unwrap());
        assert_ne!(Identity::of(key, version, value), genuine, "{length}");
    }
}

#[test]
fn a_moved_root_is_that_of_the_rows_then() {
    let [a, b, c] = some();
    let before = rooted(&[a, b]);
    let check = |changes: &[(Option<Identity>, Option<Identity>)], after: &[Identity]| {
        assert_eq!(before.moved(changes.iter().copied()), rooted(after).root);
    };
    check(&[], &[b, a]);
    check(&[(Some(a), Some(c))], &[c, b]);
    check(&[(None, Some(c)), (Some(b), None)], &[a, c]);
    check(&[(Some(a), None), (Some(b), None)], &[]);
    assert_ne!(before.root, Root::default());
    assert_ne!(before.root, rooted(&[a, c]).root);
}
