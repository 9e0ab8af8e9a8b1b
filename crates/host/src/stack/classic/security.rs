//! Pairing, authentication and encryption of BR/EDR links: the outcome for channels and callers, and the questions.
//! [Vol 3] Part C, 5.2.2

use core::task::Poll;

use bindrune_classic::security::{
    Answer, Failure, LinkSecurity, Pin, Question, RequestError, Requirement, SecurityEvent,
};
use bindrune_hci::{Status, cmd::classic::Keypress};
use bindrune_smp::{Answer as LeAnswer, Keypress as LeKeypress, PairingRequest};
use bindrune_wire::{Address, Level, time::Instant};

use super::{LinkRef, State, wait::Event as Awaited};
use crate::{
    Error, PasskeyEntry,
    stack::{PairingLink, PairingQuestion, Stack},
    waiters::{Due, HostKey},
};

/// State of the questions to the user of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// The question, until the application takes it.
    waiting: Option<Question>,
    /// Its number.
    serial: u16,
    /// Whether the question is for a PIN, and then whether it needs 16 digits.
    pin: Option<bool>,
    /// Whether the pairing replaces a bond.
    replaces: bool,
    /// How far the peer's user has entered the passkey.
    entry: PasskeyEntry,
    /// `entry` has changed since the application read it.
    changed: bool,
}

impl Ask {
    pub(crate) const NONE: Self = Self {
        waiting: None,
        serial: 0,
        pin: None,
        replaces: false,
        entry: PasskeyEntry::NONE,
        changed: false,
    };
}

/// Number of outcomes that a link remembers.
const OUTCOMES: usize = 4;

/// How the requests for security of a link ended: a later end does not replace what an earlier caller waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcomes {
    /// Number of requests that ended.
    count: u32,
    /// Why the last ones failed, if they did.
    last: [Option<Failure>; OUTCOMES],
}

impl Outcomes {
    pub(super) const NONE: Self = Self { count: 0, last: [None; OUTCOMES] };

    const fn place(number: u32) -> usize {
        number as usize % OUTCOMES
    }

    fn add(&mut self, failure: Option<Failure>) {
        if let Some(place) = self.last.get_mut(Self::place(self.count)) {
            *place = failure;
        }
        self.count = self.count.wrapping_add(1);
    }

    /// Returns the first outcome after the first `before` ones, or else the oldest that is remembered. `None` if there
    /// is none yet.
    fn after(&self, before: u32) -> Option<Option<Failure>> {
        let new = self.count.wrapping_sub(before);
        let oldest = u32::try_from(OUTCOMES).unwrap_or(u32::MAX).min(new);
        let number = self.count.wrapping_sub(oldest);
        (new > 0).then(|| self.last.get(Self::place(number)).copied().flatten())
    }
}

impl State {
    fn ask(&mut self, link: u8) -> Option<&mut Ask> {
        self.questions.get_mut(usize::from(link))
    }
}

impl Stack {
    /// Handles everything that the security machine reports.
    pub(super) fn classic_secured(&mut self, now: Instant) {
        while let Some(event) = self.classic.get().and_then(|state| state.security.poll_event()) {
            self.classic_security_event(now, event);
        }
    }

    fn classic_security_event(&mut self, now: Instant, event: SecurityEvent) {
        match event {
            SecurityEvent::Key { link, bond } => self.keep_classic_bond(link, &bond),
            SecurityEvent::Pairing { link, peer, result } => {
                self.classic_pairing_ended(now, link, peer, result.err());
            }
            SecurityEvent::Changed { link } => {
                self.settle_requests(link, false);
                self.classic_mark(Awaited::Security);
            }
            SecurityEvent::Outcome { link, result } => {
                if let Some(slot) = self.classic.get().and_then(|state| state.up(link)) {
                    slot.outcomes.add(result.err());
                }
                self.settle_requests(link, result.is_err());
                self.classic_mark(Awaited::Security);
            }
            SecurityEvent::Question { link, serial, question: Question::Oob { .. }, .. } => {
                self.answer_oob(now, link, serial);
            }
            SecurityEvent::LocalOob(data) => self.classic_oob_made(data),
            SecurityEvent::Question { link, serial, question, replaces } => {
                if let Some(ask) = self.classic.get().and_then(|state| state.ask(link)) {
                    let pin =
                        if let Question::Pin { sixteen } = question { Some(sixteen) } else { None };
                    *ask = Ask { waiting: Some(question), serial, pin, replaces, ..Ask::NONE };
                }
                self.ready.host(HostKey::Pairing);
            }
            SecurityEvent::Keypress { link, keypress } => {
                if let Some(ask) = self.classic.get().and_then(|state| state.ask(link)) {
                    (ask.entry, ask.changed) = (ask.entry.after(LeKeypress(keypress.0)), true);
                }
                self.classic_mark(Awaited::Security);
            }
            SecurityEvent::Disconnect { link, reason, failure } => {
                if let Some(slot) = self.classic.get().and_then(|state| state.up(link)) {
                    slot.outcomes.add(Some(failure));
                    slot.is_cut = true;
                }
                self.classic_leave(link, reason);
                self.classic_mark(Awaited::Security);
            }
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Handles the end of a pairing.
    fn classic_pairing_ended(
        &mut self,
        now: Instant,
        link: u8,
        peer: Address,
        failure: Option<Failure>,
    ) {
        match failure {
            None => {
                self.oob_succeeded(link, peer);
                self.security.pairing_succeeded(peer);
            }
            // An attempt that one side refuses because it is too early does not count.
            Some(Failure::RepeatedAttempts | Failure::Status(Status::REPEATED_ATTEMPTS)) => {}
            Some(_) => self.security.pairing_failed(now, peer),
        }
        self.hold_off_classic(now, link);
        if let Some(ask) = self.classic.get().and_then(|state| state.ask(link)) {
            *ask = Ask { serial: ask.serial, ..Ask::NONE };
        }
        self.classic_mark(Awaited::Security);
    }

    /// Sets in the security machine until when the peer of a link must not pair.
    pub(super) fn hold_off_classic(&mut self, now: Instant, link: u8) {
        let Some(state) = self.classic.get() else { return };
        let Some(peer) = state.up(link).map(|slot| slot.peer) else { return };
        let bonded = state.bonds.of(peer).is_some();
        let until = self.security.pairing_hold(now, peer, bonded);
        state.security.hold_off(link, until);
    }

    /// Requests security for a link, unless it has it. Returns how many requests had ended before.
    /// [Vol 3] Part C, 5.2.2 and 6.5
    pub(crate) fn require_classic(
        &mut self,
        link: LinkRef,
        level: Level,
        pair: bool,
    ) -> Result<Option<u32>, Error> {
        let now = self.now;
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let outcomes = state.link(link)?.outcomes.count;
        if !pair && state.security.security(link.index).level >= level {
            return Ok(None);
        }
        let requirement = Requirement::level(level);
        let begun = match pair {
            true => state.security.pair(now, link.index, requirement),
            false => state.security.require(now, link.index, requirement),
        };
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
        self.wake_classic_link(link.index);
        match begun {
            Ok(()) => Ok(Some(outcomes)),
            Err(RequestError::NoLink) => Err(Error::ClassicSecurity(Failure::Cancelled)),
            Err(RequestError::RepeatedAttempts) => {
                Err(Error::ClassicSecurity(Failure::RepeatedAttempts))
            }
            Err(RequestError::NotLoaded) => Err(Error::BondStore),
        }
    }

    /// Ready when a request for security has ended. [Vol 3] Part C, 5.2.2.8
    pub(crate) fn poll_classic_secured(
        &mut self,
        link: LinkRef,
        outcomes: u32,
        level: Level,
    ) -> Poll<Result<LinkSecurity, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let slot = match state.link(link) {
            Ok(slot) => slot,
            Err(error) => {
                // The failure is more exact than the end of the link that it caused.
                let slot = state.links.get(usize::from(link.index));
                let slot = slot.filter(|l| l.generation == link.generation);
                let failure = slot.and_then(|slot| slot.outcomes.after(outcomes)).flatten();
                return Poll::Ready(Err(failure.map_or(error, Error::ClassicSecurity)));
            }
        };
        let Some(failure) = slot.outcomes.after(outcomes) else { return Poll::Pending };
        Poll::Ready(match failure {
            Some(failure) => Err(Error::ClassicSecurity(failure)),
            // Another request for less may have ended last.
            None => match state.security.security(link.index) {
                security if security.level >= level => Ok(security),
                security => Err(Error::ClassicSecurity(Failure::Insufficient(security.level))),
            },
        })
    }

    /// Returns the security of a link. [Vol 3] Part C, 5.2.2.8
    pub(crate) fn classic_security(&self, link: LinkRef) -> Result<LinkSecurity, Error> {
        let state = self.classic.state().ok_or(Error::Unsupported)?;
        state.link(link)?;
        Ok(state.security.security(link.index))
    }

    /// Begins or stops to take the questions of pairings for the application.
    pub(in crate::stack) fn classic_listening(&mut self, listening: bool) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        state.security.set_user(now, listening);
        for ask in state.questions.iter_mut().filter(|_| !listening) {
            ask.waiting = None;
        }
        self.classic_changed(now);
        self.ready.run(Due::COMMAND);
    }

    /// Forgets the question of a link that has ended.
    pub(super) fn forget_question(&mut self, link: u8) {
        if let Some(ask) = self.classic.get().and_then(|state| state.ask(link)) {
            *ask = Ask { serial: ask.serial, ..Ask::NONE };
        }
    }

    /// Returns the next question of any link.
    pub(in crate::stack) fn next_classic_question(&mut self) -> Option<PairingQuestion> {
        let state = self.classic.get()?;
        let mut links = (0u8..).zip(state.links.iter()).zip(state.questions.iter_mut());
        links.find_map(|((index, link), ask)| {
            let question = ask.waiting.take_if(|_| link.is_up())?;
            Some(PairingQuestion {
                link: PairingLink::Classic(link.reference(index)),
                serial: ask.serial.into(),
                request: as_request(question)?,
            })
        })
    }

    /// Returns the peer of a pairing, and the bond that it replaces.
    pub(crate) fn classic_pairing_of(
        &mut self,
        link: LinkRef,
    ) -> Option<(Address, Option<Address>)> {
        let state = self.classic.get()?;
        let peer = state.link(link).ok()?.peer;
        let replaces = state.ask(link.index).is_some_and(|ask| ask.replaces);
        Some((peer, replaces.then_some(peer)))
    }

    /// Returns whether the question of a pairing is for a PIN, and then whether it needs 16 digits.
    /// [Vol 3] Part C, 5.2.2.8
    pub(crate) fn classic_pin(&mut self, link: LinkRef) -> Option<bool> {
        self.classic.get()?.ask(link.index)?.pin
    }

    /// Sends the peer a keypress of the local user. [Vol 4] Part E, 7.3.63
    pub(crate) fn send_classic_keypress(
        &mut self,
        link: LinkRef,
        serial: u32,
        keypress: LeKeypress,
    ) {
        let Some(state) = self.classic.get().filter(|state| state.link(link).is_ok()) else {
            return;
        };
        let serial = u16::try_from(serial).unwrap_or_default();
        state.security.send_keypress(link.index, serial, Keypress(keypress.0));
        self.ready.run(Due::COMMAND);
    }

    /// Returns the passkey entry of the peer's user when it has changed, or `None` once the pairing is over.
    /// [Vol 4] Part E, 7.7.49
    pub(crate) fn poll_classic_entry(
        &mut self,
        link: LinkRef,
        serial: u32,
    ) -> Poll<Result<Option<PasskeyEntry>, Error>> {
        if self.poll_classic_pairing_over(link, serial).is_ready() {
            return Poll::Ready(Ok(None));
        }
        let ask = self.classic.get().and_then(|state| state.ask(link.index));
        let changed = ask.filter(|ask| ask.changed);
        changed.map_or(Poll::Pending, |ask| {
            ask.changed = false;
            Poll::Ready(Ok(Some(ask.entry)))
        })
    }

    /// Takes the answer to a question. [Vol 4] Part E, 7.1.30 to 7.1.33
    pub(crate) fn answer_classic(&mut self, link: LinkRef, serial: u32, answer: &LeAnswer) {
        let answer = match answer {
            LeAnswer::Yes => Answer::Yes,
            LeAnswer::Passkey(passkey) => Answer::Passkey(*passkey),
            LeAnswer::No | LeAnswer::TemporaryKey(_) | LeAnswer::Oob { .. } => Answer::No,
        };
        self.give_classic_answer(link, serial, answer);
    }

    /// Takes a PIN of 1 to 16 bytes; another one refuses the pairing. [Vol 3] Part C, 3.2.3
    pub(crate) fn answer_classic_pin(&mut self, link: LinkRef, serial: u32, pin: &[u8]) {
        let answer = Pin::new(pin).map_or(Answer::No, Answer::Pin);
        self.give_classic_answer(link, serial, answer);
    }

    fn give_classic_answer(&mut self, link: LinkRef, serial: u32, answer: Answer) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        if state.link(link).is_err() {
            return;
        }
        let serial = u16::try_from(serial).unwrap_or_default();
        let _open = state.security.answer(now, link.index, serial, answer);
        self.classic_changed(now);
        self.ready.run(Due::COMMAND);
    }

    /// Ready once the pairing of a link is over.
    pub(crate) fn poll_classic_pairing_over(
        &mut self,
        link: LinkRef,
        serial: u32,
    ) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Ok(())) };
        let pairing = state.link(link).is_ok() && state.security.is_pairing(link.index);
        let same = state.ask(link.index).is_some_and(|ask| u32::from(ask.serial) == serial);
        if pairing && same { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}

/// Returns the question in the form of LE's; a passkey and a PIN are both entered. [Vol 4] Part E, 7.7.22, 7.7.42,
/// 7.7.43 and 7.7.48
const fn as_request(question: Question) -> Option<PairingRequest> {
    Some(match question {
        Question::Confirm => PairingRequest::Confirm,
        Question::Compare(number) => PairingRequest::Compare(number),
        Question::Display(passkey) => PairingRequest::Display(passkey),
        Question::Input | Question::Pin { .. } => PairingRequest::Input,
        // The stack answers it.
        Question::Oob { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_outcome_replaces_no_earlier_one() {
        let mut outcomes = Outcomes::NONE;
        assert_eq!(outcomes.after(0), None);
        outcomes.add(Some(Failure::NotAllowed));
        outcomes.add(Some(Failure::Status(Status::AUTHENTICATION_FAILURE)));
        outcomes.add(None);
        assert_eq!(outcomes.after(0), Some(Some(Failure::NotAllowed)));
        assert_eq!(outcomes.after(2), Some(None));
        assert_eq!(outcomes.after(3), None);
        for _ in 0..OUTCOMES {
            outcomes.add(Some(Failure::Timeout));
        }
        // The oldest that is remembered.
        assert_eq!(outcomes.after(0), Some(Some(Failure::Timeout)));
    }
}
