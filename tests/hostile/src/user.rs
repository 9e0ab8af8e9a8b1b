//! Who sits before the host while it pairs.

use core::cell::RefCell;
use std::rc::Rc;

use bindrune::{Host, Question};

/// A user who agrees to everything, and whose screen the peer's user sees. Clones are the same user.
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
    /// What the host has asked and shown so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Question> {
        self.0.borrow().asked.clone()
    }

    /// The passkey that the host has shown last.
    #[must_use]
    pub fn passkey(&self) -> Option<u32> {
        let desk = self.0.borrow();
        desk.asked.iter().rev().find_map(|question| match question {
            Question::Display(passkey) => Some(*passkey),
            Question::Confirm | Question::Compare(_) | Question::Input | Question::Oob { .. } => {
                None
            }
        })
    }

    /// What the user brings from the peer from now on.
    pub fn bring(&self, oob: OobData) {
        self.0.borrow_mut().oob = Some(oob);
    }

    /// Answers the questions of a host.
    ///
    /// # Panics
    ///
    /// Where another user does so already.
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
                (Question::Display(_) | Question::Input | Question::Oob { .. }, _) => {}
            }
        }
    }
}
