/// Whether a machine has something to transmit, and how urgent it is.
///
/// The order is the priority: the greatest interest is served first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Interest {
    /// Nothing is pending.
    #[default]
    None,
    /// Payload is pending.
    Data,
    /// An answer or a control packet is pending: a peer or the controller waits for it.
    Urgent,
}
