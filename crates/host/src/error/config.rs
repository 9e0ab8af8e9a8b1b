//! Errors of the configuration.

use core::fmt;

use bindrune_wire::Address;

use crate::text::Text;

/// Reason why a host cannot be created from these resources and this configuration: what is too small, and by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConfigError {
    /// `ARENA` is too small.
    Arena {
        /// Bytes that are there.
        have: usize,
        /// Bytes that services, advertising, scanning and prepared writes need.
        need: usize,
    },
    /// `SIZE` is too small for the ATT MTU, or for a public key of LE Secure Connections, which takes 74 bytes with its
    /// headers. `PairingConfig::secure_connections` turns that off.
    Size {
        /// Bytes in a packet.
        have: usize,
        /// Bytes that the longest PDU of all fixed channels needs.
        need: usize,
    },
    /// `RX` is too small.
    Receive {
        /// Packets that are there.
        have: usize,
        /// Packets that the links need.
        need: usize,
    },
    /// `TX` is too small.
    Transmit {
        /// Packets that are there.
        have: usize,
        /// Packets that the links need.
        need: usize,
    },
    /// The services do not form a table: too many handles, or a value that exceeds its own limits.
    Table,
    /// The device name is too long.
    Name {
        /// Bytes of the name.
        have: usize,
        /// Bytes that a name can have.
        max: usize,
    },
    /// The MTU of [`crate::Config::mtu`] is out of the range of ATT.
    Mtu {
        /// The MTU of the configuration.
        have: u16,
        /// The smallest valid MTU.
        min: u16,
        /// The largest valid MTU.
        max: u16,
    },
    /// The address of [`crate::Config::address`] is no random static address. A public address belongs to the
    /// controller; private addresses are set up by [`crate::Config::privacy`].
    Address(Address),
    /// Bonds are on, and the services have more values to subscribe to than a bond can remember.
    Subscriptions {
        /// Subscriptions that a bond remembers.
        have: usize,
        /// Subscriptions that a peer can make, including those of the built-in services.
        need: usize,
    },
}

impl ConfigError {
    /// The message, for `fmt` and for the compiler.
    pub(crate) const fn text(self) -> Text {
        let (what, have, need) = match self {
            Self::Arena { have, need } => ("ARENA bytes", have, need),
            Self::Size { have, need } => {
                ("SIZE bytes in each packet for ATT and for pairing", have, need)
            }
            Self::Receive { have, need } => ("RX packets", have, need),
            Self::Transmit { have, need } => ("TX packets", have, need),
            Self::Table => return Text::EMPTY.and("the services do not form a table of handles"),
            Self::Name { have, max } => {
                let text = Text::EMPTY.and("the device name has ").number(have);
                return text.and(" bytes; at most ").number(max).and(" are possible");
            }
            Self::Mtu { have, min, max } => {
                let text = Text::EMPTY.and("Config::mtu is ").number(have as usize);
                let text = text.and("; an ATT MTU is ").number(min as usize);
                return text.and(" to ").number(max as usize);
            }
            Self::Address(_) => {
                return Text::EMPTY.and(
                    "Config::address takes a random static address, whose two highest bits are set; without it the \
                     controller's own is used",
                );
            }
            Self::Subscriptions { have, need } => {
                let text = Text::EMPTY.and("the services have ").number(need);
                let text = text.and(" values to subscribe to, and a bond remembers ").number(have);
                return text.and(
                    ": a bonded peer would lose the rest; let fewer notify or indicate, or keep no bonds with \
                     Config::bonds(0)",
                );
            }
        };
        let text = Text::EMPTY.and("Resources has ").number(have).and(" ").and(what).and("; ");
        text.number(need).and(" are needed, ").number(need.saturating_sub(have)).and(" more")
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl core::error::Error for ConfigError {}
