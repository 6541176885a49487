//! Statements and the comparison: what fits, what does not, and that no sequence is given twice.

use strongroom_base::hex;
use strongroom_hsm_api::anchor::{Position, Statement};

use super::*;

const ROOT: [u8; 32] = [0x52; 32];
const OTHER: [u8; 32] = [0x53; 32];

/// What lies in store and anchor file.
#[derive(Clone, Default)]
struct Disk {
    root: [u8; 32],
    store: Vec<u8>,
    first: Vec<u8>,
    second: Vec<u8>,
}

impl Disk {
    /// A store of `root`, at `store`; its anchor at `anchor`.
    fn new(root: [u8; 32], store: &[u8], anchor: &[u8]) -> Self {
        Self {
            root,
            store: store.to_vec(),
            first: Vec::new(),
            second: anchor.to_vec(),
        }
    }

    fn found(&self) -> Found<'_> {
        Found {
            root: self.root,
            store: &self.store,
            first: &self.first,
            second: &self.second,
        }
    }
}

fn check(core: &Core, disk: &Disk) -> Fit {
    let found = disk.found();
    let checked = call(core, &CheckAnchor { found }).unwrap();
    assert_eq!(checked.fit == Fit::Fits, !checked.statement.is_empty());
    checked.fit
}

fn advance(core: &Core, base: u64, root: [u8; 32]) -> Result<Vec<u8>, Code> {
    Ok(call(core, &AdvanceAnchor { base, root })?.statement)
}

fn accept(core: &Core, disk: &Disk, sequence: u64) -> Result<Vec<u8>, Code> {
    let found = disk.found();
    Ok(call(core, &AcceptAnchor { found, sequence })?.statement)
}

fn position(statement: &[u8]) -> Position {
    decode::<Statement>(statement).unwrap().position
}

/// A seal, and the statements of its first commits.
fn history(commits: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    let core = core();
    let secret = boxed(&core, &[9; 32]);
    let command = Initialize {
        kind: SealKind::KeyFile,
        threshold: 0,
        shares: 0,
        secret: &secret,
        recipient: [0; 32],
    };
    let change = call(&core, &command).unwrap();
    let version = change.version;
    assert_eq!(advance(&core, 0, ROOT), Err(Code::Sealed));
    call(&core, &Confirm { version }).unwrap();
    let mut statements = vec![change.statement];
    for base in 0..commits {
        statements.push(advance(&core, base.into(), [base + 1; 32]).unwrap());
    }
    (change.seal, statements)
}

#[test]
fn the_bytes_of_a_statement_do_not_change() {
    let (seal, statements) = history(2);
    let domain = hex::encode(&seal[8..24]);
    let expected = [
        "5352414e43484f52",
        "0001",
        &domain,
        "00000000",
        "0000000000000002",
        &"02".repeat(32),
        "0000000000000001",
        "0000000000000001",
        STATEMENT_TAG,
    ];
    assert_eq!(hex::encode(&statements[2]), expected.concat());
    let statement = decode::<Statement>(&statements[2]).unwrap();
    assert_eq!(encode(&statement), statements[2]);
    let mut padded = statements[2].clone();
    padded.resize(4096, 0);
    assert_eq!(Statement::read_padded(&padded), Ok(statement));
    padded[4095] = 1;
    assert!(Statement::read_padded(&padded).is_err());
}

const STATEMENT_TAG: &str = "964f8f66304ab8101703f0d73676566260f4b90127103ea61bd71022f39254ae";

/// Its name, the root of the rows, the store's statement and the anchor's, and how they go together.
type Case<'c> = (&'c str, [u8; 32], &'c [u8], &'c [u8], Fit);

#[test]
fn what_fits_and_what_does_not() {
    let (seal, s) = history(4);
    let roots: Vec<_> = s.iter().map(|one| position(one).root).collect();
    let forged = {
        let mut bytes = s[3].clone();
        bytes[37] ^= 1;
        bytes
    };
    let foreign = history_of_another().1;
    let none: &[u8] = b"";
    let cases: &[Case<'_>] = &[
        ("the last answered", roots[3], &s[3], &s[3], Fit::Fits),
        ("one ahead", roots[3], &s[3], &s[2], Fit::Fits),
        ("new", [0; 32], none, &s[0], Fit::Fits),
        ("two ahead", roots[3], &s[3], &s[1], Fit::AnchorBehind),
        ("behind", roots[2], &s[2], &s[3], Fit::StoreBehind),
        ("behind, root", roots[3], &s[2], &s[3], Fit::StoreBehind),
        ("changed", roots[2], &s[3], &s[3], Fit::StoreChanged),
        ("one ahead, changed", OTHER, &s[3], &s[2], Fit::StoreChanged),
        ("deleted", [0; 32], none, &s[3], Fit::StoreUnstated),
        ("no statement", roots[3], none, &s[3], Fit::StoreUnstated),
        (
            "rows before the first",
            ROOT,
            none,
            &s[0],
            Fit::StoreUnstated,
        ),
        ("forged", roots[3], &forged, &s[3], Fit::StoreUnstated),
        ("foreign", roots[3], &foreign[3], &s[3], Fit::StoreUnstated),
        ("no anchor", roots[3], &s[3], none, Fit::AnchorMissing),
        ("nothing", [0; 32], none, none, Fit::AnchorMissing),
        (
            "forged anchor",
            roots[3],
            &s[3],
            &forged,
            Fit::AnchorMissing,
        ),
        (
            "foreign anchor",
            roots[3],
            &s[3],
            &foreign[3],
            Fit::AnchorMissing,
        ),
    ];
    for (name, root, store, anchor, fit) in cases {
        let core = unsealed(&seal);
        let disk = Disk::new(*root, store, anchor);
        assert_eq!(check(&core, &disk), *fit, "{name}");
        let answered = call(
            &core,
            &GenerateRandom {
                length: 8,
                recipient: b"",
            },
        );
        let expected = (*fit != Fit::Fits).then_some(Code::Unanchored);
        assert_eq!(answered.err(), expected, "{name}");
    }
    // The newer slot counts, whichever it is.
    for (first, second) in [(&s[2], &s[3]), (&s[3], &s[2])] {
        let mut disk = Disk::new(roots[2], &s[2], second);
        disk.first.clone_from(first);
        assert_eq!(check(&unsealed(&seal), &disk), Fit::StoreBehind);
    }
}

fn history_of_another() -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut setup = setup(Some(1));
    setup.random = Arc::new(Counting(Mutex::new(1000)));
    let core = Core::new(setup);
    initialize(&core, SealKind::KeyFile, &[9; 32]);
    let statements = (0..4).map(|base| advance(&core, base, [1; 32]).unwrap());
    (Vec::new(), statements.collect())
}

#[test]
fn nothing_is_answered_before_the_comparison() {
    let (_, seal) = open_core();
    let core = unsealed(&seal);
    call(&core, &GetStoreKeys {}).unwrap();
    let spec = attributes(Spec::Symmetric, Usage::EncryptDecrypt);
    let unanchored = Some(Code::Unanchored);
    assert_eq!(
        call(&core, &GenerateKey { attributes: spec }).err(),
        unanchored
    );
    assert_eq!(call(&core, &RotateDomain {}).err(), unanchored);
    assert_eq!(call(&core, &RetireEpoch { epoch: 1 }).err(), unanchored);
    assert_eq!(advance(&core, 0, ROOT), Err(Code::Unanchored));
    for token in [b"".as_slice(), &[1; 80]] {
        assert_eq!(call(&core, &Rewrap { token }).err(), unanchored);
        assert_eq!(call(&core, &GetPublicKey { token }).err(), unanchored);
    }
    compare(&core);
    call(&core, &RotateDomain {}).unwrap();
}

#[test]
fn no_sequence_is_given_twice_and_none_is_gone_back_to() {
    let (seal, s) = history(3);
    let core = unsealed(&seal);
    let root = position(&s[3]).root;
    assert_eq!(check(&core, &Disk::new(root, &s[3], &s[3])), Fit::Fits);
    let next = |base| {
        advance(&core, base, ROOT).map(|one| {
            let position = position(&one);
            assert_eq!(
                (position.base, position.root, position.epoch),
                (base, ROOT, 0)
            );
            position.sequence
        })
    };
    assert_eq!(next(2), Err(Code::AnchorRefused));
    assert_eq!(next(4), Err(Code::AnchorRefused));
    assert_eq!(next(3), Ok(4));
    // The last was given up, twice.
    assert_eq!(next(3), Ok(5));
    assert_eq!(next(3), Ok(6));
    // An answer that came late.
    assert_eq!(next(5), Ok(7));
    assert_eq!(next(3), Err(Code::AnchorRefused));
    assert_eq!(next(4), Err(Code::AnchorRefused));
    assert_eq!(next(7), Ok(8));
    assert_eq!(next(u64::MAX), Err(Code::AnchorRefused));
}

/// Between two comparisons of one life the store cannot go back, even together with its anchor.
#[test]
fn a_life_remembers() {
    let (seal, s) = history(3);
    let core = unsealed(&seal);
    let at = |number: usize| Disk::new(position(&s[number]).root, &s[number], &s[number]);
    assert_eq!(check(&core, &at(2)), Fit::Fits);
    let next = advance(&core, 2, ROOT).unwrap();
    assert_ne!(next, s[3]);
    assert_eq!(check(&core, &Disk::new(ROOT, &next, &s[2])), Fit::Fits);
    assert_eq!(check(&core, &at(2)), Fit::StoreBehind);
    assert_eq!(advance(&core, 3, ROOT), Err(Code::Unanchored));
    assert_eq!(check(&core, &Disk::new(ROOT, &next, &next)), Fit::Fits);
    assert_eq!(position(&advance(&core, 3, ROOT).unwrap()).sequence, 4);
}

/// A sequence that another life gave to a commit that was never answered is not this one's.
#[test]
fn two_statements_of_one_sequence_are_not_one() {
    let (seal, s) = history(3);
    let core = unsealed(&seal);
    let root = position(&s[2]).root;
    assert_eq!(check(&core, &Disk::new(root, &s[2], &s[2])), Fit::Fits);
    let other = advance(&core, 2, OTHER).unwrap();
    assert_eq!(position(&other).sequence, position(&s[3]).sequence);
    let disk = Disk::new(position(&s[3]).root, &s[3], &other);
    assert_eq!(check(&unsealed(&seal), &disk), Fit::StoreBehind);
}

#[test]
fn an_older_seal_does_not_fit() {
    let (old, s) = history(1);
    let core = unsealed(&old);
    let root = position(&s[1]).root;
    assert_eq!(check(&core, &Disk::new(root, &s[1], &s[1])), Fit::Fits);
    let change = call(&core, &RotateDomain {}).unwrap();
    assert_eq!(change.statement, b"");
    let version = change.version;
    call(&core, &Confirm { version }).unwrap();
    let next = advance(&core, 1, root).unwrap();
    assert_eq!(position(&next).seal, 2);
    let disk = Disk::new(root, &next, &next);
    assert_eq!(check(&unsealed(&change.seal), &disk), Fit::Fits);
    let put_back = unsealed(&old);
    assert_eq!(check(&put_back, &disk), Fit::SealBehind);
    // What else does not fit is said first.
    let behind = Disk::new(root, &s[1], &next);
    assert_eq!(check(&put_back, &behind), Fit::StoreBehind);
    accept(&put_back, &disk, 2).unwrap();
}

#[test]
fn a_mismatch_can_be_accepted_where_it_is() {
    let (seal, s) = history(3);
    let old = Disk::new(position(&s[1]).root, &s[1], &s[3]);
    let core = unsealed(&seal);
    for wrong in [0, 2, 3, u64::MAX] {
        assert_eq!(accept(&core, &old, wrong), Err(Code::AnchorRefused));
    }
    let accepted = accept(&core, &old, 1).unwrap();
    let expected = Position {
        epoch: 1,
        sequence: 4,
        root: old.root,
        base: 3,
        seal: 1,
    };
    assert_eq!(position(&accepted), expected);
    // It is nothing before both have it.
    assert_eq!(advance(&core, 4, ROOT), Err(Code::Unanchored));
    let half = Disk::new(old.root, &accepted, &s[3]);
    assert_eq!(check(&core, &half), Fit::StoreBehind);
    let both = Disk::new(old.root, &accepted, &accepted);
    assert_eq!(check(&core, &both), Fit::Fits);
    assert_eq!(accept(&core, &both, 4), Err(Code::AnchorRefused));
    let next = advance(&core, 4, ROOT).unwrap();
    assert_eq!((position(&next).epoch, position(&next).sequence), (1, 5));
    // The life before does not come back, however far it was.
    let before = Disk::new(position(&s[3]).root, &s[3], &next);
    assert_eq!(check(&unsealed(&seal), &before), Fit::StoreBehind);
}

/// A store that was deleted, or never had a statement, is at sequence 0.
#[test]
fn an_empty_store_can_be_accepted() {
    let (seal, s) = history(2);
    let core = unsealed(&seal);
    let disk = Disk::new([0; 32], b"", &s[2]);
    assert_eq!(accept(&core, &disk, 2), Err(Code::AnchorRefused));
    let accepted = accept(&core, &disk, 0).unwrap();
    assert_eq!(position(&accepted).sequence, 3);
}

/// `hsm.seal` of the format before the anchor, as that version wrote it, and the key file that opens it.
const SEAL_OF_FORMAT_1: &str = concat!(
    "53525345414c00015a3cf3d584a357e3a5c731c58e3a46fc0100000000000000000001003c067db6d47c81541047d2a6547e",
    "a100a656ac716fe820b22eb2053f92397089d6573cce20cd09bad63c0349afbe3559909475d3f02c0d251f408f958bdd91a1",
    "45b49a720f4f215effc4cc41e31b18f5e7ff275ba7003922049ebc7623531928d3a5b87ef3e3d637091c7f3db2c05d5562b3",
    "ddf4df02ccbeda78f1809bcb025c953f553999e9796c560601707e381e57",
);
const KEY_FILE: &str = "08ed3e5a60d54f2c3b206eeb2232dd4c3325c689dc7393af079fc4e93dca96b1";

/// A core with that key file's domain.
fn unsealed_by_file(seal: &[u8]) -> Core {
    let core = super::core();
    call(&core, &LoadSeal { seal }).unwrap();
    let opened = unseal(&core, &hex::decode(KEY_FILE).unwrap());
    assert_eq!(opened.outcome, UnsealOutcome::Opened);
    core
}

#[test]
fn a_seal_of_the_first_format_is_adopted() {
    let old = hex::decode(SEAL_OF_FORMAT_1).unwrap();
    assert_eq!(old[6..8], [0, 1]);
    let core = unsealed_by_file(&old);
    let disk = Disk::new(ROOT, b"", b"");
    assert_eq!(check(&core, &disk), Fit::Adoptable);
    assert_eq!(accept(&core, &disk, 0), Err(Code::AnchorRefused));
    assert_eq!(advance(&core, 0, ROOT), Err(Code::Unanchored));
    let adopt = |core: &Core, disk: &Disk| {
        let found = disk.found();
        call(core, &AdoptAnchor { found })
    };
    let change = adopt(&core, &disk).unwrap();
    let first = position(&change.statement);
    assert_eq!((first.sequence, first.root, first.seal), (0, ROOT, 1));
    assert_eq!((change.version, &change.seal[6..8]), (2, &[0, 2][..]));

    // A crash leaves the statement in one place or in both, under the old seal.
    let statement = &change.statement;
    for (store, anchor) in [(statement, &Vec::new()), (statement, statement)] {
        let crashed = Disk::new(ROOT, store, anchor);
        let later = unsealed_by_file(&old);
        assert_eq!(check(&later, &crashed), Fit::Adoptable);
        let again = adopt(&later, &crashed).unwrap();
        assert_eq!(position(&again.statement).sequence, 1);
        let changed = Disk::new(OTHER, store, anchor);
        assert_eq!(check(&unsealed_by_file(&old), &changed), Fit::StoreChanged);
    }

    let version = change.version;
    call(&core, &Confirm { version }).unwrap();
    let adopted = Disk::new(ROOT, statement, statement);
    assert_eq!(check(&core, &adopted), Fit::Fits);
    assert_eq!(adopt(&core, &adopted).err(), Some(Code::AnchorRefused));
    let next = advance(&core, 0, ROOT).unwrap();
    assert_eq!(position(&next).seal, 2);
    assert_eq!(check(&unsealed_by_file(&change.seal), &adopted), Fit::Fits);
    assert_eq!(
        check(&unsealed_by_file(&change.seal), &disk),
        Fit::AnchorMissing
    );
    let disk = Disk::new(ROOT, &next, &next);
    assert_eq!(check(&unsealed_by_file(&old), &disk), Fit::SealBehind);
    // An anchored seal that is called the first format does not open.
    let mut claimed = change.seal;
    claimed[7] = 1;
    let core = super::core();
    call(&core, &LoadSeal { seal: &claimed }).unwrap();
    assert_eq!(
        unseal(&core, &hex::decode(KEY_FILE).unwrap()).outcome,
        UnsealOutcome::SecretWrong
    );
}
