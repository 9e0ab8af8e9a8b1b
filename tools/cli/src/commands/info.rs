//! `info`: shows version, features and buffers of the controller, and what this host uses of it.

use bindrune::{AddressKind, ControllerInfo, Host};
use serde::Serialize;

use crate::{
    cli::Globals,
    failure::{Doing as _, Failure},
    numbers,
    output::{Output, Record},
    paint::Paint,
    properties::properties,
    session::{self, Setup},
};

pub(super) async fn run(globals: &Globals, out: Output) -> Result<(), Failure> {
    session::run(globals, Setup::central(), async |host| out.record(&read(host).await?)).await
}

/// Reads the controller's information.
pub(super) async fn read(host: &Host) -> Result<Info, Failure> {
    Ok(Info::new(&host.controller().await.doing("reading the controller")?))
}

/// A controller, for users and scripts.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Info {
    hci_version: String,
    hci_subversion: u16,
    lmp_version: String,
    lmp_subversion: u16,
    manufacturer: String,
    manufacturer_id: u16,
    address: String,
    address_type: &'static str,
    features: Vec<String>,
    le_states: String,
    le_acl_length: u16,
    le_acl_count: u16,
    le_acl_shared: bool,
    accept_list: u8,
    resolving_list: u8,
    advertising_sets: u8,
    advertising_data: u16,
    uses: Vec<&'static str>,
}

impl Info {
    fn new(info: &ControllerInfo) -> Self {
        let id = info.manufacturer;
        Self {
            hci_version: version(info.hci_version),
            hci_subversion: info.hci_subversion,
            lmp_version: version(info.lmp_version),
            lmp_subversion: info.lmp_subversion,
            manufacturer: numbers::manufacturer(id),
            manufacturer_id: id,
            address: format!("{:#}", info.address),
            address_type: match info.address.kind() {
                AddressKind::Public => "public",
                AddressKind::Random => "random",
            },
            features: info
                .le_features
                .iter_names()
                .map(|(name, _)| name.to_lowercase().replace('_', " "))
                .collect(),
            le_states: format!("{:016x}", info.le_states),
            le_acl_length: info.acl_len,
            le_acl_count: info.acl_count,
            le_acl_shared: info.acl_shared,
            accept_list: info.accept_list_size,
            resolving_list: info.resolving_list_size,
            advertising_sets: info.advertising_sets,
            advertising_data: info.max_advertising_data,
            uses: uses(info),
        }
    }

    /// Describes the controller in one line.
    pub(super) fn line(&self) -> String {
        format!(
            "Bluetooth {}, {}, LE ACL {} bytes x {}",
            self.hci_version, self.address, self.le_acl_length, self.le_acl_count
        )
    }
}

/// Features that this host uses if the controller has them.
fn uses(info: &ControllerInfo) -> Vec<&'static str> {
    [
        (info.extended, "extended advertising"),
        (info.host_flow_control, "flow control to the host"),
        (info.uses_data_length, "long packets"),
        (info.uses_phy_2m, "2M PHY"),
    ]
    .into_iter()
    .filter(|&(used, _)| used)
    .map(|(_, name)| name)
    .collect()
}

/// Returns the name of an HCI or link layer version. Assigned Numbers, 2.1
pub(crate) fn version(number: u8) -> String {
    const NAMES: [&str; 15] = [
        "1.0b", "1.1", "1.2", "2.0", "2.1", "3.0", "4.0", "4.1", "4.2", "5.0", "5.1", "5.2", "5.3",
        "5.4", "6.0",
    ];
    NAMES.get(usize::from(number)).map_or_else(|| format!("({number})"), |&name| name.into())
}

impl Record for Info {
    fn human(&self, paint: Paint) -> String {
        let shared = if self.le_acl_shared { ", shared with BR/EDR" } else { "" };
        let lines = [
            ("address", format!("{} ({})", self.address, self.address_type)),
            (
                "version",
                format!("Bluetooth {} (subversion {:04x})", self.hci_version, self.hci_subversion),
            ),
            ("manufacturer", self.manufacturer.clone()),
            ("features", self.features.join(", ")),
            ("states", self.le_states.clone()),
            (
                "ACL buffers",
                format!("{} bytes x {}{shared}", self.le_acl_length, self.le_acl_count),
            ),
            ("lists", format!("accept {}, resolving {}", self.accept_list, self.resolving_list)),
            (
                "advertising",
                format!("{} sets of {} bytes", self.advertising_sets, self.advertising_data),
            ),
            ("used", self.uses.join(", ")),
        ];
        properties(paint, 1, &lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_names() {
        assert_eq!(
            (version(6), version(12), version(14)),
            ("4.0".into(), "5.3".into(), "6.0".into())
        );
        assert_eq!(version(99), "(99)");
    }
}
