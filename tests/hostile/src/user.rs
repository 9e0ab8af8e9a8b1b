//! The user of the host during a pairing.

use core::cell::RefCell;
use std::rc::Rc;

use bindrune::{Host, Question};

/// A user that accepts everything, and whose screen the peer's user sees. Clones are the same user.
#[derive(Clone, Debug, Default)]
pub struct User(Rc<RefCell<Desk>>);

#[derive(Debug, Default)]
struct Desk {
    asked: Vec<Question>,
    oob: Option<OobData>,
}

/// The random number and the confirm value that one side passes on to the other out of band.
pub type OobData = ([u8; 16], [u8; 16]);

impl User {
    /// Returns all questions and passkeys of the host so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Question> {
        self.0.borrow().asked.clone()
    }

    /// Returns the last passkey that the host has shown.
    #[must_use]
    pub fn passkey(&self) -> Option<u32> {
        let desk = self.0.borrow();
        desk.asked.iter().rev().find_map(|question| match question {
            Question::Display(passkey) => Some(*passkey),
            Question::Confirm
            | Question::Compare(_)
            | Question::Input
            | Question::Oob { .. }
            | Question::Pin { .. } => None,
        })
    }

    /// Sets the out-of-band data that the user brings from the peer.
    pub fn bring(&self, oob: OobData) {
        self.0.borrow_mut().oob = Some(oob);
    }

    /// Answers the questions of a host.
    ///
    /// # Panics
    ///
    /// If another user already answers them.
    pub async fn serve(self, host: &Host) {
        let mut requests = host.pairing_requests().unwrap();
        loop {
            let mut request = requests.next().await;
            let question = request.question();
            self.0.borrow_mut().asked.push(question);
            let oob = self.0.borrow().oob;
            match (question, oob) {
                (Question::Confirm | Question::Compare(_), _) => request.accept(),
                (Question::Oob { secure: true }, Some((random, confirm))) => {
                    request.oob(random, confirm);
                }
                (
                    Question::Display(_)
                    | Question::Input
                    | Question::Oob { .. }
                    | Question::Pin { .. },
                    _,
                ) => {}
            }
        }
    }
}
