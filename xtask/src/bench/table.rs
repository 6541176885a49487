//! The table of a benchmark: medians of its rounds, and what they are of the first variant's.

use super::Variant;

/// What one run measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) p50_micros: f64,
    pub(crate) p99_micros: f64,
    /// CPU time of both processes for one request.
    pub(crate) cpu_micros: f64,
}

/// Prints the medians of `measured` as a table in Markdown, ratios to the first of `variants` in parentheses.
pub(crate) fn print(
    measured: &[(Variant, u64, Measured)],
    connections: &[u64],
    variants: &[Variant],
) {
    println!("| connections | audit | requests/s | p50 us | p99 us | CPU us/request |");
    println!("|---|---|---|---|---|---|");
    for connections in connections {
        let mut base = None;
        for variant in variants {
            let runs = measured
                .iter()
                .filter(|(of, with, _)| of == variant && with == connections);
            let runs: Vec<Measured> = runs.map(|(_, _, run)| *run).collect();
            let Some(medians) = medians(&runs) else {
                continue;
            };
            let base = *base.get_or_insert(medians);
            println!(
                "| {connections} | {} |{}",
                variant.name(),
                cells(medians, base)
            );
        }
    }
}

fn cells(medians: [f64; 4], base: [f64; 4]) -> String {
    let pairs = medians.iter().zip(base);
    let cells = pairs.map(|(value, base)| format!(" {value:.0} ({:.2}) |", value / base));
    cells.collect()
}

fn medians(runs: &[Measured]) -> Option<[f64; 4]> {
    let of = |read: fn(&Measured) -> f64| median(runs.iter().map(read).collect());
    Some([
        of(|run| run.rate)?,
        of(|run| run.p50_micros)?,
        of(|run| run.p99_micros)?,
        of(|run| run.cpu_micros)?,
    ])
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if !values.len().is_multiple_of(2) {
        return Some(upper);
    }
    let lower = *values.get(middle.checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians_are_in_the_middle() {
        for (values, wanted) in [
            (&[][..], None),
            (&[3.0], Some(3.0)),
            (&[3.0, 1.0], Some(2.0)),
            (&[9.0, 1.0, 2.0], Some(2.0)),
        ] {
            assert_eq!(median(values.to_vec()), wanted, "{values:?}");
        }
    }
}
