//! The live table of devices.

use std::io::{self, Write as _};

use comfy_table::{ContentArrangement, Table, presets};

use super::Device;
use crate::paint::Paint;

/// Formats the table, strongest signal first.
pub(super) fn table(devices: &[&Device], paint: Paint) -> String {
    let mut sorted = devices.to_vec();
    sorted.sort_by_key(|d| std::cmp::Reverse(d.rssi()));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["NAME", "ADDRESS", "RSSI", "SERVICES", "SEEN"]);
    for device in sorted {
        table.add_row([
            device.name().unwrap_or("-").to_owned(),
            device.address(),
            device.signal(),
            device.offer(),
            format!("{:.1} s", device.age().as_secs_f64()),
        ]);
    }
    let text = table.trim_fmt();
    match text.split_once('\n') {
        Some((head, rows)) => format!("{}\n{rows}", paint.bold(head)),
        None => paint.bold(&text),
    }
}

/// Draws a text over the previous one.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    lines: usize,
}

impl Screen {
    pub(crate) fn draw(&mut self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if self.lines > 0 {
            write!(stdout, "\x1b[{}A\x1b[J", self.lines)?;
        }
        writeln!(stdout, "{text}")?;
        self.lines = text.lines().count();
        stdout.flush()
    }
}

#[cfg(test)]
mod tests {
    use bindrune::Address;

    use super::*;

    #[test]
    fn each_device_is_a_row_under_the_heading() {
        let device = Device::new(Address::random([0xc4, 0x5e, 0x12, 0, 0, 1]));
        let text = table(&[&device], Paint::new(false));
        let mut lines = text.lines();
        assert!(lines.next().is_some_and(|l| l.contains("NAME") && l.contains("SEEN")));
        assert!(lines.next().is_some_and(|l| l.contains("C4:5E:12:00:00:01 random")));
        assert_eq!(lines.next(), None);
    }
}
