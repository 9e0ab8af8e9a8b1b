//! Capabilities that this host was built with: the features of the crate, as constants.

/// The Security Manager.
pub(crate) const SECURITY: bool = cfg!(feature = "security");
/// Out-of-band data of pairing.
pub(crate) const OOB: bool = cfg!(feature = "oob");
/// Private addresses.
pub(crate) const PRIVACY: bool = cfg!(feature = "privacy");
/// Connecting: this device can be the central of a link.
pub(crate) const CENTRAL: bool = cfg!(feature = "central");
/// Credit-based channels.
pub(crate) const CHANNELS: bool = cfg!(feature = "channels");
/// The GATT client.
pub(crate) const CLIENT: bool = cfg!(feature = "client");
/// The GATT server.
pub(crate) const SERVER: bool = cfg!(feature = "server");
/// Proof that the GATT server is built in. Without it no value of this type exists, so the compiler removes the code
/// that needs one.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct HasServer;
/// Proof that the GATT server is built in. Without it no value of this type exists, so the compiler removes the code
/// that needs one.
#[cfg(not(feature = "server"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum HasServer {}
/// The GATT server, if it is built in.
#[cfg(feature = "server")]
pub(crate) const HAS_SERVER: Option<HasServer> = Some(HasServer);
/// The GATT server, if it is built in.
#[cfg(not(feature = "server"))]
pub(crate) const HAS_SERVER: Option<HasServer> = None;
/// Fixed channels of the application.
pub(crate) const FIXED: bool = cfg!(feature = "fixed");
/// Whether a peer can push data that waits for the application.
pub(crate) const PUSHES: bool = CLIENT || SERVER || FIXED;
/// Counters.
pub(crate) const STATISTICS: bool = cfg!(feature = "statistics");
/// Captured writes: each is kept with the peer that wrote it.
pub(crate) const CAPTURE: bool = cfg!(feature = "capture");
/// Link tuning: PHY, data length, RSSI and connection parameters on request.
pub(crate) const TUNING: bool = cfg!(feature = "tuning");
/// Prepared writes.
pub(crate) const LONG: bool = cfg!(feature = "long");
/// Flow control of the controller's data towards this host.
pub(crate) const HOST_FLOW_CONTROL: bool = cfg!(feature = "host-flow-control");
/// HCI commands of the application.
pub(crate) const COMMANDS: bool = cfg!(feature = "commands");
/// Reset and initialization of a controller that was lost.
pub(crate) const RECOVERY: bool = cfg!(feature = "recovery");
/// Scanning.
pub(crate) const OBSERVER: bool = cfg!(feature = "observer");
/// Extended advertising.
pub(crate) const EXTENDED: bool = cfg!(feature = "extended");
/// Log messages.
pub(crate) const LOG: bool = cfg!(any(feature = "log", feature = "defmt"));
/// One bit for each link, or for each channel: 64 of them, or 32.
#[cfg(feature = "many-links")]
pub(crate) type Mask = u64;
/// One bit for each link, or for each channel: 64 of them, or 32.
#[cfg(not(feature = "many-links"))]
pub(crate) type Mask = u32;
