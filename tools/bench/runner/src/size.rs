//! Sizes of the images, in bytes.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::{
    image::Image,
    parts,
    programs::{self, Side},
    table::{markdown, ratio, thousands},
};

/// The images: name and contents.
const IMAGES: [(&str, &str); 3] = [
    ("server", "(a) peripheral with a GATT server"),
    ("security", "(b) the same with LE Secure Connections and ten bonds"),
    ("channel", "(c) peripheral that echoes a channel"),
];

/// Maximum bytes of statics with an initial value other than zero: the host has none.
const DATA: u64 = 64;

/// Images by their name.
pub(crate) type Images = BTreeMap<String, Image>;

/// Measures one host.
pub(crate) fn measure(side: Side) -> Result<Images> {
    let mut images = Images::new();
    for (name, _) in IMAGES {
        let path = programs::image(side, name)?;
        let image = Image::read(&path)?;
        if side == Side::Bindrune {
            parts::check(name, &path)?;
            let data = image.data;
            ensure!(data <= DATA, "image {name} has {data} bytes of .data, {DATA} at most");
        }
        images.insert(name.into(), image);
    }
    Ok(images)
}

/// Measures both hosts, and returns the table.
pub(crate) fn table() -> Result<String> {
    let (ours, peer) = (measure(Side::Bindrune)?, measure(Side::Trouble)?);
    let mut rows = Vec::new();
    for (name, title) in IMAGES {
        let (a, b) = (&ours[name], &peer[name]);
        let cells = [(a.flash, b.flash), (a.ram, b.ram), (a.frame, b.frame)]
            .map(|(a, b)| [thousands(a), thousands(b), ratio(a, b)]);
        rows.push([vec![title.into()], cells.concat()].concat());
    }
    let head = [
        "image",
        "flash",
        "trouble-host",
        "ratio",
        "RAM",
        "trouble-host",
        "ratio",
        "frame",
        "trouble-host",
        "ratio",
    ];
    Ok(markdown(&head, &rows))
}
