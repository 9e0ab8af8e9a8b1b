//! Which kind of address is on the air, and changing it while the host runs. [Vol 3] Part C, 10.7, 10.8 and 15.1

use core::task::Poll;

use bindrune_gap::{AddressChoice, static_address};
use bindrune_hci::Status;
use bindrune_wire::{Address, AddressKind};

use super::Privacy;
use crate::{
    Error,
    capability::PRIVACY,
    config::AddressMode,
    stack::{Phase, Stack},
    waiters::{Due, HostKey},
};

/// Which addresses are on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stack) enum Shown {
    /// The identity address, public or static.
    Identity,
    Resolvable,
    NonResolvable,
}

/// The change that the application asked for, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stack) enum Change {
    None,
    /// `awaited` while a future waits for the outcome.
    Pending {
        mode: AddressMode,
        awaited: bool,
    },
    Done(Result<(), Status>),
}

impl AddressMode {
    const fn shown(self) -> Shown {
        match self {
            Self::Public | Self::Static => Shown::Identity,
            Self::Resolvable => Shown::Resolvable,
            Self::NonResolvable => Shown::NonResolvable,
        }
    }
}

impl Privacy {
    const fn pending(&self) -> Option<AddressMode> {
        match self.change {
            Change::Pending { mode, .. } => Some(mode),
            Change::None | Change::Done(_) => None,
        }
    }

    /// Returns the kind of the next private address: that of the pending change, else the one on the air.
    pub(in crate::stack) fn next_shown(&self) -> Shown {
        let pending = self.pending().map(AddressMode::shown);
        pending.filter(|shown| *shown != Shown::Identity).unwrap_or(self.shown)
    }
}

impl Stack {
    /// Returns the kind of address on the air, or `None` for an identity address until initialization is complete.
    pub(crate) fn address_mode(&self) -> Option<AddressMode> {
        match self.privacy.shown {
            Shown::Resolvable => Some(AddressMode::Resolvable),
            Shown::NonResolvable => Some(AddressMode::NonResolvable),
            Shown::Identity => self.controller_info().map(|info| match info.address.kind() {
                AddressKind::Public => AddressMode::Public,
                AddressKind::Random => AddressMode::Static,
            }),
        }
    }

    /// Begins a change of the address mode, once the controller is set up and no other change is under way.
    pub(crate) fn poll_change_mode(&mut self, mode: AddressMode) -> Poll<Result<(), Error>> {
        if let Some(error) = self.cannot_change() {
            return Poll::Ready(Err(error));
        }
        let Some(info) = self.controller_info() else { return Poll::Pending };
        if self.privacy.change != Change::None || self.poll_requests_taken().is_pending() {
            return Poll::Pending;
        }
        let current = self.address_mode() == Some(mode);
        match mode {
            AddressMode::Public | AddressMode::Static if current => {
                self.privacy.change = Change::Done(Ok(()));
                return Poll::Ready(Ok(()));
            }
            AddressMode::Public if info.public_address.is_none() => {
                return Poll::Ready(Err(Error::NoPublicAddress));
            }
            AddressMode::NonResolvable if self.gap.seeks_links() => {
                return Poll::Ready(Err(Error::Busy));
            }
            AddressMode::Public => self.gap.show_identity(AddressChoice::Automatic),
            AddressMode::Static => match self.static_address() {
                Some(address) => self.gap.show_identity(AddressChoice::Static(address)),
                None => {
                    self.gap.try_random_again();
                    self.privacy.lacks_static = true;
                }
            },
            AddressMode::Resolvable | AddressMode::NonResolvable => self.gap.show_private(),
        }
        self.privacy.change = Change::Pending { mode, awaited: true };
        self.ready.run(Due::COMMAND);
        self.ready.run(Due::JOB);
        self.deadlines_changed();
        Poll::Ready(Ok(()))
    }

    /// Returns the outcome of the change that [`Self::poll_change_mode`] began.
    pub(crate) fn poll_mode_changed(&mut self) -> Poll<Result<(), Error>> {
        match (self.privacy.change, self.phase) {
            (Change::Done(result), _) => {
                self.end_change(Change::None);
                Poll::Ready(result.map_err(Error::Controller))
            }
            (Change::None, _) => Poll::Ready(Err(Error::NoAnswer)),
            (Change::Pending { .. }, phase) => {
                let down = (phase == Phase::Down).then_some(Error::NoAnswer);
                let Some(error) = down.or_else(|| self.cannot_change()) else {
                    return Poll::Pending;
                };
                // The change goes on when the controller works again.
                self.abandon_change();
                Poll::Ready(Err(error))
            }
        }
    }

    /// Lets the change go on without a future that waits for its outcome.
    pub(crate) fn abandon_change(&mut self) {
        match &mut self.privacy.change {
            Change::Pending { awaited, .. } => *awaited = false,
            Change::Done(_) => self.end_change(Change::None),
            Change::None => {}
        }
    }

    /// Returns why no change can begin or complete for now.
    fn cannot_change(&self) -> Option<Error> {
        match self.phase {
            Phase::Failed(_) => Some(Error::Unsupported),
            _ if self.is_silent() => Some(Error::NoAnswer),
            Phase::Down
            | Phase::ResetPending { .. }
            | Phase::Resetting { .. }
            | Phase::Setup
            | Phase::Ready => None,
        }
    }

    fn end_change(&mut self, change: Change) {
        self.privacy.change = change;
        self.ready.host(HostKey::Controller);
    }

    /// Returns the static address that this device uses or would use, if one is known.
    fn static_address(&self) -> Option<Address> {
        let current = self.gap.controller().map(|info| info.address);
        let current = current.filter(|address| address.is_static());
        current.or(self.config.address).or(self.privacy.made)
    }

    /// Makes the static address that a change waits for.
    pub(in crate::stack) fn static_address_made(&mut self, [a, b, c, d, e, f, ..]: [u8; 16]) {
        if core::mem::take(&mut self.privacy.lacks_static) {
            let made = self.privacy.made.unwrap_or_else(|| static_address([a, b, c, d, e, f]));
            self.keep_made(made);
            self.gap.show_identity(AddressChoice::Static(made));
            self.ready.run(Due::COMMAND);
        }
    }

    /// Ends a change for which there are no random numbers. If the controller was lost meanwhile, the change goes on
    /// and asks again.
    pub(in crate::stack) fn no_address_made(&mut self) {
        if self.phase != Phase::Ready && self.privacy.pending().is_some() {
            return;
        }
        if core::mem::take(&mut self.privacy.lacks_static) {
            self.change_over(Err(Status::UNSUPPORTED_FEATURE));
        } else {
            self.gap.private_address_failed(Status::UNSUPPORTED_FEATURE);
        }
    }

    /// Takes the outcome of a change from GAP.
    pub(in crate::stack) fn address_changed(&mut self, result: Result<(), Status>) {
        if !PRIVACY {
            return;
        }
        if let (Some(mode), Ok(())) = (self.privacy.pending(), result) {
            self.privacy.shown = mode.shown();
        }
        self.privacy.due &= self.privacy.shown != Shown::Identity;
        self.change_over(result);
        self.request_resolving();
    }

    fn change_over(&mut self, result: Result<(), Status>) {
        let awaited = matches!(self.privacy.change, Change::Pending { awaited: true, .. });
        self.end_change(if awaited { Change::Done(result) } else { Change::None });
    }

    /// Fails while non-resolvable addresses are on the air, or are about to be: no links are made with them.
    /// [Vol 3] Part C, 10.7.1 and 10.7.2
    pub(in crate::stack) fn check_may_link(&self) -> Result<(), Error> {
        let shown = self.privacy.shown == Shown::NonResolvable;
        let pending = self.privacy.pending() == Some(AddressMode::NonResolvable);
        if PRIVACY && (shown || pending) { Err(Error::NonResolvable) } else { Ok(()) }
    }
}
