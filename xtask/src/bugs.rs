//! The bug bank: faults that are planted on purpose, as patches in `bugs/`, each with the test that must fail once it is
//! in. Works on a copy of the tree, with a target folder of its own: never changes the files it was started from.
//!
//! A patch begins with two lines: `Fault: what is wrong` and `Caught by: PACKAGE BINARY TEST`, where the binary is `lib`
//! or the name of an integration test. Building takes most of the time, so faults of one binary are planted several at a
//! time ([`rounds`]).

mod copy;
mod rounds;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::Outcome;
use crate::count::Count;
use crate::counts::Counts;
use crate::run::root;

use copy::{Copy, Ended};

const FOLDER: &str = "bugs";
const FAULT: &str = "Fault: ";
const CAUGHT_BY: &str = "Caught by: ";
const CHANGED_FILE: &str = "+++ b/";

/// A planted fault.
struct Bug {
    name: String,
    patch: PathBuf,
    fault: String,
    caught_by: Test,
    /// The files that the patch changes.
    files: Vec<String>,
}

/// The test that must find it.
struct Test {
    binary: Binary,
    name: String,
}

/// What tests are built into.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Binary {
    package: String,
    name: String,
}

/// Faults of one binary that are planted together, each with a test and with files of its own.
type Hand = Vec<Bug>;

impl Bug {
    fn read(patch: &Path) -> Outcome<Self> {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(patch).map_err(|error| format!("{name}: {error}"))?;
        let lacks = |what: &str| format!("{name} lacks a line \"{what}\"");
        let after = |title: &str| text.lines().find_map(|line| line.strip_prefix(title));
        let fault = after(FAULT).ok_or_else(|| lacks(FAULT))?;
        let caught_by = after(CAUGHT_BY).and_then(Test::read);
        let files = (text.lines()).filter_map(|line| line.strip_prefix(CHANGED_FILE));
        Ok(Self {
            name: name.to_string(),
            patch: patch.to_owned(),
            fault: fault.to_owned(),
            caught_by: caught_by.ok_or_else(|| lacks(CAUGHT_BY))?,
            files: files.map(str::to_owned).collect(),
        })
    }

    /// Whether what one of them breaks could be taken for what the other breaks.
    fn is_in_the_way_of(&self, other: &Self) -> bool {
        let same_file = self.files.iter().any(|file| other.files.contains(file));
        same_file || self.caught_by.name == other.caught_by.name
    }
}

impl Test {
    fn read(words: &str) -> Option<Self> {
        let [package, binary, name] = words.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        let binary = Binary {
            package: package.to_owned(),
            name: binary.to_owned(),
        };
        Some(Self {
            binary,
            name: name.to_owned(),
        })
    }
}

/// Plants every fault, or those whose names begin with what is given; fails if one escapes.
pub(crate) fn run_bank(only: Option<&str>) -> Outcome<()> {
    let (_, counts) = plant(only)?;
    println!("{counts}");
    if counts.has_faults() {
        return Err("a planted fault was not caught".to_owned());
    }
    Ok(())
}

/// Plants every fault, or those whose names begin with what is given, and tells how many were caught.
pub(crate) fn plant(only: Option<&str>) -> Outcome<(Count, Counts)> {
    let begun = Instant::now();
    let hands = hands(bank(only)?);
    let copy = Copy::make()?;
    let (mut caught, mut escaped) = (0, 0);
    for hand in &hands {
        for (bug, is_caught) in hand.iter().zip(play(&copy, hand)?) {
            let word = if is_caught { "caught" } else { "ESCAPED" };
            println!("{word} {}: {}", bug.name, bug.fault);
            *(if is_caught { &mut caught } else { &mut escaped }) += 1;
        }
    }
    let (planted, seconds) = (caught + escaped, begun.elapsed().as_secs());
    println!("bug bank: caught {caught}/{planted} in {seconds} s");
    let line = format!("counts: planted={planted} caught={caught} escaped={escaped}");
    let count = Count {
        passed: caught,
        failed: escaped,
    };
    Ok((count, Counts::read(&line)?))
}

/// Plants the faults of a hand, and tells which were caught: those whose test failed in each round in which they were
/// planted and passed in every other.
fn play(copy: &Copy, hand: &Hand) -> Outcome<Vec<bool>> {
    let words = rounds::words(hand.len());
    let mut caught = vec![true; hand.len()];
    for round in 0..rounds::count(hand.len()) {
        let is_in = |word: &u32| word >> round & 1 == 1;
        let planted: Vec<bool> = words.iter().map(is_in).collect();
        let ended = play_round(copy, hand, &planted)?;
        for (((bug, planted), ended), caught) in
            hand.iter().zip(&planted).zip(ended).zip(&mut caught)
        {
            let expected = if *planted {
                Ended::Failed
            } else {
                Ended::Passed
            };
            if ended != expected {
                let with = if *planted { "with" } else { "without" };
                println!("{} {with} the fault: {ended:?}", bug.caught_by.name);
                *caught = false;
            }
        }
    }
    Ok(caught)
}

fn play_round(copy: &Copy, hand: &Hand, planted: &[bool]) -> Outcome<Vec<Ended>> {
    let planted = hand.iter().zip(planted).filter(|(_, planted)| **planted);
    let patches: Vec<&Path> = planted.map(|(bug, _)| bug.patch.as_path()).collect();
    let tests: Vec<&str> = hand.iter().map(|bug| bug.caught_by.name.as_str()).collect();
    let Some(binary) = hand.first().map(|bug| &bug.caught_by.binary) else {
        return Ok(Vec::new());
    };
    copy.apply(&patches)?;
    let ended = copy.test(binary, &tests);
    copy.take_back(&patches)?;
    ended
}

/// The bugs in hands, those of one binary after each other.
fn hands(mut bugs: Vec<Bug>) -> Vec<Hand> {
    bugs.sort_by(|one, other| one.caught_by.binary.cmp(&other.caught_by.binary));
    let mut hands: Vec<Hand> = Vec::new();
    for bug in bugs {
        let fits = |hand: &&mut Hand| {
            let mut others = hand.iter();
            others.all(|other| {
                other.caught_by.binary == bug.caught_by.binary && !other.is_in_the_way_of(&bug)
            })
        };
        match hands.iter_mut().find(fits) {
            Some(hand) => hand.push(bug),
            None => hands.push(vec![bug]),
        }
    }
    hands
}

/// The bugs in the order of their names.
fn bank(only: Option<&str>) -> Outcome<Vec<Bug>> {
    let folder = root().join(FOLDER);
    let found = fs::read_dir(&folder).map_err(|error| format!("{FOLDER}: {error}"))?;
    let mut patches: Vec<PathBuf> = found
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "patch"))
        .collect();
    patches.sort();
    let bugs = patches.iter().map(|patch| Bug::read(patch));
    let mut bugs = bugs.collect::<Outcome<Vec<_>>>()?;
    if let Some(beginning) = only {
        bugs.retain(|bug| bug.name.starts_with(beginning));
    }
    if bugs.is_empty() {
        return Err(format!("there is no such bug in {FOLDER}/"));
    }
    Ok(bugs)
}

#[cfg(test)]
mod tests {
    use super::{Bug, Test, hands};

    fn bug(name: &str, caught_by: &str, file: &str) -> Bug {
        Bug {
            name: name.to_owned(),
            patch: "x".into(),
            fault: String::new(),
            caught_by: Test::read(caught_by).unwrap(),
            files: vec![file.to_owned()],
        }
    }

    #[test]
    fn what_is_planted_together_has_tests_and_files_of_its_own() {
        let bugs = vec![
            bug("a", "p lib one", "f"),
            bug("b", "q lib one", "g"),
            bug("c", "p lib two", "g"),
            bug("d", "p lib one", "h"),
            bug("e", "p it three", "i"),
            bug("f", "p lib four", "g"),
        ];
        let names = hands(bugs).into_iter().map(|hand| {
            let names = hand.into_iter().map(|bug| bug.name);
            names.collect::<String>()
        });
        assert_eq!(names.collect::<Vec<_>>(), ["e", "ac", "df", "b"]);
    }

    #[test]
    fn a_test_is_three_words() {
        assert!(Test::read("strongroom-kms lib").is_none());
        assert!(Test::read("strongroom-kms lib a b").is_none());
    }
}
