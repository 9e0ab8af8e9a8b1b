//! Sizes of the images, in bytes.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::{
    image::Image,
    parts,
    programs::{self, Side},
    table::{markdown, ratio, thousands},
};

/// An image: its name, its contents, and whether the other host can have the same.
struct Firmware {
    name: &'static str,
    title: &'static str,
    has_peer: bool,
}

const IMAGES: [Firmware; 5] = [
    Firmware { name: "server", title: "(a) peripheral with a GATT server", has_peer: true },
    Firmware {
        name: "security",
        title: "(b) the same with LE Secure Connections and ten bonds",
        has_peer: true,
    },
    Firmware { name: "channel", title: "(c) peripheral that echoes a channel", has_peer: true },
    Firmware {
        name: "classic",
        title: "(d) image (b), and it echoes a channel of BR/EDR",
        has_peer: false,
    },
    Firmware {
        name: "whole",
        title: "(e) image (a) with every capability of LE, two links, a channel, two pairings",
        has_peer: false,
    },
];

/// Maximum bytes of statics with an initial value other than zero: the host has none.
const DATA: u64 = 64;

/// Images by their name.
pub(crate) type Images = BTreeMap<String, Image>;

/// Measures one host.
pub(crate) fn measure(side: Side) -> Result<Images> {
    let mut images = Images::new();
    for Firmware { name, has_peer, .. } in IMAGES {
        if side == Side::Trouble && !has_peer {
            continue;
        }
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
    for Firmware { name, title, .. } in IMAGES {
        let (a, b) = (&ours[name], peer.get(name));
        let parts = |image: &Image| [image.flash, image.ram, image.frame];
        let mut row = vec![title.to_owned()];
        for (at, figure) in parts(a).into_iter().enumerate() {
            let other = b.map(|image| parts(image)[at]);
            row.push(thousands(figure));
            row.push(other.map_or("none".into(), thousands));
            row.push(other.map_or(String::new(), |other| ratio(figure, other)));
        }
        rows.push(row);
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
