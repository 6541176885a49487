//! From a history that fails to a short one that fails.

use super::history::History;

/// The most histories that are tried.
const TRIES_MAX: usize = 150;

/// The shortest history found that still `fails`: without halves, quarters, … and single steps of it.
pub fn shrink(history: &History, fails: impl Fn(&History) -> bool) -> History {
    let mut shortest = history.clone();
    let mut size = shortest.steps.len().div_ceil(2);
    let mut tries = 0;
    while size > 0 && tries < TRIES_MAX {
        let mut start = 0;
        while start < shortest.steps.len() && tries < TRIES_MAX {
            let without = start..start + size;
            let shorter = shortest.only(|index| !without.contains(&index));
            tries += 1;
            match fails(&shorter) {
                true => shortest = shorter,
                false => start += size,
            }
        }
        size /= 2;
    }
    shortest
}
