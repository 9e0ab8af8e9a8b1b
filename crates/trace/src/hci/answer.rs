//! Command Complete and Command Status. [Vol 4] Part E, 7.7.14 and 7.7.15

use bindrune_hci::{
    Opcode, Status,
    cmd::{Command, Failure, info, le},
    event::CommandComplete,
};

use super::{command, table};
use crate::{
    decoder::Decoder,
    entry::{Entry, Value},
    reflect, words,
};

impl Decoder {
    pub(super) fn command_complete(&mut self, entry: &mut Entry, complete: CommandComplete<'_>) {
        let CommandComplete { opcode, return_parameters, .. } = complete;
        entry.put("command", command::name(opcode));
        entry.put("command_code", opcode.0);
        if opcode == Opcode::NOP {
            entry.say(": ", "no command");
            return;
        }
        entry.say(": ", &command::name(opcode));
        if let Some(status) = complete.status() {
            entry.put("status", status_name(status));
            entry.say(", ", &status_words(status));
        }
        match table::returned(opcode, return_parameters) {
            Some(Ok(debug)) => {
                let mut fields = reflect::fields(&debug);
                fields.retain(|field| field.name != "status");
                let before = entry.summary.len();
                command::brief(entry, &fields);
                // The separator after a status is a comma.
                entry.summary = entry
                    .summary
                    .split_at_checked(before)
                    .map_or_else(String::new, |(head, tail)| {
                        format!("{head}{}", tail.replacen(": ", ", ", 1))
                    });
                command::add(entry, fields);
            }
            Some(Err(Failure::Malformed(malformed))) => {
                entry.put("return_parameters", return_parameters);
                entry.violate("Vol 4, Part E, 7", malformed.to_string());
            }
            Some(Err(Failure::Status(_))) => {}
            None => entry.put("return_parameters", return_parameters),
        }
        self.learn(opcode, return_parameters);
        self.answered(entry, opcode);
    }

    pub(super) fn command_status(&mut self, entry: &mut Entry, status: Status, opcode: Opcode) {
        entry.put("command", command::name(opcode));
        entry.put("command_code", opcode.0);
        entry.put("status", status_name(status));
        if opcode == Opcode::NOP {
            entry.say(": ", "no command");
            return;
        }
        entry.say(": ", &command::name(opcode));
        entry.say(", ", &status_words(status));
        self.answered(entry, opcode);
    }

    fn answered(&mut self, entry: &mut Entry, opcode: Opcode) {
        match self.controller.answer(opcode.0) {
            Some(question) => question.answered_by(entry),
            None if self.controller.has_commands => {
                entry.violate(
                    "Vol 4, Part E, 4.4",
                    format!("the host sent no {}", command::name(opcode)),
                );
            }
            None => {}
        }
        if opcode == Opcode::RESET && entry.field("status") == Some(&Value::from("SUCCESS")) {
            let handles: Vec<_> = self.links.keys().copied().collect();
            handles.into_iter().for_each(|handle| self.close(handle));
            (self.controller.le, self.controller.classic) = (None, None);
            self.controller.was_reset = true;
        }
    }

    /// Remembers the buffers of the controller.
    fn learn(&mut self, opcode: Opcode, octets: &[u8]) {
        if opcode == Opcode::LE_READ_BUFFER_SIZE
            && let Ok(buffers) = le::ReadBufferSize::returned(octets)
        {
            self.controller.le = Some((buffers.acl_len.get(), buffers.acl_count.into()));
        } else if opcode == <le::ReadBufferSizeV2 as Command>::OPCODE
            && let Ok(buffers) = le::ReadBufferSizeV2::returned(octets)
        {
            self.controller.le = Some((buffers.acl_len.get(), buffers.acl_count.into()));
        } else if opcode == Opcode::READ_BUFFER_SIZE
            && let Ok(buffers) = info::ReadBufferSize::returned(octets)
        {
            self.controller.classic = Some((buffers.acl_len.get(), buffers.acl_count.get()));
        }
    }
}

pub(super) fn status_name(status: Status) -> String {
    format!("{status:?}")
}

pub(super) fn status_words(status: Status) -> String {
    match status {
        Status::SUCCESS => "success".into(),
        _ => status.name().map_or_else(
            || status.to_string(),
            |name| {
                let words = words::lower(name);
                format!("{words} (0x{:02x})", status.0)
            },
        ),
    }
}
