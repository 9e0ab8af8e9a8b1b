//! Memory of hosts. The program makes few hosts, and they live as long as the program.

use bindrune::{ClassicConfig, ClassicResources, Config, ConfigError, Host, Resources};

use crate::{bonds, failure::Failure};

/// Eight links and sixteen channels, with windows wide enough for files: one link can have seven channels, and each
/// other link still one.
type Memory = Resources<8, 16, 416, 48, 264, 24576>;

/// Memory of BR/EDR: channels with room for the longest datagram, and devices as many as an inquiry may find.
type ClassicMemory =
    ClassicResources<4, 4, { LONGEST + 2 }, { LONGEST + 2 }, 64, { bonds::MOST }, 2048>;

/// Longest datagram of BR/EDR, in bytes.
const LONGEST: usize = 65_535;

/// A host that lives as long as the program; with BR/EDR if there is a configuration for it.
pub(crate) fn host(
    config: Config,
    classic: Option<ClassicConfig>,
) -> Result<&'static Host, Failure> {
    let resources: &'static mut Memory = Box::leak(Box::new(Memory::new()));
    let host = Host::new(resources, config).map_err(|error| refused(&error))?;
    let host = match classic {
        Some(classic) => host.with_classic(Box::leak(Box::new(ClassicMemory::new())), classic),
        None => host,
    };
    Ok(Box::leak(Box::new(host)))
}

fn refused(error: &ConfigError) -> Failure {
    if let ConfigError::Name { have, max } = error {
        return Failure::usage(format!(
            "the name is too long: it has {have} bytes, and at most {max} are possible"
        ));
    }
    if let ConfigError::Arena { have, need } = error {
        return Failure::usage(format!(
            "the services need too much memory: {need} bytes, and {have} are there"
        ))
        .advise("Fewer characteristics, or a smaller max-length of their values, take less.");
    }
    if let ConfigError::Subscriptions { have, need } = error {
        return Failure::usage(format!(
            "peers can subscribe to {need} values, and a bond remembers at most {have}"
        ))
        .advise("Let fewer characteristics notify or indicate, or leave out --bond.");
    }
    Failure::failed(format!("the host cannot be set up: {error}"))
}
