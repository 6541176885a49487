//! SPECIFICATION.md: whether every promise names what holds it, and whether that exists. Does not run anything.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::campaign;
use crate::run::root;
use crate::tidy::files;

const PAGE: &str = "SPECIFICATION.md";
/// What a promise may have in place of a test.
const WITHOUT_TEST: &[&str] = &["not yet tested", "not promised"];
/// Where programs of others test, and how their tests begin.
const CLIENTS: &str = "clients";

/// What is wrong with the page.
pub(crate) fn check() -> Outcome<Vec<String>> {
    let page = root().join(PAGE);
    let text = fs::read_to_string(page).map_err(|error| format!("{PAGE}: {error}"))?;
    let sources = Sources::read()?;
    let problems = rows(&text).flat_map(|(promise, held_by)| {
        let problems = problems_of(held_by, &sources).into_iter();
        problems.map(move |problem| format!("{PAGE}: \"{promise}\": {problem}"))
    });
    Ok(problems.collect())
}

/// Promises with what holds them: the rows of all tables.
fn rows(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let rows = text.lines().filter_map(|line| {
        let row = line.strip_prefix("| ")?.strip_suffix(" |")?;
        row.split_once(" | ")
    });
    rows.filter(|(promise, _)| *promise != "promise")
}

fn problems_of(held_by: &str, sources: &Sources) -> Vec<String> {
    if WITHOUT_TEST.iter().any(|word| held_by.starts_with(word)) {
        return Vec::new();
    }
    let named: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
    if named.is_empty() {
        return vec!["names no test".to_owned()];
    }
    let missing = named.into_iter().filter(|name| !sources.have(name));
    missing.map(|name| format!("there is no {name}")).collect()
}

/// Where tests are looked for: paths below the root, and contents.
struct Sources(Vec<(String, String)>);

impl Sources {
    fn read() -> Outcome<Self> {
        let mut found = Vec::new();
        for folder in ["crates", "conformance", "bugs", "fuzz"] {
            let folder = root().join(folder);
            if folder.is_dir() {
                found.extend(files(&folder)?);
            }
        }
        Ok(Self(found.into_iter().filter_map(read).collect()))
    }

    /// Whether what `name` names exists.
    fn have(&self, name: &str) -> bool {
        if let Some((place, test)) = name.split_once(": ") {
            return match place {
                CLIENTS => self.have_of_clients(test),
                krate => self.have_in(krate, test),
            };
        }
        match name.split_once(' ') {
            Some(("campaign", name)) => campaign::exists(name),
            Some(("bug", name)) => self.have_file(&format!("bugs/{name}.patch")),
            Some(("fuzz", name)) => self.have_file(&format!("/{name}.rs")),
            Some(("cargo", _)) => true,
            _ => false,
        }
    }

    fn have_in(&self, krate: &str, test: &str) -> bool {
        let folder = format!("crates/{krate}/");
        let mut modules: Vec<&str> = test.split("::").collect();
        let name = modules.pop().unwrap_or_default();
        let begins = format!("fn {name}(");
        let module = modules.iter().rev().find(|module| **module != "tests");
        self.0.iter().any(|(path, text)| {
            let is_there = module.is_none_or(|module| path.contains(module));
            path.starts_with(&folder) && is_there && text.contains(&begins)
        })
    }

    fn have_of_clients(&self, test: &str) -> bool {
        let (file, name) = test.split_once("::").unwrap_or((test, ""));
        let (file, begins) = (format!("/{file}"), format!("def {name}"));
        self.0.iter().any(|(path, text)| {
            path.starts_with("conformance/")
                && path.ends_with(&file)
                && (name.is_empty() || text.contains(&begins))
        })
    }

    fn have_file(&self, end: &str) -> bool {
        self.0.iter().any(|(path, _)| path.ends_with(end))
    }
}

fn read(path: PathBuf) -> Option<(String, String)> {
    let name = path.strip_prefix(root()).unwrap_or(Path::new(""));
    let text = fs::read_to_string(&path).ok()?;
    Some((name.display().to_string(), text))
}

#[cfg(test)]
mod tests {
    use super::{Sources, problems_of, rows};

    #[test]
    fn rows_are_those_of_tables() {
        let text = "# Title\n| promise | held by |\n|---|---|\n| It holds | `a: b` |\ntext";
        let found: Vec<_> = rows(text).collect();
        assert_eq!(found, [("It holds", "`a: b`")]);
    }

    #[test]
    fn what_is_named_must_exist() {
        let sources = Sources(vec![
            ("crates/a/tests/it/b.rs".to_owned(), "fn c() {}".to_owned()),
            (
                "conformance/cli/test_d.py".to_owned(),
                "def test_e(x)".to_owned(),
            ),
            ("bugs/f.patch".to_owned(), String::new()),
        ]);
        for (held_by, wrong) in [
            ("`a: b::c`", 0),
            ("`a: b::tests::c`, `clients: test_d.py`", 0),
            ("`clients: test_d.py::test_e`, `bug f`", 0),
            ("not yet tested", 0),
            ("a: b::c", 1),
            ("`a: b::other`", 1),
            ("`a: other::c`", 1),
            ("`other: b::c`, `bug other`", 2),
            ("`clients: test_d.py::test_other`", 1),
            ("`campaign of nobody`", 1),
        ] {
            assert_eq!(problems_of(held_by, &sources).len(), wrong, "{held_by}");
        }
    }
}
