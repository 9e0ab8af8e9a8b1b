//! The live table of devices.

use std::cmp::Reverse;

use super::Device;
use crate::{
    cli::Sort,
    output::Output,
    table::{Column, fit},
};

const COLUMNS: [Column; 7] = [
    Column::new("NAME", 8, 1),
    Column::new("ADDRESS", 17, 0),
    Column::new("", 6, 4),
    Column::new("RSSI", 4, 2),
    Column::new("", 5, 5),
    Column::new("SERVICES", 8, 6),
    Column::new("SEEN", 5, 3),
];

/// Formats the table within the size of the terminal.
pub(super) fn table(
    out: Output,
    devices: &[&Device],
    sort: Sort,
    (width, height): (usize, usize),
) -> String {
    let mut sorted = devices.to_vec();
    match sort {
        Sort::Rssi => sorted.sort_by_key(|device| Reverse(device.rssi())),
        Sort::Name => sorted.sort_by_key(|device| {
            (device.name().is_none(), device.name().map(str::to_lowercase), device.peer())
        }),
        Sort::Age => sorted.sort_by_key(|device| device.age()),
    }
    // The heading, and the line about the rest.
    let room = height.saturating_sub(2).max(1);
    let rows: Vec<_> = sorted.iter().take(room).map(|device| row(device)).collect();
    let text = fit(out, &COLUMNS, &rows, width);
    match sorted.len().saturating_sub(rows.len()) {
        0 => text,
        rest => format!("{text}\n and {rest} more"),
    }
}

fn row(device: &Device) -> Vec<String> {
    vec![
        device.name().unwrap_or("-").to_owned(),
        device.address().to_owned(),
        device.address_type().to_owned(),
        device.rssi().map(|dbm| dbm.to_string()).unwrap_or_default(),
        device.signal(),
        device.offer(),
        format!("{:.1} s", device.age().as_secs_f64()),
    ]
}

#[cfg(test)]
mod tests {
    use bindrune::Address;

    use super::*;

    #[test]
    fn each_device_is_a_row_under_the_heading() {
        let device = Device::new(Address::random([0xc4, 0x5e, 0x12, 0, 0, 1]));
        let out = Output::new(true);
        let text = table(out, &[&device], Sort::Rssi, (100, 24));
        let mut lines = text.lines();
        assert!(lines.next().is_some_and(|l| l.contains("NAME") && l.contains("SEEN")));
        assert!(lines.next().is_some_and(|l| l.contains("C4:5E:12:00:00:01 random")));
        assert_eq!(lines.next(), None);
        let many = [&device; 50];
        let text = table(out, &many, Sort::Age, (100, 10));
        assert_eq!(text.lines().count(), 10);
        assert!(text.ends_with("and 42 more"), "{text}");
    }
}
