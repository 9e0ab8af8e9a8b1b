//! `classic info`: what the controller can do with BR/EDR.

use bindrune::{ClassicControllerInfo, ControllerInfo};
use serde::Serialize;

use super::{Use, session};
use crate::{
    cli::Globals,
    commands::info::version,
    failure::{Doing as _, Failure},
    numbers,
    output::{Output, Record},
    paint::Paint,
    properties::properties,
};

pub(super) async fn run(globals: &Globals, out: Output) -> Result<(), Failure> {
    session(globals, Use::central(), async |host, classic| {
        let both = host.controller().await.doing("reading the controller")?;
        let classic = classic.ready().await.doing("reading the controller")?;
        out.record(&Info::new(&both, &classic))
    })
    .await
}

/// BR/EDR of a controller, for users and scripts.
#[derive(Clone, Debug, Serialize)]
struct Info {
    hci_version: String,
    lmp_version: String,
    manufacturer: String,
    manufacturer_id: u16,
    address: String,
    features: Vec<String>,
    acl_length: u16,
    acl_count: u16,
    inquiry_rssi: bool,
    extended_inquiry: bool,
    simple_pairing: bool,
    secure_connections: bool,
}

impl Info {
    fn new(both: &ControllerInfo, classic: &ClassicControllerInfo) -> Self {
        let id = both.manufacturer;
        let names = classic.features.iter_names().map(|(name, _)| name);
        let more = classic.features_2.iter_names().map(|(name, _)| name);
        Self {
            hci_version: version(both.hci_version),
            lmp_version: version(both.lmp_version),
            manufacturer: numbers::manufacturer(id),
            manufacturer_id: id,
            address: format!("{:#}", classic.address.get()),
            features: names.chain(more).map(|n| n.to_lowercase().replace('_', " ")).collect(),
            acl_length: classic.acl_len,
            acl_count: classic.acl_count,
            inquiry_rssi: classic.rssi,
            extended_inquiry: classic.extended_inquiry,
            simple_pairing: classic.simple_pairing,
            secure_connections: classic.secure_connections,
        }
    }

    /// Features that this host uses.
    fn used(&self) -> String {
        [
            (self.inquiry_rssi, "signal strength in inquiries"),
            (self.extended_inquiry, "names and services in inquiries"),
            (self.simple_pairing, "Secure Simple Pairing"),
            (self.secure_connections, "Secure Connections"),
        ]
        .into_iter()
        .filter(|&(used, _)| used)
        .map(|(_, name)| name)
        .collect::<Vec<_>>()
        .join(", ")
    }
}

impl Record for Info {
    fn human(&self, paint: Paint) -> String {
        let lines = [
            ("address", self.address.clone()),
            ("version", format!("Bluetooth {} (LMP {})", self.hci_version, self.lmp_version)),
            ("manufacturer", self.manufacturer.clone()),
            ("features", self.features.join(", ")),
            ("ACL buffers", format!("{} bytes x {}", self.acl_length, self.acl_count)),
            ("used", self.used()),
        ];
        properties(paint, 1, &lines)
    }
}
