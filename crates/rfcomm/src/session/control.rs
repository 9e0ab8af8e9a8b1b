//! Received commands and responses on DLCI 0. [TS 07.10] 5.4.6.3; [RFCOMM 1.2] 5.5

use bindrune_wire::{Reader, time::Instant};

use super::{Reply, Request, Session};
use crate::{
    Break, CONNECT_TIMEOUT, Changes, DEFAULT_FRAME_SIZE, Dlc, Dlci, Dlcs, EndReason, LineStatus,
    MIN_FRAME_SIZE, Message, MessageType, ModemStatus, Parameters, PortSettings, State, Violation,
    dlc::{Command, Flow, Replies, Step},
    port::{ALL, Mask},
};

/// Convergence layer of a request for credit-based flow control.
const CREDITS_REQUESTED: u8 = 0xf;
/// Convergence layer of a response that accepts it.
const CREDITS_ACCEPTED: u8 = 0xe;

impl Session {
    /// Handles each message of a frame.
    pub(super) fn handle_messages(&mut self, now: Instant, information: &[u8], dlcs: &mut Dlcs) {
        let mut r = Reader::new(information);
        if information.is_empty() || information.len() > DEFAULT_FRAME_SIZE.into() {
            return dlcs.counters.malformed.count();
        }
        while !r.is_empty() {
            match Message::read(&mut r) {
                Err(_) => return dlcs.counters.malformed.count(),
                Ok((_, Err(_))) => dlcs.counters.malformed.count(),
                Ok((is_command, Ok(message))) => {
                    let expected = if is_command {
                        self.handle_command(now, message, dlcs)
                    } else {
                        self.handle_response(message, dlcs)
                    };
                    if !expected {
                        dlcs.counters.unexpected.count();
                    }
                }
            }
        }
    }

    /// Handles a command; false if it is not allowed now.
    fn handle_command(&mut self, now: Instant, message: Message<'_>, dlcs: &mut Dlcs) -> bool {
        match message {
            Message::Parameters(parameters) => self.handle_parameters(now, parameters, dlcs),
            Message::Test(octets) => self.handle_test(octets),
            Message::FlowOn | Message::FlowOff => {
                let on = message == Message::FlowOn;
                self.is_off = !on;
                self.flow_reply = Some(on);
                true
            }
            Message::Modem(dlci, status, signal) => {
                self.on(dlci, dlcs, |dlc| dlc.handle_modem(status, signal))
            }
            Message::Port(dlci, port) => self.handle_port(dlci, port, dlcs),
            Message::Line(dlci, status) => self.on(dlci, dlcs, |dlc| dlc.handle_line(status)),
            // Some stacks send it as a command.
            Message::NotSupported(kind) => self.handle_not_supported(kind, dlcs),
            Message::Unknown(MessageType(kind)) => {
                let is_free = self.reply.is_none();
                let kind = kind | MessageType::COMMAND;
                self.reply = self.reply.or(Some(Reply::NotSupported(kind)));
                is_free
            }
        }
    }

    /// Handles a command about a DLC. A DLCI without a DLC is answered with DM.
    fn on(&mut self, dlci: Dlci, dlcs: &mut Dlcs, change: impl FnOnce(&mut Dlc) -> bool) -> bool {
        if let Some(index) = dlcs.find(self.id, dlci) {
            return dlcs.with(index, change);
        }
        dlcs.counters.stray.count();
        self.dm |= dlci.bit();
        true
    }

    fn handle_parameters(&mut self, now: Instant, p: Parameters, dlcs: &mut Dlcs) -> bool {
        let found = dlcs.find(self.id, p.dlci);
        match found.and_then(|index| dlcs.get(index)).map(Dlc::state) {
            None | Some(State::Negotiated) => {}
            Some(State::Requested | State::Open) => {
                return self.on(p.dlci, dlcs, |dlc| {
                    dlc.replies |= Replies::PN;
                    true
                });
            }
            Some(_) => return false,
        }
        let valid = p.frame_size >= MIN_FRAME_SIZE;
        let index = if valid { found.or_else(|| self.allot(p.dlci, dlcs)) } else { None };
        let Some(index) = index else {
            if let Some(index) = found {
                dlcs.with(index, |dlc| dlc.finish(EndReason::Peer));
            }
            self.dm |= p.dlci.bit();
            return true;
        };
        let credit_based = p.convergence == CREDITS_REQUESTED && self.credit_based != Some(false);
        self.credit_based = self.credit_based.or(Some(credit_based));
        dlcs.with(index, |dlc| {
            let frame_size = p.frame_size.min(self.frame_size_for(dlc.rx.capacity()));
            let credits = if credit_based { p.credits.into() } else { 0 };
            dlc.flow = Flow { frame_size, most: frame_size, credit_based, granted: 0, credits };
            dlc.flow.grant_initial(&dlc.rx);
            dlc.priority = p.priority;
            dlc.state = State::Negotiated;
            dlc.replies |= Replies::PN;
            dlc.deadline = Some(now + CONNECT_TIMEOUT);
        });
        true
    }

    fn handle_test(&mut self, octets: &[u8]) -> bool {
        let fits = octets.len().saturating_add(2) <= self.frame_size.into();
        let place = self.test.get_mut(..octets.len()).filter(|_| fits && self.test_len.is_none());
        let Some(place) = place else { return false };
        place.copy_from_slice(octets);
        self.test_len = u8::try_from(octets.len()).ok();
        true
    }

    fn handle_port(
        &mut self,
        dlci: Dlci,
        port: Option<(PortSettings, Mask)>,
        dlcs: &mut Dlcs,
    ) -> bool {
        // The peer may negotiate the port before it opens the DLC. [RFCOMM 1.2] 5.5.1
        if dlcs.find(self.id, dlci).is_none() && self.serves(dlci, dlcs) {
            let is_free = self.reply.is_none();
            let mut settings = PortSettings::INITIAL;
            let accepted = port.map_or(ALL, |(new, mask)| settings.apply(new, mask));
            self.reply = self.reply.or(Some(Reply::Port(dlci, settings, accepted)));
            return is_free;
        }
        self.on(dlci, dlcs, |dlc| dlc.handle_port(port))
    }

    /// Handles a response; false if no command waits for it.
    fn handle_response(&mut self, message: Message<'_>, dlcs: &mut Dlcs) -> bool {
        let mut on = |dlci: Dlci, change: &dyn Fn(&mut Dlc) -> bool| {
            dlcs.find(self.id, dlci).is_some_and(|index| dlcs.with(index, change))
        };
        match message {
            Message::Parameters(p) => self.handle_accepted(p, dlcs),
            Message::Test(octets) => self.answered(
                |request| matches!(request, Request::Test(sent) if octets == sent.as_slice()),
            ),
            Message::FlowOn => self.answered(|request| request == Request::Flow(true)),
            Message::FlowOff => self.answered(|request| request == Request::Flow(false)),
            Message::Modem(dlci, ..) => on(dlci, &|dlc| dlc.modem.acknowledge()),
            Message::Port(dlci, port) => on(dlci, &|dlc| dlc.handle_port_answer(port)),
            Message::Line(dlci, _) => on(dlci, &Dlc::handle_line_answer),
            Message::NotSupported(kind) => self.handle_not_supported(kind, dlcs),
            Message::Unknown(_) => false,
        }
    }

    fn answered(&mut self, is: impl Fn(Request) -> bool) -> bool {
        let answered = self.request.is_some_and(|(request, sent)| sent.is_some() && is(request));
        if answered {
            self.request = None;
        }
        answered
    }

    fn handle_accepted(&mut self, p: Parameters, dlcs: &mut Dlcs) -> bool {
        let Some(index) = dlcs.find(self.id, p.dlci) else { return false };
        let (mut expected, mut credit_based) = (false, false);
        dlcs.with(index, |dlc| {
            expected = dlc.step == Step::Negotiating;
            credit_based = dlc.flow.credit_based
                && matches!(p.convergence, CREDITS_ACCEPTED | CREDITS_REQUESTED);
            if expected {
                dlc.handle_accepted(p, credit_based);
            }
        });
        if expected && p.frame_size < MIN_FRAME_SIZE {
            dlcs.counters.violations.count();
        } else if expected {
            self.credit_based = self.credit_based.or(Some(credit_based));
        }
        expected
    }

    /// Handles the answer of a peer that does not know the type of our command.
    fn handle_not_supported(&mut self, kind: u8, dlcs: &mut Dlcs) -> bool {
        let flow = Flow { credit_based: false, ..self.default_flow() };
        let mut answered = false;
        match MessageType(kind & !MessageType::COMMAND) {
            MessageType::TEST => return self.answered(|r| matches!(r, Request::Test(_))),
            MessageType::FCON => return self.answered(|r| r == Request::Flow(true)),
            MessageType::FCOFF => return self.answered(|r| r == Request::Flow(false)),
            MessageType::PN => dlcs.each(self.id, |dlc| {
                if dlc.step == Step::Negotiating {
                    (dlc.flow, dlc.step, answered) = (flow, Step::Connect, true);
                }
            }),
            MessageType::MSC => dlcs.each(self.id, |dlc| answered |= dlc.modem.acknowledge()),
            MessageType::RPN => dlcs.each(self.id, |dlc| {
                if dlc.port.answer(|command| matches!(command, Command::Port(_))) {
                    dlc.changes |= Changes::PORT;
                    answered = true;
                }
            }),
            MessageType::RLS => dlcs.each(self.id, |dlc| {
                answered |= dlc.handle_line_answer();
            }),
            _ => {}
        }
        answered
    }
}

impl Dlc {
    fn handle_modem(&mut self, status: ModemStatus, signal: Option<Break>) -> bool {
        if !self.is_flowing() {
            return false;
        }
        self.modem.receive(status, signal);
        self.replies |= Replies::MSC;
        self.changes |= Changes::MODEM;
        true
    }

    fn handle_line(&mut self, status: LineStatus) -> bool {
        if !self.is_flowing() {
            return false;
        }
        (self.port.peer_line, self.port.new_line) = (status, Some(status));
        self.replies |= Replies::RLS;
        self.changes |= Changes::LINE;
        true
    }

    fn handle_line_answer(&mut self) -> bool {
        let answered = self.port.answer(|command| matches!(command, Command::Line(_)));
        if answered {
            self.changes |= Changes::REPORTED;
        }
        answered
    }

    fn handle_port(&mut self, port: Option<(PortSettings, Mask)>) -> bool {
        let may = self.is_flowing() || matches!(self.state, State::Negotiated | State::Requested);
        if !may {
            return false;
        }
        self.replies |= Replies::RPN;
        self.port.accepted = ALL;
        if let Some((new, mask)) = port {
            self.port.accepted = self.port.settings.apply(new, mask);
            self.changes |= Changes::PORT;
        }
        true
    }

    fn handle_port_answer(&mut self, port: Option<(PortSettings, Mask)>) -> bool {
        let Some((new, mask)) = port else { return false };
        let mut is_request = false;
        let command = self.port.command;
        if let Some((Command::Port(settings), _)) = command {
            is_request = settings.is_none();
        }
        let answered = self.port.answer(|command| matches!(command, Command::Port(_)));
        if answered {
            self.port.settings.apply(new, if is_request { ALL } else { mask });
            self.changes |= Changes::PORT;
        }
        answered
    }

    fn handle_accepted(&mut self, p: Parameters, credit_based: bool) {
        if p.frame_size < MIN_FRAME_SIZE {
            return self.finish(EndReason::Violation(Violation::BadParameters));
        }
        // Some stacks answer with what they can receive, although that is more than the offer.
        self.flow.frame_size = self.flow.frame_size.min(p.frame_size);
        self.flow.credit_based = credit_based;
        if credit_based {
            self.flow.credits = p.credits.into();
        } else {
            self.flow.granted = 0;
        }
        self.step = Step::Connect;
    }
}
