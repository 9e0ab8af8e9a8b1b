//! RFCOMM. [RFCOMM 1.2], [TS 07.10]

mod credits;

use std::collections::BTreeMap;

use bindrune_rfcomm::{Dlci, Frame, FrameType, Message};
use bindrune_wire::Reader;

use crate::{
    entry::{Entry, Field, Layer, Value},
    question::{Both, Question, Unanswered, other},
    reflect, words,
};
use credits::Credits;

/// One session.
#[derive(Debug, Default)]
pub(crate) struct Rfcomm {
    asked: Both<BTreeMap<u8, Question>>,
    /// Credits of each DLC whose negotiation is in the capture.
    credits: BTreeMap<u8, Credits>,
}

impl Rfcomm {
    /// Decodes a frame.
    pub(crate) fn frame(&mut self, entry: &mut Entry, octets: &[u8]) {
        let frame = match Frame::parse(octets) {
            Ok(frame) => frame,
            Err(malformed) => {
                entry.enter(Layer::Rfcomm, format!("malformed frame, {}", words::value(octets)));
                entry.put("octets", octets);
                let text = format!("{malformed}, or the FCS is wrong");
                entry.violate("RFCOMM 1.2, 5.1", text);
                return;
            }
        };
        let name = frame.kind.name().unwrap_or("frame");
        entry.enter(Layer::Rfcomm, format!("{name} DLCI {}", frame.dlci.0));
        entry.put("code", frame.kind.0);
        entry.put("name", name);
        entry.put("dlci", frame.dlci.0);
        entry.put("server_channel", frame.dlci.channel());
        entry.put("poll_final", frame.poll_final);
        if let Some(credits) = frame.credits {
            entry.put("credits", credits);
            entry.say(", ", &words::plural(credits.into(), "credit"));
        }
        if frame.kind == FrameType::UIH && frame.dlci == Dlci::CONTROL {
            self.messages(entry, frame.information);
        } else if !frame.information.is_empty() {
            entry.put("data", frame.information);
            entry.say(", ", &words::value(frame.information));
        }
        if let Some(credits) = self.credits.get_mut(&frame.dlci.0) {
            credits.count(entry, frame);
        }
        self.pair(entry, frame);
    }

    fn pair(&mut self, entry: &mut Entry, frame: Frame<'_>) {
        let sender = entry.direction;
        match frame.kind {
            FrameType::SABM | FrameType::DISC => {
                self.asked
                    .of(sender)
                    .insert(frame.dlci.0, Question::of(entry, frame.kind.0.into()));
            }
            FrameType::UA | FrameType::DM => {
                match self.asked.of(other(sender)).remove(&frame.dlci.0) {
                    Some(question) => {
                        let is_open = frame.kind == FrameType::UA
                            && question.code == u16::from(FrameType::SABM.0);
                        self.opened(frame.dlci, is_open);
                        question.answered_by(entry);
                    }
                    None if frame.kind == FrameType::UA => {
                        entry.violate(
                            "TS 07.10, 5.3",
                            format!("no SABM or DISC of DLCI {} came before", frame.dlci.0),
                        );
                    }
                    // The peer ends the connection.
                    None => self.opened(frame.dlci, false),
                }
            }
            _ => {}
        }
    }

    /// Notes the answer to a SABM or a DISC, or a DM.
    fn opened(&mut self, dlci: Dlci, is_open: bool) {
        if dlci == Dlci::CONTROL && !is_open {
            self.credits.clear();
        } else if !is_open {
            self.credits.remove(&dlci.0);
        } else if let Some(credits) = self.credits.get_mut(&dlci.0) {
            credits.open();
        }
    }

    pub(crate) fn end(self, unanswered: &mut Unanswered) {
        let pending = self.asked.into_both().into_iter().flat_map(BTreeMap::into_values);
        pending.for_each(|question| unanswered.add(question));
    }

    /// Adds the messages of the multiplexer.
    fn messages(&mut self, entry: &mut Entry, information: &[u8]) {
        let (mut r, mut list) = (Reader::new(information), Vec::new());
        while !r.is_empty() {
            let Ok((is_command, message)) = Message::read(&mut r) else {
                entry.put("octets", r.rest());
                entry.violate("TS 07.10, 5.4.6", "the frame ends inside a message");
                break;
            };
            let direction = if is_command { "command" } else { "response" };
            match message {
                Ok(message) => {
                    if let Message::Parameters(parameters) = message {
                        let credits = self.credits.entry(parameters.dlci.0).or_default();
                        credits.negotiate(entry.direction, is_command, parameters);
                    }
                    let name = message.kind().name().unwrap_or("unknown message");
                    entry.say(", ", &format!("{name} {direction}"));
                    let debug = format!("{message:?}");
                    let mut fields = reflect::fields(&debug);
                    fields.insert(0, Field { name: "message".into(), value: name.into() });
                    fields.insert(1, Field { name: "is_command".into(), value: is_command.into() });
                    list.push(Value::Group(fields));
                }
                Err(malformed) => {
                    entry.say(", ", &format!("malformed {direction}"));
                    entry.violate("TS 07.10, 5.4.6", malformed.to_string());
                }
            }
        }
        entry.put("messages", Value::List(list));
    }
}
