//! Which faults are planted in which round. Each is planted in another set of rounds, and all these sets are of one size,
//! so none is part of another: if a test fails in just the rounds of its own fault, no other single fault explains it. Twenty
//! faults take six builds.

/// The most rounds that are numbered in the bits of a word.
const ROUNDS_MAX: u32 = 31;

/// How many rounds `faults` faults take: never more than one each.
pub(super) fn count(faults: usize) -> u32 {
    let has_room = |rounds: &u32| of_size(*rounds).take(faults).count() == faults;
    (1..ROUNDS_MAX).find(has_room).unwrap_or(ROUNDS_MAX)
}

/// For each of `faults` faults the rounds in which it is planted, as bits.
pub(super) fn words(faults: usize) -> Vec<u32> {
    of_size(count(faults)).take(faults).collect()
}

/// Every choice of half of the `rounds`, rounded up.
fn of_size(rounds: u32) -> impl Iterator<Item = u32> {
    (1..1_u32 << rounds).filter(move |word| word.count_ones() == rounds.div_ceil(2))
}

#[cfg(test)]
mod tests {
    use super::{count, words};

    #[test]
    fn no_fault_is_planted_whenever_another_is() {
        for faults in 1..50 {
            let words = words(faults);
            assert_eq!(words.len(), faults);
            for (index, word) in words.iter().enumerate() {
                let others = words
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index);
                for (_, other) in others {
                    assert_ne!(word & other, *word, "{faults}");
                }
            }
        }
    }

    #[test]
    fn rounds_are_few() {
        for (faults, rounds) in [
            (1, 1),
            (2, 2),
            (3, 3),
            (4, 4),
            (6, 4),
            (7, 5),
            (10, 5),
            (20, 6),
        ] {
            assert_eq!(count(faults), rounds, "{faults}");
        }
    }
}
