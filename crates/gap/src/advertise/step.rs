//! The steps towards a request, in their order.

/// A command of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Turn off.
    Off,
    /// Remove the controller's set, so that the new parameters may be of another kind.
    Remove,
    Parameters,
    Address,
    /// Advertising data, from this octet on.
    Data(usize),
    /// Scan response data, from this octet on.
    Response(usize),
    On,
}

impl Step {
    /// Maximum length of a data fragment in one command. [Vol 4] Part E, 7.8.54
    const FRAGMENT: usize = bindrune_hci::cmd::le::EXTENDED_FRAGMENT_MAX;

    pub(super) const fn following(self) -> Self {
        match self {
            Self::Off | Self::Remove => Self::Parameters,
            Self::Parameters => Self::Address,
            Self::Address => Self::Data(0),
            Self::Data(_) => Self::Response(0),
            Self::Response(_) | Self::On => Self::On,
        }
    }

    /// Returns the end of the fragment that begins at `from`.
    pub(super) fn end(from: usize, len: usize) -> usize {
        from.saturating_add(Self::FRAGMENT).min(len)
    }
}
