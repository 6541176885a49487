//! What a crash may leave of some steps, and what it may not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Change, Disk, Image, Step, Survives};

fn disk(changes: Vec<Change>) -> Disk {
    let mut disk = Disk::default();
    for (line, change) in changes.into_iter().enumerate() {
        let step = Step {
            begin: 2 * line,
            end: 2 * line + 1,
            change,
        };
        disk.make(&step, &|_| true);
    }
    disk
}

/// Every state that a thousand draws find, as the bytes of the file `a`.
fn states(disk: &Disk) -> BTreeSet<Option<Vec<u8>>> {
    let mut seed = 1_usize;
    let mut chance = |bound: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    let of_a = |image: Image| image.files.get(Path::new("a")).cloned();
    (0..1000)
        .map(|_| of_a(disk.crash(&mut Survives::Some(&mut chance))))
        .chain([
            of_a(disk.crash(&mut Survives::Everything)),
            of_a(disk.crash(&mut Survives::Nothing)),
        ])
        .collect()
}

fn a() -> PathBuf {
    "a".into()
}

fn write(offset: usize, byte: u8, length: usize) -> Change {
    Change::Write(a(), offset, vec![byte; length])
}

fn check(changes: Vec<Change>, expected: &[Option<Vec<u8>>]) {
    let expected: BTreeSet<_> = expected.iter().cloned().collect();
    assert_eq!(states(&disk(changes)), expected);
}

#[test]
fn what_is_synced_is_there() {
    let folder = PathBuf::new;
    let made = || vec![Change::Make(a()), Change::Sync(folder())];
    check(vec![Change::Make(a())], &[None, Some(vec![])]);
    check(made(), &[Some(vec![])]);
    let one = [made(), vec![write(0, 1, 2)]];
    check(
        one.into_iter().flatten().collect(),
        &[Some(vec![]), Some(vec![0, 0]), Some(vec![1, 1])],
    );
    let one = [made(), vec![write(0, 1, 2), Change::Sync(a())]];
    check(one.into_iter().flatten().collect(), &[Some(vec![1, 1])]);
    let later = [
        made(),
        vec![write(0, 1, 2), Change::Sync(a()), write(0, 2, 2)],
    ];
    check(
        later.into_iter().flatten().collect(),
        &[Some(vec![1, 1]), Some(vec![2, 2])],
    );
    let cut = [
        made(),
        vec![write(0, 1, 2), Change::Sync(a()), Change::Length(a(), 0)],
    ];
    check(
        cut.into_iter().flatten().collect(),
        &[Some(vec![1, 1]), Some(vec![])],
    );
}

#[test]
fn writes_are_torn_at_sectors_and_come_in_any_order() {
    let changes = vec![
        Change::Make(a()),
        Change::Sync(PathBuf::new()),
        write(0, 1, 1024),
        Change::Sync(a()),
        write(500, 2, 24),
        write(600, 3, 1),
    ];
    let found = states(&disk(changes));
    let seen = |first, second, third| {
        let byte = |bytes: &Vec<u8>, at: usize| bytes[at];
        let state = found.iter().flatten();
        state.clone().any(|bytes| {
            (byte(bytes, 511), byte(bytes, 512), byte(bytes, 600)) == (first, second, third)
        })
    };
    for (first, second, third) in [
        (1, 1, 1),
        (2, 2, 3),
        (2, 1, 1),
        (1, 2, 1),
        (1, 2, 3),
        (2, 2, 1),
    ] {
        assert!(seen(first, second, third), "{first} {second} {third}");
    }
    assert!(found.iter().flatten().all(|bytes| bytes[499] == 1
        && bytes[500] == bytes[511]
        && (bytes[600] == 1 || bytes[512] == 2)));
}

#[test]
fn a_name_is_the_old_or_the_new() {
    let changes = vec![
        Change::Make(a()),
        write(0, 1, 1),
        Change::Sync(a()),
        Change::Sync(PathBuf::new()),
        Change::Make("a.new".into()),
        Change::Write("a.new".into(), 0, vec![2]),
        Change::Sync("a.new".into()),
        Change::Rename("a.new".into(), a()),
    ];
    check(changes, &[Some(vec![1]), Some(vec![2])]);
}
