//! Other services while the host runs.

use bindrune_gatt::{Service, TableError};

use super::server::Gatt;

impl Gatt<'_> {
    /// Swaps the services at run time. Peers that know the old table get Service Changed; values start anew.
    ///
    /// # Errors
    ///
    /// Why the services cannot be a table, or not in this memory; [`TableError::Subscriptions`] where bonds are kept and could
    /// not remember all that a peer may subscribe to. Then nothing changes.
    pub fn replace(&self, services: &'static [Service]) -> Result<(), TableError> {
        self.host.with(|core| core.stack.replace_services(services))
    }
}
