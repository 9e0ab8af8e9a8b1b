//! Faults that are known and being mended: true leaves out what would show them. Each goes with its fault.

/// Packets of the controller that are held back come in another order.
pub(crate) const REORDERED: bool = true;
