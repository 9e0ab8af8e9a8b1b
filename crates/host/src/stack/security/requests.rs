//! Questions to the user during a pairing.

use core::task::Poll;

use bindrune_smp::{Answer, Keypress, PairingRequest, Reason};

use super::Stack;
use crate::{
    Error,
    stack::{ClassicLinkRef, LinkRef},
    waiters::{HostKey, LinkKey},
};

/// A question of one pairing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) link: PairingLink,
    /// Number of the pairing on its link.
    pub(crate) serial: u32,
    pub(crate) request: PairingRequest,
}

/// The link of a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairingLink {
    Le(LinkRef),
    Classic(ClassicLinkRef),
}

/// State of the questions to the user of a link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// The question, until the application takes it.
    waiting: Option<PairingRequest>,
    /// The application took a question that needs an answer.
    open: bool,
    /// How far the peer's user has entered the passkey.
    entry: PasskeyEntry,
    /// `entry` has changed since the application read it.
    changed: bool,
}

impl Ask {
    pub(super) const NONE: Self =
        Self { waiting: None, open: false, entry: PasskeyEntry::NONE, changed: false };
}

/// How far the user of the other device has entered the passkey, as that device reports it. [Vol 3] Part H, 3.5.8
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct PasskeyEntry {
    /// Number of digits entered, at most 6.
    pub digits: u8,
    /// Whether the user has finished.
    pub completed: bool,
}

impl PasskeyEntry {
    pub(in crate::stack) const NONE: Self = Self { digits: 0, completed: false };
    const DIGITS: u8 = 6;

    /// Returns the entry after a keypress. Reserved values change nothing.
    pub(in crate::stack) fn after(self, keypress: Keypress) -> Self {
        let Self { digits, .. } = self;
        let with = |digits: u8| Self { digits: digits.min(Self::DIGITS), completed: false };
        match keypress {
            Keypress::STARTED | Keypress::CLEARED => Self::NONE,
            Keypress::DIGIT_ENTERED => with(digits.saturating_add(1)),
            Keypress::DIGIT_ERASED => with(digits.saturating_sub(1)),
            Keypress::COMPLETED => Self { completed: true, ..self },
            _ => self,
        }
    }
}

impl Stack {
    /// Begins to take pairing requests for the application.
    pub(crate) fn listen_to_pairing(&mut self) -> Result<(), Error> {
        if self.security.listening {
            return Err(Error::Busy);
        }
        self.security.listening = true;
        self.classic_listening(true);
        Ok(())
    }

    /// Stops taking pairing requests. Answers those that wait with no.
    pub(crate) fn ignore_pairing(&mut self) {
        self.security.listening = false;
        self.classic_listening(false);
        for index in 0..self.link_slots() {
            let Some(protection) = self.protection(index) else { continue };
            if protection.ask.waiting.take().is_some() {
                self.put_answer(index, Answer::No);
            }
        }
    }

    /// Returns the next question of any link.
    pub(crate) fn poll_question(&mut self) -> Poll<Result<Question, Error>> {
        for index in 0..self.link_slots() {
            let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| l.is_up()) else {
                continue;
            };
            let link = slot.reference(index);
            let ask = &mut slot.protection.ask;
            if let Some(request) = ask.waiting.take() {
                ask.open = !matches!(request, PairingRequest::Display(_));
                let serial = slot.protection.pairings;
                let link = PairingLink::Le(link);
                return Poll::Ready(Ok(Question { link, serial, request }));
            }
        }
        match self.next_classic_question() {
            Some(question) => Poll::Ready(Ok(question)),
            None => Poll::Pending,
        }
    }

    /// Takes the answer to a question.
    pub(crate) fn answer_pairing(&mut self, link: LinkRef, serial: u32, answer: Answer) {
        let Ok(slot) = self.link_mut(link) else { return };
        let protection = &mut slot.protection;
        if protection.pairings != serial || !core::mem::take(&mut protection.ask.open) {
            return;
        }
        self.put_answer(link.index, answer);
    }

    /// Sends the peer a keypress of the local user.
    pub(crate) fn send_keypress(&mut self, link: LinkRef, serial: u32, keypress: Keypress) {
        let Ok(slot) = self.link(link) else { return };
        if slot.protection.pairings == serial
            && let Some(pairing) = self.pairing_mut(link.index)
        {
            pairing.send_keypress(keypress);
            self.mark_pending(link.index);
        }
    }

    /// Handles a keypress of the peer's user.
    pub(super) fn key_pressed(&mut self, index: u8, keypress: Keypress) {
        if let Some(protection) = self.protection(index) {
            let ask = &mut protection.ask;
            (ask.entry, ask.changed) = (ask.entry.after(keypress), true);
            self.ready.link(index, LinkKey::Security);
        }
    }

    /// Returns the passkey entry of the peer's user when it has changed, or `None` once the pairing is over.
    pub(crate) fn poll_entry(
        &mut self,
        link: LinkRef,
        serial: u32,
    ) -> Poll<Result<Option<PasskeyEntry>, Error>> {
        if self.poll_pairing_over(link, serial).is_ready() {
            return Poll::Ready(Ok(None));
        }
        let ask = &mut self.link_mut(link)?.protection.ask;
        if core::mem::take(&mut ask.changed) {
            Poll::Ready(Ok(Some(ask.entry)))
        } else {
            Poll::Pending
        }
    }

    /// Ready once the pairing is over.
    pub(crate) fn poll_pairing_over(&self, link: LinkRef, serial: u32) -> Poll<Result<(), Error>> {
        match self.link(link) {
            Ok(slot) if slot.protection.pairings == serial && slot.protection.is_pairing() => {
                Poll::Pending
            }
            Ok(_) | Err(_) => Poll::Ready(Ok(())),
        }
    }

    /// Asks the user a question of a pairing. If the application takes no requests, ends the pairing.
    pub(super) fn ask_user(&mut self, index: u8, request: PairingRequest) {
        let listening = self.security.listening;
        let Some(protection) = self.protection(index) else { return };
        if listening {
            (protection.ask.waiting, protection.ask.open) = (Some(request), false);
            self.ready.host(HostKey::Pairing);
        } else if let Some(pairing) = self.pairing_mut(index) {
            pairing.cancel(Reason::PAIRING_NOT_SUPPORTED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_never_more_than_a_passkey() {
        let mut entry = PasskeyEntry::NONE;
        let mut press = |keypress, digits, completed| {
            entry = entry.after(keypress);
            assert_eq!(entry, PasskeyEntry { digits, completed }, "{keypress:?}");
        };
        press(Keypress::DIGIT_ERASED, 0, false);
        for digits in [1, 2, 3, 4, 5, 6, 6, 6] {
            press(Keypress::DIGIT_ENTERED, digits, false);
        }
        press(Keypress(0x77), 6, false);
        press(Keypress::DIGIT_ERASED, 5, false);
        press(Keypress::COMPLETED, 5, true);
        press(Keypress::CLEARED, 0, false);
    }
}
