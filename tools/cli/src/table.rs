//! Tables that fit the width of the terminal, and the place where they are redrawn.

use std::io::{self, Write as _};

use console::{Term, measure_text_width, pad_str, truncate_str};

use crate::output::Output;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// The width that it keeps while it is shown.
    pub(crate) least: usize,
    /// When it gives way in a narrow terminal: the column with the highest number first.
    pub(crate) yields: u8,
}

impl Column {
    pub(crate) const fn new(title: &'static str, least: usize, yields: u8) -> Self {
        Self { title, least, yields }
    }

    /// Returns the space before it. A column without a title belongs to the one before it.
    const fn gap(&self) -> usize {
        if self.title.is_empty() { 1 } else { 2 }
    }
}

/// Space before each line, which replaces that of its first column.
const MARGIN: usize = 1;

/// Formats a table within a width: first the heading. Columns become narrower, and then disappear, if there is no room.
pub(crate) fn fit(out: Output, columns: &[Column], rows: &[Vec<String>], width: usize) -> String {
    let cells = |row: &Vec<String>| row.iter().map(|cell| out.for_users(cell)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let widths = widths(columns, &rows, width);
    let tail = if out.is_plain() { "" } else { "…" };
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for ((cell, column), width) in cells.zip(columns).zip(&widths) {
            let Some(width) = *width else { continue };
            let gap = if line.is_empty() { MARGIN } else { column.gap() };
            line.push_str(&" ".repeat(gap));
            let cut = truncate_str(cell, width, tail);
            line.push_str(&pad_str(&cut, width, console::Alignment::Left, None));
        }
        truncate_str(line.trim_end(), width, "").into_owned()
    };
    let head = line(&mut columns.iter().map(|column| column.title));
    let mut lines = vec![out.paint().bold(&head)];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

/// Returns the width of each column; `None` for a column without room.
fn widths(columns: &[Column], rows: &[Vec<String>], width: usize) -> Vec<Option<usize>> {
    let natural = |(at, column): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| measure_text_width(cell));
        cells.chain([measure_text_width(column.title)]).max().unwrap_or_default()
    };
    let natural: Vec<usize> = columns.iter().enumerate().map(natural).collect();
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(columns.get(at).map_or(0, |c| c.yields)));
    let mut shown = vec![true; columns.len()];
    for dropped in [None].into_iter().chain(order.iter().copied().map(Some)) {
        if let Some(shown) = dropped.and_then(|at| shown.get_mut(at)) {
            if order.last() == dropped.as_ref() {
                break;
            }
            *shown = false;
        }
        let mut widths: Vec<Option<usize>> =
            natural.iter().zip(&shown).map(|(&width, &shown)| shown.then_some(width)).collect();
        for &at in &order {
            let over = total(columns, &widths).saturating_sub(width);
            if let (Some(Some(now)), Some(column)) = (widths.get_mut(at), columns.get(at)) {
                *now = now.saturating_sub(over).max(column.least.min(*now));
            }
        }
        if total(columns, &widths) <= width {
            return widths;
        }
    }
    let last = |at: usize| (order.last() == Some(&at)).then_some(width.saturating_sub(MARGIN));
    (0..columns.len()).map(last).collect()
}

fn total(columns: &[Column], widths: &[Option<usize>]) -> usize {
    let shown = columns.iter().zip(widths).filter_map(|(column, width)| Some((column, (*width)?)));
    shown.fold(0, |sum, (column, width)| {
        let gap = if sum == 0 { MARGIN } else { column.gap() };
        sum.saturating_add(gap).saturating_add(width)
    })
}

/// A part of the terminal that is drawn again and again.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    /// Widths of the lines that are there.
    drawn: Vec<usize>,
}

impl Screen {
    /// Returns the columns and the rows that a text can have.
    pub(crate) fn size() -> (usize, usize) {
        let (rows, columns) = Term::stdout().size_checked().unwrap_or((24, 80));
        // The last column would wrap some terminals, and the cursor needs a row.
        (usize::from(columns.max(2)).saturating_sub(1), usize::from(rows.max(3)).saturating_sub(1))
    }

    /// Draws a text over the previous one.
    pub(crate) fn draw(&mut self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        // A terminal that became narrower has wrapped the lines.
        let (columns, _) = Self::size();
        let wrapped = |width: &usize| width.div_ceil(columns.saturating_add(1)).max(1);
        let lines: usize = self.drawn.iter().map(wrapped).sum();
        if lines > 0 {
            write!(stdout, "\x1b[{lines}A\x1b[J")?;
        }
        writeln!(stdout, "{text}")?;
        self.drawn = text.lines().map(measure_text_width).collect();
        stdout.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 5] = [
        Column::new("NAME", 8, 1),
        Column::new("ADDRESS", 17, 0),
        Column::new("", 6, 3),
        Column::new("SERVICES", 8, 4),
        Column::new("SEEN", 5, 2),
    ];

    fn table(width: usize) -> String {
        let row = |name: &str| {
            let address = "C4:5E:12:00:00:01";
            let services = "Environmental Sensing, Battery";
            [name, address, "random", services, "0.1 s"].map(str::to_owned).to_vec()
        };
        fit(Output::new(true), &COLUMNS, &[row("Thermometer"), row("温度計の長い名前")], width)
    }

    #[test]
    fn each_row_fits_each_width() {
        for width in 1..200 {
            for line in table(width).lines() {
                assert!(measure_text_width(line) <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn what_matters_stays() {
        let wide = table(120);
        assert!(wide.contains("Environmental Sensing, Battery") && wide.contains("0.1 s"));
        assert!(wide.contains("C4:5E:12:00:00:01 random  Env"), "{wide}");
        let narrow = table(40);
        assert!(narrow.contains("Thermometer") && narrow.contains("C4:5E:12:00:00:01"), "{narrow}");
        assert!(!narrow.contains("SERVICES"), "{narrow}");
        assert!(table(20).contains("C4:5E:12:00:00:01"), "{}", table(20));
    }
}
