//! The bug bank: faults that were planted on purpose, as patches in `bugs/`, each with the test that must fail once it is
//! in. Works on a copy of the tree, with a target folder of its own: never changes the files it was started from.
//!
//! A patch begins with two lines: `Fault: what is wrong` and `Caught by: PACKAGE BINARY TEST`, where the binary is `lib`
//! or the name of an integration test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::count::Count;
use crate::counts::Counts;
use crate::run::{cargo, output, root, run, run_and_keep, target};

const FOLDER: &str = "bugs";
const FAULT: &str = "Fault: ";
const CAUGHT_BY: &str = "Caught by: ";
/// How long a test may take to find a fault, in seconds: one that hangs has not found it.
const SECONDS_MAX: &str = "240";
/// Folders of a target folder that hold what other crates were built to.
const BUILT: &[&str] = &[".fingerprint", "build", "deps"];

/// A planted fault.
struct Bug {
    name: String,
    patch: PathBuf,
    fault: String,
    caught_by: Test,
}

/// The test that must find it.
struct Test {
    package: String,
    binary: String,
    name: String,
}

impl Bug {
    fn read(patch: PathBuf) -> Outcome<Self> {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&patch).map_err(|error| format!("{name}: {error}"))?;
        let lacks = |what: &str| format!("{name} lacks a line \"{what}\"");
        let after = |title: &str| text.lines().find_map(|line| line.strip_prefix(title));
        let fault = after(FAULT).ok_or_else(|| lacks(FAULT))?;
        let caught_by = after(CAUGHT_BY).and_then(Test::read);
        Ok(Self {
            name: name.to_string(),
            fault: fault.to_owned(),
            caught_by: caught_by.ok_or_else(|| lacks(CAUGHT_BY))?,
            patch,
        })
    }
}

impl Test {
    fn read(words: &str) -> Option<Self> {
        let [package, binary, name] = words.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        Some(Self {
            package: package.to_owned(),
            binary: binary.to_owned(),
            name: name.to_owned(),
        })
    }

    fn in_binary(&self) -> Vec<&str> {
        match self.binary.as_str() {
            "lib" => vec!["--package", &self.package, "--lib"],
            binary => vec!["--package", &self.package, "--test", binary],
        }
    }
}

/// A copy of the tree.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// Copies what git knows of the tree, as it is now, and what other crates were already built to.
    fn make() -> Outcome<Self> {
        let original = target()?;
        let folder = original.join("bugs");
        let copy = Self {
            tree: folder.join("tree"),
            target: folder.join("target"),
        };
        if copy.tree.exists() {
            fs::remove_dir_all(&copy.tree).map_err(|error| format!("old copy: {error}"))?;
        }
        copy.copy_files()?;
        if !copy.target.exists() {
            copy.take_built(&original.join("debug"))?;
        }
        Ok(copy)
    }

    fn copy_files(&self) -> Outcome<()> {
        let mut listing = Command::new("git");
        listing.current_dir(root());
        listing.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        for name in output(&mut listing)?.lines() {
            let (from, to) = (root().join(name), self.tree.join(name));
            let folder = to.parent().unwrap_or(&self.tree);
            // One that was removed without telling git is not there to be copied.
            if from.is_file() {
                fs::create_dir_all(folder)
                    .and_then(|()| fs::copy(&from, &to))
                    .map_err(|error| format!("copy of {name}: {error}"))?;
            }
        }
        Ok(())
    }

    /// What our own crates were built to belongs to the tree it was built from.
    fn take_built(&self, built: &Path) -> Outcome<()> {
        for folder in BUILT {
            let (from, to) = (built.join(folder), self.target.join("debug").join(folder));
            fs::create_dir_all(&to).map_err(|error| format!("{folder}: {error}"))?;
            let found = fs::read_dir(&from).map_err(|error| format!("{folder}: {error}"))?;
            let foreign = found
                .filter_map(Result::ok)
                .filter(|entry| !is_ours(&entry.file_name().to_string_lossy()))
                .map(|entry| entry.path());
            for some in foreign.collect::<Vec<_>>().chunks(500) {
                let mut copying = Command::new("cp");
                copying.arg("--archive").args(some).arg(&to);
                output(&mut copying)?;
            }
        }
        Ok(())
    }

    fn apply(&self, bug: &Bug, options: &[&str]) -> Outcome<()> {
        let mut applying = Command::new("git");
        applying.current_dir(&self.tree);
        // The copy belongs to no repository: within one, git would take the paths for that one's.
        applying.env(
            "GIT_CEILING_DIRECTORIES",
            self.tree.parent().unwrap_or(&self.tree),
        );
        applying.arg("apply").args(options).arg(&bug.patch);
        run(&mut applying)
    }

    /// `program`, which runs cargo in the copy.
    fn in_copy(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(&self.tree);
        command.env("CARGO_TARGET_DIR", &self.target);
        command.env("CARGO_INCREMENTAL", "1");
        command
    }

    /// Whether the test of `bug` fails while the fault is in.
    fn is_caught(&self, bug: &Bug) -> Outcome<bool> {
        let test = &bug.caught_by;
        let binary = test.in_binary();
        let cargo = cargo();
        let cargo = cargo.get_program().to_string_lossy();
        let building = [&["test", "--locked", "--no-run"], binary.as_slice()].concat();
        run(&mut self.in_copy(&cargo, &building))?;
        let limited = ["--kill-after", "5", SECONDS_MAX, &cargo, "test", "--locked"];
        let exactly = ["--", "--exact", test.name.as_str()];
        let testing = [&limited, binary.as_slice(), &exactly].concat();
        let (printed, succeeded) = run_and_keep(&mut self.in_copy("timeout", &testing))?;
        let failed = format!("test {} ... FAILED", test.name);
        Ok(!succeeded && printed.contains(&failed))
    }
}

fn is_ours(name: &str) -> bool {
    let name = name.strip_prefix("lib").unwrap_or(name);
    name.starts_with("strongroom") || name.starts_with("xtask")
}

/// Plants every fault, or the one that is named; fails if one escapes.
pub(crate) fn run_bank(only: Option<&str>) -> Outcome<()> {
    let (_, counts) = plant(only)?;
    println!("{counts}");
    if counts.has_faults() {
        return Err("a planted fault was not caught".to_owned());
    }
    Ok(())
}

/// Plants every fault, or the one that is named, and tells which were caught.
pub(crate) fn plant(only: Option<&str>) -> Outcome<(Count, Counts)> {
    let bugs = bank(only)?;
    let copy = Copy::make()?;
    let mut escaped = Vec::new();
    for bug in &bugs {
        println!("--- {}: {}", bug.name, bug.fault);
        copy.apply(bug, &[])?;
        let is_caught = copy.is_caught(bug);
        copy.apply(bug, &["--reverse"])?;
        if !is_caught? {
            escaped.push(bug);
        }
    }
    for bug in &escaped {
        println!("ESCAPED {}: {}", bug.name, bug.caught_by.name);
    }
    let caught = bugs.len() - escaped.len();
    println!("bug bank: caught {caught}/{}", bugs.len());
    let counts = Counts::read(&format!(
        "counts: planted={} caught={caught} escaped={}",
        bugs.len(),
        escaped.len()
    ))?;
    let count = Count {
        passed: caught as u64,
        failed: escaped.len() as u64,
    };
    Ok((count, counts))
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
    let mut bugs = patches
        .into_iter()
        .map(Bug::read)
        .collect::<Outcome<Vec<_>>>()?;
    if let Some(name) = only {
        bugs.retain(|bug| bug.name == name);
    }
    if bugs.is_empty() {
        return Err(format!("there is no such bug in {FOLDER}/"));
    }
    Ok(bugs)
}
