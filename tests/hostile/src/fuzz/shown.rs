//! The addresses that the controller shows, and whether they are those of the host's address mode.

use bindrune::{Address, AddressKind, AddressMode, Opcode};
use embassy_time::Duration;

use super::{
    app::Until,
    controller::Controller,
    reach::{count, reached},
    world::World,
};

/// The addresses that the host set.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown {
    random: [u8; 6],
    /// Own address type and random address of each advertising set.
    sets: [(u8, [u8; 6]); 4],
    scanner: u8,
}

impl Shown {
    /// Records a command that the controller accepted.
    pub(crate) fn command(&mut self, opcode: Opcode, parameters: &[u8]) {
        let octet = |at: usize| parameters.get(at).copied().unwrap_or(0);
        let set = usize::from(octet(0) & 3);
        match opcode {
            Opcode::RESET => *self = Self::default(),
            Opcode::LE_SET_RANDOM_ADDRESS => {
                self.random = parameters.try_into().unwrap();
                // Legacy advertising has no address of its own.
                self.sets[0].1 = self.random;
            }
            Opcode::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS => {
                self.sets[set].1 = parameters[1..].try_into().unwrap();
            }
            Opcode::LE_SET_ADVERTISING_PARAMETERS => self.sets[0].0 = octet(5),
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS => self.sets[set].0 = octet(10),
            Opcode::LE_SET_SCAN_PARAMETERS => self.scanner = octet(5),
            Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS => self.scanner = octet(0),
            _ => {}
        }
    }
}

impl Controller {
    /// Returns the addresses on the air, except those that the controller makes for a peer.
    fn on_the_air(&self) -> Vec<Address> {
        let sets = self.advertising.iter().zip(self.shown.sets);
        let mut all: Vec<_> =
            sets.filter(|(on, _)| on.is_some()).map(|(_, address)| address).collect();
        if self.scanning {
            all.push((self.shown.scanner, self.shown.random));
        }
        let own = |(kind, random)| match kind {
            0 => Some(Self::ADDRESS),
            1 => Some(Address::new(AddressKind::Random, random)),
            _ => None,
        };
        all.into_iter().filter_map(own).collect()
    }
}

const fn mode_of(address: Address) -> AddressMode {
    match address.kind() {
        AddressKind::Public => AddressMode::Public,
        AddressKind::Random if address.is_static() => AddressMode::Static,
        AddressKind::Random if address.is_resolvable() => AddressMode::Resolvable,
        AddressKind::Random => AddressMode::NonResolvable,
    }
}

impl World<'_> {
    /// Checks that all addresses on the air are of the mode that the host reports.
    pub(crate) fn shows_its_mode(&mut self) {
        for _ in 0..14 {
            if self.others().is_empty() {
                let mode = self.host.address_mode();
                count(
                    "a mode at rest that is not public",
                    (mode != Some(AddressMode::Public)).into(),
                );
                return;
            }
            self.pass(Duration::from_secs(5));
        }
        panic!("{:?} is set, and on the air: {:?}", self.host.address_mode(), self.others());
    }

    fn others(&self) -> Vec<Address> {
        let mode = self.host.address_mode();
        let controller = self.controller();
        // What a controller lied about, the host does not know.
        let known = self.honest;
        let other = |address: &Address| known && mode.is_some_and(|mode| mode_of(*address) != mode);
        controller.on_the_air().into_iter().filter(other).collect()
    }

    /// Leaves the mode in which no links are made.
    pub(crate) fn may_link(&mut self) {
        if self.host.address_mode() != Some(AddressMode::NonResolvable) {
            return;
        }
        let host = self.host;
        self.spawn("static address", Until::Soon, async move {
            _ = host.set_address_mode(AddressMode::Static).await;
        });
        self.pass(Duration::from_secs(5));
        self.waits_end();
        assert_eq!(host.address_mode(), Some(AddressMode::Static));
        reached("a non-resolvable mode");
    }
}
