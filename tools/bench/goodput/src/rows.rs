//! The measured links.

use bindrune_bound::{Flow, Row};

pub(crate) const FLOWS: [Flow; 4] =
    [Flow::Channel(8), Flow::Channel(32), Flow::Notification, Flow::WriteCommand];
/// 7.5, 30, 100 and 400 ms, in units of 1.25 ms.
pub(crate) const INTERVALS: [u16; 4] = [6, 24, 80, 320];
/// Baud rates from the slowest line of common controllers to the fastest.
pub(crate) const BAUDS: [u32; 5] = [115_200, 460_800, 921_600, 1_000_000, 3_000_000];

/// Rows with a share below this are listed.
pub(crate) const LOW: f64 = 0.98;

/// Returns a row with eight buffers, as most controllers have.
pub(crate) const fn usual(flow: Flow, two_mbit: bool, interval: u16) -> Row {
    Row { flow, two_mbit, interval, bytes: 251, buffers: 8, encrypted: false, baud: None }
}

/// Returns every combination.
pub(crate) fn all() -> impl Iterator<Item = Row> {
    let links = FLOWS.into_iter().flat_map(|flow| {
        [false, true].into_iter().flat_map(move |two_mbit| {
            INTERVALS.into_iter().map(move |interval| usual(flow, two_mbit, interval))
        })
    });
    links.flat_map(|row| {
        [251, 27].into_iter().flat_map(move |bytes| {
            [1, 2, 4, 8, 20].into_iter().flat_map(move |buffers| {
                [false, true].map(move |encrypted| Row { bytes, buffers, encrypted, ..row })
            })
        })
    })
}

/// Returns serial lines before the usual controller.
pub(crate) fn lines() -> impl Iterator<Item = Row> {
    FLOWS
        .into_iter()
        .flat_map(|flow| BAUDS.map(move |baud| Row { baud: Some(baud), ..usual(flow, true, 24) }))
}
