//! State of a bonded peer that outlives its link. [Vol 3] Part G, 2.5.2

use bindrune_wire::zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, transmute, transmute_ref,
};
use bitflags::bitflags;

use super::{Peer, Server, aware::Awareness, push::possible};
use crate::cccd::{self, Cccd};

/// Length of the state that [`Server::remember`] returns, in octets.
pub const PEER_MEMORY: usize = 2 + HASH + SUBSCRIPTIONS;
/// Maximum number of Client Characteristic Configurations that a bond stores: the first of the table. See
/// [`crate::table::can_be_remembered`].
pub const REMEMBERED_CCCDS: usize = SUBSCRIPTIONS * 4;

const HASH: usize = 16;
const SUBSCRIPTIONS: usize = 16;

bitflags! {
    /// The first octet of the state.
    struct Flags: u8 {
        /// The state is not empty.
        const USED = 0x01;
        /// The client knows the table of this hash.
        const AWARE = 0x02;
    }
}

impl Server {
    /// Returns the state for this peer's bond: its subscriptions and features, whether it knows the table, and which
    /// table that is.
    #[must_use]
    pub fn remember(&self, peer: &Peer) -> [u8; PEER_MEMORY] {
        let mut flags = Flags::USED;
        flags.set(Flags::AWARE, peer.knows_table());
        let mut subscriptions = [0; SUBSCRIPTIONS];
        for (at, octet) in subscriptions.iter_mut().enumerate() {
            *octet = peer.subscriptions_at(self, at);
        }
        // A host without bonds has no hash.
        let mut hash = [0; HASH];
        hash.iter_mut().zip(self.hash).for_each(|(to, octet)| *to = octet);
        let (flags, features) = (flags.bits(), peer.features);
        transmute!(Memory { flags, features, hash, subscriptions })
    }

    /// Restores the state of a bond; zeros restore nothing.
    ///
    /// If the table is a different one now, only the subscription to Service Changed is restored; the client does not
    /// know the table, and a Service Changed indication is pending. [Vol 3] Part G, 2.5.2
    pub fn recall(&self, peer: &mut Peer, memory: &[u8; PEER_MEMORY]) {
        let memory: &Memory = transmute_ref!(memory);
        let flags = Flags::from_bits_truncate(memory.flags);
        if !flags.contains(Flags::USED) {
            return;
        }
        let same = memory.hash.starts_with(&self.hash);
        for (entry, characteristic) in
            self.table.cccds().take(if same { REMEMBERED_CCCDS } else { 1 })
        {
            let index = entry.at.cccds;
            let cccd = cccd::configured(&memory.subscriptions, index) & possible(characteristic);
            peer.marks(self.table.extent()).configure(index, cccd);
        }
        peer.restore_awareness(memory.features, !same || !flags.contains(Flags::AWARE));
    }
}

impl Peer {
    /// Returns whether the client knows the table, and no Service Changed indication was pending.
    const fn knows_table(&self) -> bool {
        matches!(self.awareness, Awareness::Aware) && !self.change_pending && !self.change_sent
    }

    /// Returns the four subscriptions of an octet.
    fn subscriptions_at(&self, server: &Server, octet: usize) -> u8 {
        let first = octet.saturating_mul(4);
        let bits = |at: usize| {
            let index = first.saturating_add(at);
            let known = index < server.table.extent().cccds;
            if known { self.cccd(index) } else { Cccd::empty() }.bits()
        };
        bits(0) | bits(1) << 2 | bits(2) << 4 | bits(3) << 6
    }
}

/// The state in a bond.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[zerocopy(crate = "bindrune_wire::zerocopy")]
#[repr(C)]
struct Memory {
    /// Bits of [`Flags`].
    flags: u8,
    features: u8,
    hash: [u8; HASH],
    subscriptions: [u8; SUBSCRIPTIONS],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        server::tests::{LEVEL, SERVICES, World},
        table::built_in,
    };

    /// A client with robust caching that subscribed to Service Changed and to the level.
    fn subscribed() -> World {
        let mut world = World::new();
        for c in [&built_in::SERVICE_CHANGED, &LEVEL] {
            let handle = world.server.handle_of(c).unwrap() + 1;
            let bits = if core::ptr::eq(c, &LEVEL) { 1 } else { 2 };
            let [low, high] = handle.to_le_bytes();
            assert_eq!(world.asks(&[0x12, low, high, bits, 0]), [0x13]);
        }
        let features = world.server.handle_of(&built_in::CLIENT_SUPPORTED_FEATURES).unwrap();
        let [low, high] = features.to_le_bytes();
        assert_eq!(world.asks(&[0x12, low, high, 1]), [0x13]);
        world
    }

    fn subscriptions(world: &World) -> (Cccd, Cccd) {
        let of = |c| world.server.subscribed(&world.peer, c);
        (of(&built_in::SERVICE_CHANGED), of(&LEVEL))
    }

    #[test]
    fn a_bonded_peer_gets_its_state_back() {
        let mut world = subscribed();
        let memory = world.server.remember(&world.peer);
        world.peer.reset();
        world.server.recall(&mut world.peer, &[0; PEER_MEMORY]);
        assert_eq!(subscriptions(&world), (Cccd::empty(), Cccd::empty()));
        world.server.recall(&mut world.peer, &memory);
        assert_eq!(subscriptions(&world), (Cccd::INDICATE, Cccd::NOTIFY));
        assert_eq!(world.peer.client_features(), 1);
        assert!(world.peer.is_aware());
        assert_eq!(world.server.service_changed_pending(&world.peer), None);
        assert_eq!(world.server.remember(&world.peer), memory);
    }

    #[test]
    fn a_changed_table_restores_only_service_changed() {
        let mut world = subscribed();
        let memory = world.server.remember(&world.peer);
        world.peer.reset();
        world.server.replace(&SERVICES[..1], []).unwrap();
        world.server.recall(&mut world.peer, &memory);
        assert_eq!(subscriptions(&world), (Cccd::INDICATE, Cccd::empty()));
        assert!(!world.peer.is_aware());
        assert!(world.server.service_changed_pending(&world.peer).is_some());
        // The peer leaves before the indication: it is still pending on the next link.
        let memory = world.server.remember(&world.peer);
        world.peer.reset();
        world.server.recall(&mut world.peer, &memory);
        assert!(!world.peer.is_aware());
        assert!(world.server.service_changed_pending(&world.peer).is_some());
    }

    #[test]
    fn any_memory_restores_no_more_than_a_peer_can_subscribe_to() {
        for octet in 0..=u8::MAX {
            let mut world = World::new();
            let mut memory = [octet; PEER_MEMORY];
            for (to, of) in memory[2..].iter_mut().zip(world.server.database_hash()) {
                *to = of;
            }
            world.server.recall(&mut world.peer, &memory);
            let (changed, level) = subscriptions(&world);
            assert!(Cccd::INDICATE.contains(changed) && possible(&LEVEL).contains(level));
        }
    }
}
