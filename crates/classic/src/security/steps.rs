//! The steps of a pairing that the controller reports, and the user's answers. [Vol 4] Part E, 7.7.40 to 7.7.49

use bindrune_hci::{Status, cmd::classic::Keypress};

use super::{
    api::{Answer, Failure, Question},
    model::{Model, Side},
    oob::OobData,
    pairing::{Context, requirements},
    reply::Reply,
    slot::{STEP, Slot},
};

/// The largest passkey, and the largest number to compare.
const MAX: u32 = 999_999;

impl Slot {
    /// Handles IO Capability Response: the peer's side.
    pub(super) fn io_response(&mut self, context: Context<'_>, peer: Side) {
        if self.ending {
            return;
        }
        let pairing = self.begin(context.now, false);
        if pairing.pin {
            return self.end(Failure::OutOfOrder);
        }
        // The controller holds to the first response, so a later one changes nothing.
        if pairing.peer.is_some() {
            return;
        }
        pairing.peer = Some(peer);
        let own = pairing.own;
        self.touch(context.now, STEP);
        if let Some(own) = own {
            let refused = self.check_terms(context, own, peer).err();
            self.sides_known(refused);
        }
    }

    /// Handles IO Capability Request.
    pub(super) fn io_request(&mut self, context: Context<'_>) {
        if self.ending {
            self.reply = Some(Reply::NoIo(Status::AUTHENTICATION_FAILURE));
            return;
        }
        if self.is_unasked() {
            self.reply = Some(Reply::NoIo(Status::PAIRING_NOT_ALLOWED));
            return;
        }
        if self.begin(context.now, false).pin {
            self.reply = Some(Reply::NoIo(Status::AUTHENTICATION_FAILURE));
            return self.end(Failure::OutOfOrder);
        }
        let own = match self.own_side(context) {
            Ok(own) => own,
            Err(failure) => return self.refuse(Reply::NoIo(failure.reason()), failure),
        };
        let dedicated = self.goal.is_some_and(|goal| goal.pair);
        let oob = self.oob_presence(context.config).bits();
        let requirements = requirements(own, dedicated);
        self.reply = Some(Reply::Io { capability: own.io.to_wire(), oob, requirements });
        if let Some(pairing) = &mut self.pairing {
            pairing.own = Some(own);
        }
        self.touch(context.now, STEP);
        self.sides_known(None);
    }

    /// Records whether the pairing must be refused at its next step, and whether it needs no answer of this side.
    fn sides_known(&mut self, refused: Option<Failure>) {
        let Some(pairing) = &mut self.pairing else { return };
        pairing.failure = pairing.failure.or(refused);
        let received = pairing.own.is_some_and(|own| own.oob);
        // Only the peer has out-of-band data: it comes from this device.
        if pairing.model() == Some(Model::OutOfBand) && !received {
            pairing.agreed = true;
        }
    }

    /// Returns the model of a pairing whose next step may be a question to the user.
    fn model(&self) -> Result<Model, Failure> {
        let pairing = self.pairing.as_ref().filter(|_| !self.ending).ok_or(Failure::OutOfOrder)?;
        let model = pairing.model().filter(|model| *model != Model::Pin);
        match pairing.failure {
            Some(failure) => Err(failure),
            None => model.ok_or(Failure::OutOfOrder),
        }
    }

    /// Handles User Confirmation Request.
    pub(super) fn confirmation_request(&mut self, context: Context<'_>, number: u32) {
        let result = match self.model() {
            Ok(Model::NumericComparison) if number <= MAX => Ok(Some(Question::Compare(number))),
            Ok(Model::JustWorks) if self.asks_consent(context.config) => {
                Ok(Some(Question::Confirm))
            }
            Ok(Model::JustWorks) => Ok(None),
            Ok(model) => Err(not_due(model)),
            Err(failure) => Err(failure),
        };
        match result {
            Ok(Some(_)) if !context.user => self.refuse(Reply::NotConfirmed, Failure::NotAllowed),
            Ok(Some(question)) => self.ask(context.now, question, true),
            Ok(None) => self.agree(context, Reply::Confirmed),
            Err(failure) => self.refuse(Reply::NotConfirmed, failure),
        }
    }

    /// Handles User Passkey Request.
    pub(super) fn passkey_request(&mut self, context: Context<'_>) {
        match self.model() {
            Ok(Model::PasskeyInput) if context.user => {
                self.ask(context.now, Question::Input, true);
            }
            Ok(Model::PasskeyInput) => self.refuse(Reply::NoPasskey, Failure::NotAllowed),
            Ok(model) => self.refuse(Reply::NoPasskey, not_due(model)),
            Err(failure) => self.refuse(Reply::NoPasskey, failure),
        }
    }

    /// Handles User Passkey Notification. It has no answer, so a pairing that must not continue ends the link.
    pub(super) fn passkey_notification(&mut self, context: Context<'_>, passkey: u32) {
        match self.model() {
            Ok(Model::PasskeyDisplay) if context.user && passkey <= MAX => {
                self.ask(context.now, Question::Display(passkey), false);
                if let Some(pairing) = &mut self.pairing {
                    pairing.agreed = true;
                }
            }
            Ok(Model::PasskeyDisplay) if !context.user => self.end(Failure::NotAllowed),
            Ok(model) => self.end(not_due(model)),
            Err(failure) => self.end(failure),
        }
    }

    /// Handles Remote OOB Data Request.
    pub(super) fn oob_request(&mut self, context: Context<'_>) {
        let present = self.pairing.as_ref().and_then(|pairing| pairing.own);
        let present = present.is_some_and(|own| own.oob);
        match self.model() {
            Ok(Model::OutOfBand) if present => {
                let secure = context.config.secure_connections;
                self.ask(context.now, Question::Oob { secure }, true);
            }
            Ok(_) => self.refuse(Reply::NoOob, Failure::OutOfOrder),
            Err(failure) => self.refuse(Reply::NoOob, failure),
        }
    }

    /// Handles PIN Code Request. [Vol 4] Part E, 7.7.22
    pub(super) fn pin_request(&mut self, context: Context<'_>) {
        if self.ending || self.is_unasked() {
            self.reply = Some(Reply::NoPin);
            return;
        }
        if !self.begin(context.now, true).pin {
            return self.refuse(Reply::NoPin, Failure::Downgrade);
        }
        match self.check_pin(context) {
            Ok(sixteen) => self.ask(context.now, Question::Pin { sixteen }, true),
            Err(failure) => self.refuse(Reply::NoPin, failure),
        }
    }

    /// Handles Keypress Notification: it gives the peer's user more time, but not beyond the end of the pairing.
    pub(super) fn keypress(&mut self, context: Context<'_>, keypress: Keypress) -> bool {
        let question = self.pairing.as_ref().and_then(|pairing| pairing.question);
        let shows = matches!(question, Some(Question::Display(_)));
        if shows {
            self.ready.keypress = Some(keypress);
            self.touch(context.now, STEP);
        }
        shows
    }

    /// Handles Simple Pairing Complete. The link key follows.
    pub(super) fn simple_pairing_complete(&mut self, context: Context<'_>, status: Status) -> bool {
        let Some(pairing) = self.pairing.as_ref().filter(|pairing| !pairing.pin) else {
            return false;
        };
        let agreed = pairing.agreed && !pairing.open;
        match (status.ok(), pairing.failure) {
            (Err(status), _) => self.fail(Failure::Status(status)),
            (Ok(()), Some(failure)) => self.end(failure),
            (Ok(()), None) if agreed => self.touch(context.now, STEP),
            (Ok(()), None) => self.end(Failure::OutOfOrder),
        }
        true
    }

    /// Handles the user's answer. Returns whether it was expected.
    pub(super) fn answer(&mut self, context: Context<'_>, serial: u16, answer: Answer) -> bool {
        let open = self.pairing.as_ref().filter(|pairing| pairing.open && self.serial == serial);
        let Some(question) = open.and_then(|pairing| pairing.question) else { return false };
        let reply = self.answer_to(context, question, answer);
        match reply {
            Some(reply) => self.agree(context, reply),
            None => {
                let used = matches!(question, Question::Oob { .. });
                self.deny(question, if used { Failure::NoOob } else { Failure::Refused });
            }
        }
        true
    }

    /// Refuses the open question. Returns whether there was one.
    pub(super) fn deny_open(&mut self, failure: Failure) -> bool {
        let open = self.pairing.as_ref().filter(|pairing| pairing.open);
        let question = open.and_then(|pairing| pairing.question);
        if let Some(question) = question {
            self.deny(question, failure);
        }
        question.is_some()
    }

    fn deny(&mut self, question: Question, failure: Failure) {
        let reply = match question {
            Question::Confirm | Question::Compare(_) => Reply::NotConfirmed,
            Question::Input => Reply::NoPasskey,
            Question::Oob { .. } => Reply::NoOob,
            Question::Pin { .. } => Reply::NoPin,
            Question::Display(_) => return,
        };
        self.refuse(reply, failure);
    }

    fn agree(&mut self, context: Context<'_>, reply: Reply) {
        self.reply = Some(reply);
        if let Some(pairing) = &mut self.pairing {
            pairing.agreed = true;
            pairing.open = false;
        }
        self.ready.question = false;
        self.touch(context.now, STEP);
    }

    /// Returns the reply to the controller; `None` if the answer is no, or does not fit the question.
    fn answer_to(
        &mut self,
        context: Context<'_>,
        question: Question,
        answer: Answer,
    ) -> Option<Reply> {
        Some(match (question, answer) {
            (Question::Confirm | Question::Compare(_), Answer::Yes) => Reply::Confirmed,
            (Question::Input, Answer::Passkey(passkey)) if passkey <= MAX => {
                Reply::Passkey(passkey)
            }
            (Question::Oob { secure }, Answer::Oob(data)) => oob_reply(data, secure, context)?,
            (Question::Pin { sixteen }, Answer::Pin(pin)) if !sixteen || pin.len() == 16 => {
                if let Some(pairing) = &mut self.pairing {
                    pairing.sixteen = pin.len() == 16;
                }
                Reply::Pin(pin)
            }
            (
                Question::Confirm
                | Question::Compare(_)
                | Question::Display(_)
                | Question::Input
                | Question::Oob { .. }
                | Question::Pin { .. },
                _,
            ) => return None,
        })
    }
}

/// Returns why a step of another model than `model` fails. A controller that does not use the out-of-band data has none
/// for the kind of key that both sides use.
const fn not_due(model: Model) -> Failure {
    match model {
        Model::OutOfBand => Failure::NoOob,
        Model::JustWorks
        | Model::NumericComparison
        | Model::PasskeyDisplay
        | Model::PasskeyInput
        | Model::Pin => Failure::OutOfOrder,
    }
}

/// Returns the reply with the out-of-band data that can be used; `None` if there is none.
fn oob_reply(data: OobData, secure: bool, context: Context<'_>) -> Option<Reply> {
    if !secure {
        return data.p192.map(Reply::Oob192);
    }
    let p192 = data.p192.filter(|_| !context.config.only_secure_connections);
    let usable = p192.is_some() || data.p256.is_some();
    usable.then_some(Reply::OobExtended(OobData { p192, p256: data.p256 }))
}
