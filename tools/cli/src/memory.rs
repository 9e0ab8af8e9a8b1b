//! Memory of hosts. The program makes few hosts, and they live as long as the program.

use bindrune::{Config, Host, Resources};

use crate::failure::Failure;

/// Eight links and sixteen channels, with windows wide enough for files: one link can have seven channels, and each other
/// link still one.
type Memory = Resources<8, 16, 416, 48, 264, 24576>;

/// A host that lives as long as the program.
pub(crate) fn host(config: Config) -> Result<&'static Host, Failure> {
    let resources: &'static mut Memory = Box::leak(Box::new(Memory::new()));
    let host = Host::new(resources, config)
        .map_err(|error| Failure::failed(format!("the host needs more memory: {error}")))?;
    Ok(Box::leak(Box::new(host)))
}
