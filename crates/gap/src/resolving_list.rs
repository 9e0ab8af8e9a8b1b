//! The resolving list: the peers whose private addresses the controller resolves. [Vol 4] Part E, 7.8.38 to
//! 7.8.44, 7.8.77

use bindrune_hci::{
    Opcode, PrivacyMode, SecretKey, Status,
    cmd::le::{AddToResolvingList, ClearResolvingList, SetAddressResolutionEnable, SetPrivacyMode},
};
use bindrune_wire::{Address, Writer};

use crate::{ControllerInfo, TooManyPeers, command::put};

/// Maximum number of peers that this host keeps in the resolving list.
pub const RESOLVING_LIST_MAX: usize = 8;

/// A peer whose private addresses the controller should resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// Its identity address.
    pub peer: Address,
    /// Its identity resolving key.
    pub irk: SecretKey,
    /// Whether its identity address is accepted too.
    pub mode: PrivacyMode,
}

/// The requested list, and how much of it the controller has.
#[derive(Debug)]
pub(crate) struct ResolvingList {
    local: SecretKey,
    peers: [Option<Resolve>; RESOLVING_LIST_MAX],
    step: Step,
    /// Whether the request changed while a command was in flight.
    changed: bool,
    sent: bool,
    /// The controller has this many of the first peers.
    loaded: usize,
    /// Whether address resolution is on, if that is known.
    enabled: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Clear,
    Add(usize),
    Mode(usize),
    Enable,
    /// The controller has everything that it can hold.
    Done,
}

impl ResolvingList {
    pub(crate) const EMPTY: Self = Self {
        local: SecretKey([0; 16]),
        peers: [None; RESOLVING_LIST_MAX],
        step: Step::Done,
        changed: false,
        sent: false,
        loaded: 0,
        enabled: Some(false),
    };

    /// Starts again after a reset of the controller: its list is empty, and resolution is off.
    pub(crate) const fn restart(&mut self) {
        self.step = Step::Add(0);
        (self.changed, self.sent) = (false, false);
        (self.loaded, self.enabled) = (0, Some(false));
    }

    pub(crate) fn request(
        &mut self,
        local: SecretKey,
        peers: &[Resolve],
    ) -> Result<(), TooManyPeers> {
        if peers.len() > RESOLVING_LIST_MAX {
            return Err(TooManyPeers { max: RESOLVING_LIST_MAX });
        }
        if local == self.local && self.peers().eq(peers.iter().copied()) {
            return Ok(());
        }
        self.local = local;
        self.peers = [None; RESOLVING_LIST_MAX];
        self.peers.iter_mut().zip(peers).for_each(|(slot, &peer)| *slot = Some(peer));
        self.step = Step::Clear;
        self.loaded = 0;
        self.changed = self.sent;
        Ok(())
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = Resolve> + '_ {
        self.peers.iter().flatten().copied()
    }

    /// Returns whether the controller resolves the addresses of this peer.
    pub(crate) fn resolves(&self, peer: Address) -> bool {
        let on = self.step == Step::Done && self.enabled == Some(true);
        on && self.peers().take(self.loaded).any(|entry| entry.peer == peer)
    }

    /// Returns whether the controller generates our private addresses, for this peer or for those of the accept
    /// list.
    pub(crate) fn hides_us(&self, peer: Option<Address>) -> bool {
        let on = self.step == Step::Done && self.enabled == Some(true);
        let listed = peer.map_or(on, |peer| self.resolves(peer));
        listed && self.local != SecretKey([0; 16])
    }

    /// Returns whether nothing may be on the air, because the list is about to change.
    pub(crate) fn holds(&mut self, info: &ControllerInfo) -> bool {
        self.settle(info);
        self.sent || self.step != Step::Done
    }

    /// Skips the steps that do not apply.
    fn settle(&mut self, info: &ControllerInfo) {
        let room = room(info);
        if room == 0 {
            self.step = Step::Done;
        }
        let requested = self.peers().count().min(room);
        loop {
            self.step = match self.step {
                Step::Add(n) if n >= requested => Step::Enable,
                Step::Mode(n) if !info.supports(Opcode::LE_SET_PRIVACY_MODE) => {
                    Step::Add(n.saturating_add(1))
                }
                Step::Enable if self.enabled == Some(self.loaded > 0) => Step::Done,
                Step::Clear | Step::Add(_) | Step::Mode(_) | Step::Enable | Step::Done => return,
            };
        }
    }

    /// Writes the missing command. Nothing may be on the air.
    pub(crate) fn poll_command(
        &mut self,
        info: &ControllerInfo,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        self.settle(info);
        let opcode = match self.step {
            Step::Done => return None,
            Step::Clear => put(w, &ClearResolvingList)?,
            Step::Add(n) => {
                let Resolve { peer, irk, .. } = self.peers().nth(n)?;
                let (peer, local_irk) = (peer.into(), self.local);
                put(w, &AddToResolvingList { peer, peer_irk: irk, local_irk })?
            }
            Step::Mode(n) => {
                let Resolve { peer, mode, .. } = self.peers().nth(n)?;
                put(w, &SetPrivacyMode { peer: peer.into(), mode })?
            }
            Step::Enable => {
                self.enabled = None;
                put(w, &SetAddressResolutionEnable { enable: u8::from(self.loaded > 0) })?
            }
        };
        self.sent = true;
        Some(opcode)
    }

    /// Takes the answer to the command of [`Self::poll_command`]. The host takes over what the controller
    /// refuses.
    pub(crate) fn answered(&mut self, status: Status) {
        self.sent = false;
        if core::mem::take(&mut self.changed) {
            return;
        }
        self.step = match (self.step, status.is_success()) {
            (Step::Clear, true) => Step::Add(0),
            (Step::Add(n), true) => {
                self.loaded = n.saturating_add(1);
                Step::Mode(n)
            }
            (Step::Add(_), false) => Step::Enable,
            (Step::Mode(n), _) => Step::Add(n.saturating_add(1)),
            (Step::Enable, true) => {
                self.enabled = Some(self.loaded > 0);
                Step::Done
            }
            (Step::Clear | Step::Enable | Step::Done, _) => Step::Done,
        };
    }
}

/// Returns how many peers fit in the controller's list, if the list can be used at all.
fn room(info: &ControllerInfo) -> usize {
    let needed = [
        Opcode::LE_ADD_TO_RESOLVING_LIST,
        Opcode::LE_CLEAR_RESOLVING_LIST,
        Opcode::LE_SET_ADDRESS_RESOLUTION_ENABLE,
    ];
    let able = needed.iter().all(|&opcode| info.supports(opcode));
    if able { usize::from(info.resolving_list_size) } else { 0 }
}
