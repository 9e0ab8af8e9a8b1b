//! What each capability adds to an image, in bytes.

use std::collections::{BTreeMap, btree_map::Entry};

use anyhow::Result;

use crate::{
    image::Image,
    programs::{Side, image_with},
    table::{markdown, thousands},
};

/// A feature, and what it is added to.
struct Row {
    feature: &'static str,
    /// Name of the image.
    image: &'static str,
    /// Features of the image without it, besides its own.
    with: &'static [&'static str],
}

const fn row(feature: &'static str) -> Row {
    Row { feature, image: "server", with: &[] }
}

const fn with_security(feature: &'static str) -> Row {
    Row { feature, image: "server", with: &["security"] }
}

const ROWS: [Row; 22] = [
    row("caching"),
    row("capture"),
    row("central"),
    with_security("central"),
    row("channels"),
    with_security("classic"),
    row("client"),
    row("commands"),
    row("extended"),
    row("fixed"),
    row("host-flow-control"),
    with_security("legacy"),
    row("long"),
    row("many-links"),
    row("observer"),
    with_security("oob"),
    with_security("privacy"),
    row("recovery"),
    row("security"),
    Row { feature: "server", image: "channel", with: &[] },
    row("statistics"),
    row("tuning"),
];

/// Measures each row, and returns the table.
pub(crate) fn table() -> Result<String> {
    let (mut rows, mut known) = (Vec::new(), BTreeMap::new());
    for Row { feature, image, with } in ROWS {
        let without = match known.entry((image, with)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => *place.insert(measure(image, with)?),
        };
        let added = measure(image, &[with, &[feature]].concat())?;
        let cost = |a: u64, b: u64| {
            if a < b { format!("−{}", thousands(b - a)) } else { thousands(a - b) }
        };
        let mut to = match image {
            "server" => "(a)".to_owned(),
            _ => "(c)".to_owned(),
        };
        for feature in with {
            to = format!("{to} with `{feature}`");
        }
        rows.push(vec![
            format!("`{feature}`"),
            to,
            cost(added.flash, without.flash),
            cost(added.ram, without.ram),
        ]);
    }
    Ok(markdown(&["feature", "added to", "flash", "RAM"], &rows))
}

/// Builds an image with more features of the host, and measures it.
fn measure(image: &str, features: &[&str]) -> Result<Image> {
    Image::read(&image_with(Side::Bindrune, image, features)?)
}
