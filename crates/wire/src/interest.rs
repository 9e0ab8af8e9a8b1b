/// How much a machine wants to transmit.
///
/// Ordered: a greater interest goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Interest {
    /// Nothing is owed.
    #[default]
    None,
    /// Payload is owed.
    Data,
    /// An answer or a control packet is owed: somebody waits for it.
    Urgent,
}
