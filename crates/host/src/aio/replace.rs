//! Replaces the services while the host runs.

use bindrune_gatt::{Service, TableError};

use super::server::Gatt;

impl Gatt<'_> {
    /// Replaces the services. Peers that know the old table get Service Changed; values are reset to their initial
    /// ones.
    ///
    /// # Errors
    ///
    /// Says why the services form no table, or do not fit this memory; [`TableError::Subscriptions`] if bonds are kept
    /// and cannot remember all subscriptions of a peer. In each case nothing changes.
    pub fn replace(&self, services: &'static [Service]) -> Result<(), TableError> {
        self.host.with(|core| core.stack.replace_services(services))
    }
}
