//! Reads how many tests passed and failed from the closing lines of the test runners.

/// Tests that ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// The count of a suite: one that failed without saying in which test counts as one failure, and so does
    /// one that ran nothing.
    pub(crate) fn of_suite(output: &str, succeeded: bool) -> Self {
        let mut count = Self::read(output);
        if count.failed == 0 && (!succeeded || count.passed == 0) {
            count.failed = 1;
        }
        count
    }

    /// Sums the closing lines of nextest, cargo test, pytest and Node's test runner.
    fn read(output: &str) -> Self {
        let mut count = Self::default();
        for line in output.lines().map(str::trim) {
            if let Some(words) = closing_words(line) {
                count.passed += number_of(&words, "passed") + number_of(&words, "pass");
                let wrong = ["failed", "fail", "error", "errors", "timed"];
                count.failed += wrong
                    .iter()
                    .map(|word| number_of(&words, word))
                    .sum::<u64>();
            }
        }
        count
    }
}

/// The words of `line` when it is a closing line, each number before what it counts.
fn closing_words(line: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = line
        .split([' ', ',', ';'])
        .filter(|word| !word.is_empty())
        .collect();
    if let ["#", name @ ("pass" | "fail"), number] = words.as_slice() {
        return Some(vec![number, name]);
    }
    let nextest = line.starts_with("Summary [") && line.contains("tests run:");
    let cargo = line.starts_with("test result:");
    let pytest = words.first().is_some_and(|word| is_number(word)) && line.contains(" in ");
    (nextest || cargo || pytest).then_some(words)
}

fn number_of(words: &[&str], word: &str) -> u64 {
    let pairs = words.windows(2).filter_map(|pair| match pair {
        [number, name] if *name == word => number.parse::<u64>().ok(),
        _ => None,
    });
    pairs.sum()
}

fn is_number(word: &str) -> bool {
    word.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn closing_lines_are_understood() {
        for (output, passed, failed) in [
            (
                "     Summary [   0.512s] 12 tests run: 11 passed (1 slow), 1 failed, 2 skipped",
                11,
                1,
            ),
            (
                "test result: ok. 3 passed; 0 failed; 0 ignored; finished in 0.1s\ntest result: FAILED. 1 passed; 2 failed;",
                4,
                2,
            ),
            ("5 passed in 0.12s", 5, 0),
            ("2 failed, 5 passed, 1 error in 3.40s", 5, 3),
            ("120 passed, 3 warnings in 75.10s (0:01:15)", 120, 0),
            ("# tests 6\n# pass 5\n# fail 1\n# cancelled 0", 5, 1),
            ("error: 3 passed over", 0, 0),
        ] {
            assert_eq!(Count::read(output), Count { passed, failed }, "{output}");
        }
    }

    #[test]
    fn a_suite_that_ran_nothing_has_failed() {
        assert_eq!(
            Count::of_suite("", true),
            Count {
                passed: 0,
                failed: 1
            }
        );
        assert_eq!(
            Count::of_suite("5 passed in 1s", false),
            Count {
                passed: 5,
                failed: 1
            }
        );
        assert_eq!(
            Count::of_suite("5 passed in 1s", true),
            Count {
                passed: 5,
                failed: 0
            }
        );
    }
}
