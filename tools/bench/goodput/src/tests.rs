//! Rows that keep their share of the bound.

use super::*;

/// Asserts that the row reaches its minimum share, and returns its rate.
fn kept(row: Row) -> Result<f64> {
    let rate = measure(row)?;
    let (share, least) = (rate / row.bound(), least(&row));
    ensure!(share >= least, "{row:?} has {share:.4} of its bound, less than {least}");
    Ok(rate)
}

/// Rows with four buffers of 251 bytes, and those behind a line.
fn some() -> impl Iterator<Item = Row> {
    let few = |row: &Row| row.buffers == 4 && row.bytes == 251 && row.interval < 80;
    rows::all().filter(few).chain(rows::lines())
}

#[test]
fn flows_keep_their_share_of_the_bound() -> Result<()> {
    for row in some().filter(|row| !matches!(row.flow, Flow::Channel(_))) {
        kept(row)?;
    }
    Ok(())
}

#[test]
fn channels_keep_their_share_and_a_larger_window_is_no_slower() -> Result<()> {
    for row in some().filter(|row| row.flow == Flow::Channel(8)) {
        let (narrow, wide) = (kept(row)?, kept(Row { flow: Flow::Channel(32), ..row })?);
        ensure!(wide >= 0.999 * narrow, "{row:?}: {narrow}, and {wide} with a window of 32");
    }
    Ok(())
}

/// Returns the minimum share of the bound for a link with four buffers or more.
const fn least(row: &Row) -> f64 {
    match (row.flow, row.baud, row.interval) {
        // A credit for every frame would use the round trip over the line better, but the air of every other link
        // worse.
        (Flow::Channel(8), Some(921_600 | 1_000_000), _) => 0.66,
        // A credit indication takes the room of a K-frame, so fewer of them would be better here.
        (Flow::Channel(8), None, 6) if is_exact(row) => 0.89,
        (Flow::Channel(32), None, 24) if is_exact(row) => 0.975,
        _ => rows::LOW,
    }
}

/// Exchanges of 2,500 µs fill these intervals to the last microsecond.
const fn is_exact(row: &Row) -> bool {
    !row.two_mbit && row.encrypted && row.bytes == 251
}
