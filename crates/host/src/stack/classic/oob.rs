//! Out-of-band data of pairing: that of this device, and what the application has received from peers.
//! [Vol 2] Part H, 7.2.2

use core::task::Poll;

use bindrune_classic::security::{Answer, OobData, OobPresence, take_secret};
use bindrune_hci::{Opcode, Status};
use bindrune_wire::{Address, AddressKind, time::Instant};

use super::{State, wait::Event as Awaited};
use crate::{Error, capability::OOB, stack::Stack, waiters::Due};

/// Number of peers whose data is kept.
const PEERS: usize = if OOB { 4 } else { 0 };

/// Out-of-band data.
#[derive(Debug)]
pub(super) struct Oob {
    own: Own,
    /// Number of callers that wait for data of this device.
    callers: u16,
    peers: [Option<Known>; PEERS],
}

/// A peer that pairs with its data or not at all, until a pairing succeeds or the application forgets it.
#[derive(Debug)]
struct Known {
    peer: Address,
    presence: OobPresence,
    /// Empty after the attempt that used it.
    data: Option<OobData>,
}

/// The last request for data of this device. The data is wiped when no caller waits for it.
#[derive(Debug)]
enum Own {
    None,
    Wanted,
    Made(Result<OobData, Status>),
}

impl Oob {
    pub(super) const NONE: Self =
        Self { own: Own::None, callers: 0, peers: [const { None }; PEERS] };

    /// Forgets the data of this device, which the controller has lost.
    pub(super) fn lose(&mut self) {
        self.own = Own::None;
    }

    fn presence(&self, peer: Address) -> OobPresence {
        let mut known = self.peers.iter().flatten();
        known.find(|known| known.peer == peer).map_or(OobPresence::empty(), |known| known.presence)
    }

    /// Takes the data of a peer: no pairing uses it again. The peer still needs data to pair.
    fn take(&mut self, peer: Address) -> Option<OobData> {
        let mut known = self.peers.iter_mut().flatten();
        take_secret(&mut known.find(|known| known.peer == peer)?.data)
    }

    fn forget(&mut self, peer: Address) {
        for place in &mut self.peers {
            if place.as_ref().is_some_and(|known| known.peer == peer) {
                *place = None;
            }
        }
    }

    fn put(&mut self, peer: Address, data: OobData) -> Result<(), Error> {
        let place = self.peers.iter_mut().find(|place| place.is_none()).ok_or(Error::Busy)?;
        *place = Some(Known { peer, presence: data.presence(), data: Some(data) });
        Ok(())
    }
}

impl State {
    /// Lets the security machine say which data of its peer a link has. [Vol 4] Part E, 7.1.29
    pub(super) fn announce_oob(&mut self, link: u8) {
        let Some(peer) = self.up(link).map(|slot| slot.peer) else { return };
        self.security.set_oob(link, self.oob.presence(peer));
    }

    /// Returns whether the controller can make data, and if so whether for both kinds of keys. [Vol 4] Part E, 7.3.60
    /// and 7.3.95
    fn can_make_oob(&self) -> Option<bool> {
        let info = self.gap.controller().filter(|info| info.simple_pairing)?;
        let extended = Opcode::READ_LOCAL_OOB_EXTENDED_DATA;
        let extended = info.secure_connections && info.supports(extended);
        (extended || info.supports(Opcode::READ_LOCAL_OOB_DATA)).then_some(extended)
    }
}

impl Stack {
    /// Answers the controller with the data of a peer, once. [Vol 4] Part E, 7.7.44
    pub(super) fn answer_oob(&mut self, now: Instant, link: u8, serial: u16) {
        let Some(state) = self.classic.get() else { return };
        let peer = state.up(link).map(|slot| slot.peer);
        let data = peer.and_then(|peer| state.oob.take(peer));
        let answer = data.map_or(Answer::No, Answer::Oob);
        let _open = state.security.answer(now, link, serial, answer);
        self.ready.run(Due::COMMAND);
    }

    /// Forgets the data of a peer that has paired: its bond protects the next pairing.
    pub(super) fn oob_succeeded(&mut self, link: u8, peer: Address) {
        if let Some(state) = self.classic.get() {
            state.oob.forget(peer);
            state.announce_oob(link);
        }
    }

    /// Handles data of this device that the controller made. [Vol 4] Part E, 7.3.60 and 7.3.95
    pub(super) fn classic_oob_made(&mut self, data: Result<OobData, Status>) {
        if let Some(state) = self.classic.get().filter(|s| matches!(s.oob.own, Own::Wanted)) {
            state.oob.own = Own::Made(data);
        }
        self.classic_mark(Awaited::Setting);
    }

    /// Ends the wait of a caller. After the last one the data is wiped: they have their copies, and the controller has
    /// the values for pairings.
    pub(crate) fn end_classic_oob(&mut self) {
        let Some(state) = self.classic.get() else { return };
        state.oob.callers = state.oob.callers.saturating_sub(1);
        if state.oob.callers == 0 {
            state.oob.own = Own::None;
        }
    }

    /// Lets the controller make new data of this device. The caller ends its wait with [`Self::end_classic_oob`].
    /// [Vol 4] Part E, 7.3.60 and 7.3.95
    pub(crate) fn make_classic_oob(&mut self) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let extended = state.can_make_oob().ok_or(Error::Unsupported)?;
        state.oob.own = Own::Wanted;
        state.oob.callers = state.oob.callers.saturating_add(1);
        state.security.make_oob(extended);
        self.ready.run(Due::COMMAND);
        Ok(())
    }

    /// Returns the data of this device once it is made.
    pub(crate) fn poll_classic_oob(&mut self) -> Poll<Result<OobData, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        match &state.oob.own {
            Own::Wanted => Poll::Pending,
            Own::None => Poll::Ready(Err(Error::ControllerLost)),
            Own::Made(Ok(data)) => Poll::Ready(Ok(data.clone())),
            Own::Made(Err(status)) => Poll::Ready(Err(Error::Controller(*status))),
        }
    }

    /// Keeps the data of a peer for its next pairing, or forgets it. [Vol 2] Part H, 7.2.2
    pub(crate) fn set_peer_oob(
        &mut self,
        peer: Address,
        data: Option<OobData>,
    ) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let empty = data.as_ref().is_some_and(|data| data.presence().is_empty());
        if empty || peer.kind() != AddressKind::Public {
            return Err(Error::InvalidParameters);
        }
        state.oob.forget(peer);
        let kept = data.map_or(Ok(()), |data| state.oob.put(peer, data));
        if let Some(link) = state.find_peer(peer) {
            state.announce_oob(link.index);
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use bindrune_classic::security::{OobValues, Secret};

    use super::*;

    fn data() -> OobData {
        let [commitment, random] = [1, 2].map(|octet| Secret::new([octet; 16]));
        OobData { p192: Some(OobValues { commitment, random }), p256: None }
    }

    #[test]
    fn data_of_a_peer_leaves_its_place_with_the_attempt_that_uses_it() {
        let peer = Address::new(AddressKind::Public, [1; 6]);
        let mut oob = Oob::NONE;
        oob.put(peer, data()).unwrap();
        assert_eq!((oob.take(peer), oob.take(peer)), (Some(data()), None));
        assert_eq!(oob.presence(peer), OobPresence::P192);
        oob.forget(peer);
        assert!(oob.presence(peer).is_empty() && oob.peers.iter().all(Option::is_none));
    }
}
