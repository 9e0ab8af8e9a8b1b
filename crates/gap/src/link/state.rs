use core::fmt;

use bindrune_hci::Phy;

use crate::ConnectionParameters;

/// The PHYs of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phys {
    /// To send.
    pub tx: Phy,
    /// To receive.
    pub rx: Phy,
}

/// The longest link-layer packets of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DataLengths {
    /// Payload to send in octets, 27 to 251.
    pub tx_octets: u16,
    /// Time to send in microseconds, 328 to 17,040.
    pub tx_time: u16,
    /// Payload to receive in octets, 27 to 251.
    pub rx_octets: u16,
    /// Time to receive in microseconds, 328 to 17,040.
    pub rx_time: u16,
}

/// The version of a peer's link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RemoteVersion {
    /// Link layer version: 6 is 4.0, 9 is 5.0, 12 is 5.3, 14 is 6.0.
    pub version: u8,
    /// Company identifier.
    pub manufacturer: u16,
    /// Subversion, the vendor's.
    pub subversion: u16,
}

/// The reason is not allowed for a disconnection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidReason;

impl fmt::Display for InvalidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link cannot be ended for this reason")
    }
}

impl core::error::Error for InvalidReason {}

/// An event of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// [`crate::LinkControl::parameters`] changed.
    Parameters,
    /// [`crate::LinkControl::phys`] changed.
    Phy,
    /// [`crate::LinkControl::data_lengths`] changed.
    DataLength,
    /// [`crate::LinkControl::remote_features`] is known.
    Features,
    /// [`crate::LinkControl::remote_version`] is known.
    Version,
    /// A request of the application has an answer.
    Answered,
    /// Only an L2CAP Connection Parameter Update Request can change the parameters; report its outcome to
    /// [`crate::LinkControl::l2cap_answered`]. [Vol 3] Part A, 4.20
    UseL2cap(ConnectionParameters),
    /// The controller does not know this link any longer: the event of its end was lost.
    Gone,
}

/// Reason of a deadline of [`crate::LinkControl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkTimer {
    /// The end of a procedure is overdue.
    Procedure,
    /// Disconnecting is tried again.
    Disconnect,
}
