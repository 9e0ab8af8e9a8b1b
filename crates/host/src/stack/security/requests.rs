//! What the user is asked in the course of a pairing.

use core::task::Poll;

use bindrune_smp::{Answer, Keypress, PairingRequest, Reason};

use super::Stack;
use crate::{
    Error,
    stack::LinkRef,
    waiters::{HostKey, LinkKey},
};

/// A question of one pairing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) link: LinkRef,
    /// Which pairing of the link.
    pub(crate) serial: u32,
    pub(crate) request: PairingRequest,
}

/// What the user of a link is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// The question, until the application takes it.
    waiting: Option<PairingRequest>,
    /// The application has one that needs an answer.
    open: bool,
    /// What the peer's user has entered.
    entry: PasskeyEntry,
    /// That changed, and the application was not told.
    event: bool,
}

impl Ask {
    pub(super) const NONE: Self =
        Self { waiting: None, open: false, entry: PasskeyEntry::NONE, event: false };
}

/// How far the user of the other device is with the passkey, as that device says. [Vol 3] Part H, 3.5.8
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct PasskeyEntry {
    /// Digits that are there, at most 6.
    pub digits: u8,
    /// The user has finished.
    pub completed: bool,
}

impl PasskeyEntry {
    const NONE: Self = Self { digits: 0, completed: false };
    const DIGITS: u8 = 6;

    /// What it is after something happened at the keyboard; what is reserved changes nothing.
    fn after(self, keypress: Keypress) -> Self {
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
    /// The application begins to take pairing requests.
    pub(crate) const fn listen_to_pairing(&mut self) -> Result<(), Error> {
        if self.security.listening {
            return Err(Error::Busy);
        }
        self.security.listening = true;
        Ok(())
    }

    /// Nobody takes pairing requests any longer: those that wait are answered with no.
    pub(crate) fn ignore_pairing(&mut self) {
        self.security.listening = false;
        for index in 0..self.link_slots() {
            let Some(protection) = self.protection(index) else { continue };
            if protection.ask.waiting.take().is_some() {
                self.put_answer(index, Answer::No);
            }
        }
    }

    /// The next question of any link.
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
                return Poll::Ready(Ok(Question { link, serial, request }));
            }
        }
        Poll::Pending
    }

    /// The answer to a question.
    pub(crate) fn answer_pairing(&mut self, link: LinkRef, serial: u32, answer: Answer) {
        let Ok(slot) = self.link_mut(link) else { return };
        let protection = &mut slot.protection;
        if protection.pairings != serial || !core::mem::take(&mut protection.ask.open) {
            return;
        }
        self.put_answer(link.index, answer);
    }

    /// What happens at the user's keyboard.
    pub(crate) fn send_keypress(&mut self, link: LinkRef, serial: u32, keypress: Keypress) {
        let Ok(slot) = self.link(link) else { return };
        if slot.protection.pairings == serial
            && let Some(pairing) = self.pairing_mut(link.index)
        {
            pairing.send_keypress(keypress);
            self.mark_pending(link.index);
        }
    }

    /// Something happened at the keyboard of the peer's user.
    pub(super) fn key_pressed(&mut self, index: u8, keypress: Keypress) {
        if let Some(protection) = self.protection(index) {
            let ask = &mut protection.ask;
            (ask.entry, ask.event) = (ask.entry.after(keypress), true);
            self.ready.link(index, LinkKey::Security);
        }
    }

    /// What the peer's user has entered, once that changed; `None` once the pairing is over.
    pub(crate) fn poll_entry(
        &mut self,
        link: LinkRef,
        serial: u32,
    ) -> Poll<Result<Option<PasskeyEntry>, Error>> {
        if self.poll_pairing_over(link, serial).is_ready() {
            return Poll::Ready(Ok(None));
        }
        let ask = &mut self.link_mut(link)?.protection.ask;
        if core::mem::take(&mut ask.event) {
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

    /// A pairing asks its user. Where nobody takes requests, it ends.
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
