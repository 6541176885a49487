//! A copy of the tree, in which faults are planted and tests run. Brought up to date file by file, so that what was built
//! before stays built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::run::{cargo, output, root, run, shown, target};

use super::Binary;

/// How long the tests of a hand may take, in seconds: one that hangs has found nothing.
const SECONDS_MAX: &str = "240";
/// Folders of a target folder that hold what other crates were built to.
const BUILT: &[&str] = &[".fingerprint", "build", "deps"];

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Passed,
    Failed,
    /// It did not come to an end, or there is no such test.
    Nowhere,
}

/// A copy of the tree.
pub(super) struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// Copies what git knows of the tree, as it is now, and what other crates were already built to.
    pub(super) fn make() -> Outcome<Self> {
        let original = target()?;
        let folder = original.join("bugs");
        let copy = Self {
            tree: folder.join("tree"),
            target: folder.join("target"),
        };
        copy.bring_up_to_date()?;
        if !copy.target.exists() {
            copy.take_built(&original.join("debug"))?;
        }
        Ok(copy)
    }

    /// Plants the faults of `patches`.
    pub(super) fn apply(&self, patches: &[&Path]) -> Outcome<()> {
        patches
            .iter()
            .try_for_each(|patch| self.git_apply(patch, &[]))
    }

    /// Undoes [`Copy::apply`] of the same.
    pub(super) fn take_back(&self, patches: &[&Path]) -> Outcome<()> {
        let mut last_first = patches.iter().rev();
        last_first.try_for_each(|patch| self.git_apply(patch, &["--reverse"]))
    }

    /// Builds `binary`, and runs `tests` of it.
    pub(super) fn test(&self, binary: &Binary, tests: &[&str]) -> Outcome<Vec<Ended>> {
        let options = match binary.name.as_str() {
            "lib" => vec!["--package", &binary.package, "--lib"],
            name => vec!["--package", &binary.package, "--test", name],
        };
        let cargo = cargo();
        let cargo = cargo.get_program().to_string_lossy();
        let building = [&["test", "--locked", "--no-run"], options.as_slice()].concat();
        run(&mut self.in_copy(&cargo, &building))?;
        let limited = ["--kill-after", "5", SECONDS_MAX, &cargo, "test", "--locked"];
        let exactly = [&["--", "--exact"], tests].concat();
        let testing = [&limited, options.as_slice(), &exactly].concat();
        let mut testing = self.in_copy("timeout", &testing);
        println!("$ {}", shown(&testing));
        let done = testing
            .output()
            .map_err(|error| format!("timeout: {error}"))?;
        let printed = String::from_utf8_lossy(&done.stdout).into_owned();
        Ok(tests.iter().map(|test| ended(&printed, test)).collect())
    }

    fn bring_up_to_date(&self) -> Outcome<()> {
        let mut listing = Command::new("git");
        listing.current_dir(root());
        listing.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let mut kept = BTreeSet::new();
        for name in output(&mut listing)?.lines() {
            let (from, to) = (root().join(name), self.tree.join(name));
            // One that was removed without telling git is not there to be copied.
            if from.is_file() {
                bring(&from, &to).map_err(|error| format!("copy of {name}: {error}"))?;
                kept.insert(to);
            }
        }
        remove_others(&self.tree, &kept).map_err(|error| format!("old copy: {error}"))
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

    fn git_apply(&self, patch: &Path, options: &[&str]) -> Outcome<()> {
        let mut applying = Command::new("git");
        applying.current_dir(&self.tree);
        // The copy belongs to no repository: within one, git would take the paths for that one's.
        applying.env(
            "GIT_CEILING_DIRECTORIES",
            self.tree.parent().unwrap_or(&self.tree),
        );
        applying.arg("apply").args(options).arg(patch);
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
}

/// Copies a file unless it is there already: what cargo built from it is then as good as it was.
fn bring(from: &Path, to: &Path) -> std::io::Result<()> {
    let wanted = fs::read(from)?;
    if fs::read(to).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(drop)
}

fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn ended(printed: &str, test: &str) -> Ended {
    let says = |word: &str| {
        let line = format!("test {test} ... {word}");
        printed.lines().any(|printed| printed == line)
    };
    match (says("ok"), says("FAILED")) {
        (true, false) => Ended::Passed,
        (false, true) => Ended::Failed,
        _ => Ended::Nowhere,
    }
}

fn is_ours(name: &str) -> bool {
    let name = name.strip_prefix("lib").unwrap_or(name);
    name.starts_with("strongroom") || name.starts_with("xtask")
}

#[cfg(test)]
mod tests {
    use super::{Ended, ended};

    #[test]
    fn a_test_ends_as_its_line_says() {
        let printed = "test a::b ... ok\ntest a::c ... FAILED\ntest a::d has been running\n";
        for (test, expected) in [
            ("a::b", Ended::Passed),
            ("a::c", Ended::Failed),
            ("a::d", Ended::Nowhere),
            ("b", Ended::Nowhere),
        ] {
            assert_eq!(ended(printed, test), expected, "{test}");
        }
    }
}
