//! The table of bad inputs, `bad_inputs.tsv`.

use core::iter;

/// A hostile input and the right answer to it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// A letter for the layer, and a number.
    pub id: &'static str,
    /// The layer that must answer.
    pub layer: &'static str,
    /// The state of the host before the input.
    pub precondition: &'static str,
    /// The input: see [`Row::steps`].
    pub input: &'static str,
    /// The error in the input.
    pub meaning: &'static str,
    /// The right answer.
    pub expected: &'static str,
    /// The rule that the input breaks.
    pub spec: &'static str,
    /// An implementation that handled it wrongly before.
    pub source: &'static str,
}

/// A part of a row's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Octets from the controller, as H4, repeated `times` times.
    Octets {
        /// At least 1.
        times: usize,
        /// At least one octet.
        octets: Vec<u8>,
    },
    /// A step that is only described: silence, or a recipe.
    Words(&'static str),
}

/// Returns all rows, in the order of the table. A line without exactly eight columns ends them.
pub fn rows() -> impl Iterator<Item = Row> {
    include_str!("../bad_inputs.tsv").lines().skip(1).map_while(row)
}

impl Row {
    /// Returns the input, step by step.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        if self.input.contains("||") {
            return vec![Step::Words(self.input)];
        }
        self.input.split('|').flat_map(|part| part.split(", then ")).map(step).collect()
    }

    /// Returns the octets of all steps. Repetitions are limited to `most`.
    #[must_use]
    pub fn packets(&self, most: usize) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for step in self.steps() {
            if let Step::Octets { times, octets } = step {
                packets.extend(iter::repeat_n(octets, times.min(most)));
            }
        }
        packets
    }
}

fn row(line: &'static str) -> Option<Row> {
    let mut columns = line.split('\t');
    let mut column = || columns.next();
    let row = Row {
        id: column()?,
        layer: column()?,
        precondition: column()?,
        input: column()?,
        meaning: column()?,
        expected: column()?,
        spec: column()?,
        source: column()?,
    };
    columns.next().is_none().then_some(row)
}

fn step(text: &'static str) -> Step {
    let text = text.trim();
    let (times, digits) = text
        .split_once(" x ")
        .and_then(|(times, digits)| Some((times.parse().ok()?, digits)))
        .unwrap_or((1, text));
    match octets(digits) {
        Some(octets) if !octets.is_empty() => Step::Octets { times, octets },
        _ => Step::Words(text),
    }
}

fn octets(digits: &str) -> Option<Vec<u8>> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let octet = |pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(|pair| octet(pair)).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_row_of_its_own() {
        let lines = include_str!("../bad_inputs.tsv").lines().count();
        let mut ids: Vec<_> = rows().map(|row| row.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), lines - 1);
    }

    fn steps(input: &'static str) -> Vec<Step> {
        let row = rows().next().unwrap();
        Row { input, ..row }.steps()
    }

    #[test]
    fn inputs_are_steps() {
        let octets = |times, octets: &[u8]| Step::Octets { times, octets: octets.into() };
        assert_eq!(steps("0400 | 02ff"), [octets(1, &[4, 0]), octets(1, &[2, 0xff])]);
        assert_eq!(steps("1000 x 0400"), [octets(1000, &[4, 0])]);
        assert_eq!(steps("<silence>, then 04"), [Step::Words("<silence>"), octets(1, &[4])]);
        assert_eq!(steps("04 || ours"), [Step::Words("04 || ours")]);
        assert_eq!(steps("a recipe"), [Step::Words("a recipe")]);
    }

    #[test]
    fn packets_have_a_limit() {
        let row = Row { input: "3 x 04 | <silence> | 0500", ..rows().next().unwrap() };
        assert_eq!(row.packets(2), [vec![4], vec![4], vec![5, 0]]);
    }
}
