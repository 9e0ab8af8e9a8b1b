//! Commands that a controller left without an answer: each costs a reset, so they are not sent again at once.

use bindrune_hci::{Opcode, cmd::SupportedCommands};
use embassy_time::Instant;

/// One for each command with a bit, and one that the others share.
const PLACES: usize = SupportedCommands::KNOWN + 1;
/// How long a command that had been answered before is avoided at first; each further time it is twice as long.
const PAUSE: u32 = 60;
/// Doublings of [`PAUSE`]: about an hour.
const DOUBLINGS: u8 = 6;
/// In place of a time: the command may be sent, or never.
const NOW: u32 = 0;
const NEVER: u32 = u32::MAX;

/// What is known about the answers of a controller.
#[derive(Debug)]
pub(super) struct Avoided {
    /// How often in a row a command had no answer.
    times: [u8; PLACES],
    /// The second before which it is not sent.
    until: [u32; PLACES],
    /// The first second at which a pause is over.
    next: u32,
    /// Of those that are avoided, what the controller says that it supports.
    offered: SupportedCommands,
    /// Commands that it has answered.
    worked: SupportedCommands,
}

impl Avoided {
    pub(super) const NONE: Self = Self {
        times: [0; PLACES],
        until: [NOW; PLACES],
        next: NEVER,
        offered: SupportedCommands::NONE,
        worked: SupportedCommands::NONE,
    };

    /// A command had no answer. One lost answer is no missing command, unless this host sends it by itself again and again.
    pub(super) fn unanswered(&mut self, now: Instant, opcode: Opcode, asked: bool) {
        let worked = self.worked.supports(opcode);
        let Some((times, until)) = self.place_mut(opcode) else { return };
        *times = times.saturating_add(1);
        let again = times.saturating_sub(2).min(DOUBLINGS);
        *until = match (worked, *times) {
            (true, 1) => NOW,
            (false, 1) if asked => NOW,
            (true, _) => second(now).saturating_add(PAUSE.wrapping_shl(again.into())),
            // It may not be there at all.
            (false, _) => NEVER,
        };
        self.find_next();
    }

    fn find_next(&mut self) {
        self.next = self.until.iter().copied().filter(|&until| until != NOW).min().unwrap_or(NEVER);
    }

    fn place_mut(&mut self, opcode: Opcode) -> Option<(&mut u8, &mut u32)> {
        let place = place(opcode);
        self.times.get_mut(place).zip(self.until.get_mut(place))
    }

    /// True where the command is not to be sent now.
    pub(super) fn avoids(&self, opcode: Opcode) -> bool {
        self.until.get(place(opcode)).is_some_and(|until| *until != NOW)
    }

    /// The request was refused: the next one may try the command once.
    pub(super) fn forgive(&mut self, opcode: Opcode, commands: &mut SupportedCommands) {
        if let Some((times, until)) = self.place_mut(opcode)
            && *until != NOW
        {
            (*times, *until) = (1, NOW);
            self.offer(opcode, commands);
            self.find_next();
        }
    }

    /// The command may be sent again, where the controller says that it supports it.
    fn offer(&self, opcode: Opcode, commands: &mut SupportedCommands) {
        if self.offered.supports(opcode) {
            commands.insert(opcode);
        }
    }

    /// A command was answered.
    pub(super) fn answered(&mut self, opcode: Opcode) {
        self.worked.insert(opcode);
        if let Some((times, until)) = self.place_mut(opcode)
            && *times != 0
        {
            (*times, *until) = (0, NOW);
            self.find_next();
        }
    }

    /// Takes what is avoided out of what the controller says it supports.
    pub(super) fn remove_from(&mut self, commands: &mut SupportedCommands) {
        self.offered = *commands;
        for opcode in SupportedCommands::known().filter(|opcode| self.avoids(*opcode)) {
            commands.remove(opcode);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        (self.next != NEVER).then(|| Instant::from_secs(self.next.into()))
    }

    /// Commands whose pause is over may be sent again.
    pub(super) fn handle_timeout(&mut self, now: Instant, commands: &mut SupportedCommands) {
        let due = |until: u32| until != NOW && u64::from(until) <= now.as_secs();
        if !due(self.next) {
            return;
        }
        for opcode in SupportedCommands::known() {
            if let Some((_, until)) = self.place_mut(opcode)
                && due(*until)
            {
                *until = NOW;
                self.offer(opcode, commands);
            }
        }
        if let Some(shared) = self.until.last_mut().filter(|until| due(**until)) {
            *shared = NOW;
        }
        self.find_next();
    }
}

fn place(opcode: Opcode) -> usize {
    SupportedCommands::place(opcode).unwrap_or(SupportedCommands::KNOWN)
}

/// The second that has begun, or begins next.
fn second(now: Instant) -> u32 {
    u32::try_from(now.as_millis().div_ceil(1000)).unwrap_or(NEVER)
}
