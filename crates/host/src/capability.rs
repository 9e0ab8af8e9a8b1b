//! Which capabilities this host was built with: the features of the crate, as constants that the code goes by.

/// The Security Manager.
pub(crate) const SECURITY: bool = cfg!(feature = "security");
/// Out-of-band data of pairing.
pub(crate) const OOB: bool = cfg!(feature = "oob");
/// Private addresses.
pub(crate) const PRIVACY: bool = cfg!(feature = "privacy");
/// Connecting: this device may be the central of a link.
pub(crate) const CENTRAL: bool = cfg!(feature = "central");
/// Credit-based channels.
pub(crate) const CHANNELS: bool = cfg!(feature = "channels");
/// The GATT client.
pub(crate) const CLIENT: bool = cfg!(feature = "client");
/// The GATT server.
pub(crate) const SERVER: bool = cfg!(feature = "server");
/// Writes that are kept apart, with who wrote them.
pub(crate) const CAPTURE: bool = cfg!(feature = "capture");
/// What the application asks of a link.
pub(crate) const TUNING: bool = cfg!(feature = "tuning");
/// Prepared writes.
pub(crate) const LONG: bool = cfg!(feature = "long");
/// Flow control of the controller's data towards this host.
pub(crate) const HOST_FLOW_CONTROL: bool = cfg!(feature = "host-flow-control");
/// HCI commands of the application's own.
pub(crate) const COMMANDS: bool = cfg!(feature = "commands");
/// A controller that was lost is reset and set up anew.
pub(crate) const RECOVERY: bool = cfg!(feature = "recovery");
/// Scanning.
pub(crate) const OBSERVER: bool = cfg!(feature = "observer");
/// Extended advertising.
pub(crate) const EXTENDED: bool = cfg!(feature = "extended");
