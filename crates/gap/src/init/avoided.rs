//! Commands that a controller did not answer. Each costs a reset, so they are not sent again at once.

use bindrune_hci::{Opcode, cmd::SupportedCommands};
use bindrune_wire::time::Instant;
use embassy_time::Duration;

/// Number of commands with an entry of their own. If a controller leaves more commands without an answer, all others
/// share one more entry and are avoided together, so each loss brings the set-up closer to its end.
const PLACES: usize = 12;
/// First pause, in seconds, of a command that had been answered before; each further pause is twice as long.
const PAUSE: u64 = 60;
/// Maximum number of doublings of [`PAUSE`]: about an hour.
const DOUBLINGS: u8 = 6;

/// A command that had no answer.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The command; `None` for the entry that all other commands share.
    opcode: Option<Opcode>,
    /// How often in a row it had no answer; 0 in a free entry.
    times: u8,
    rule: Rule,
}

/// Whether a command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Sent,
    /// Not before this time.
    Paused(Instant),
    Never,
}

impl Place {
    const FREE: Self = Self { opcode: None, times: 0, rule: Rule::Sent };

    fn is_avoided(&self) -> bool {
        self.rule != Rule::Sent
    }

    const fn pause_end(&self) -> Option<Instant> {
        if let Rule::Paused(until) = self.rule { Some(until) } else { None }
    }
}

/// Record of the controller's answers.
#[derive(Debug)]
pub(crate) struct Avoided {
    /// The last entry is shared.
    places: [Place; PLACES + 1],
    /// When the first pause ends.
    next: Option<Instant>,
    /// Avoided commands that the controller claims to support.
    offered: SupportedCommands,
    /// Commands that the controller has answered.
    worked: SupportedCommands,
}

impl Avoided {
    pub(crate) const NONE: Self = Self {
        places: [Place::FREE; PLACES + 1],
        next: None,
        offered: SupportedCommands::NONE,
        worked: SupportedCommands::NONE,
    };

    /// Records that a command had no answer. A single lost answer does not mark a command as missing, unless this host
    /// sends it by itself again and again.
    pub(crate) fn unanswered(&mut self, now: Instant, opcode: Opcode, asked: bool) {
        let worked = self.worked.supports(opcode);
        let Some(place) = self.make_place(opcode) else { return };
        place.times = place.times.saturating_add(1);
        let again = place.times.saturating_sub(2).min(DOUBLINGS);
        place.rule = match (worked, place.times) {
            (true, 1) => Rule::Sent,
            (false, 1) if asked => Rule::Sent,
            (true, _) => Rule::Paused(now + Duration::from_secs(PAUSE.wrapping_shl(again.into()))),
            // The controller may not have the command at all.
            (false, _) => Rule::Never,
        };
        self.find_next();
    }

    fn find_next(&mut self) {
        self.next = self.places.iter().filter_map(Place::pause_end).min();
    }

    /// Returns the entry of a command; the last entry for commands without one.
    fn at(&self, opcode: Opcode) -> usize {
        self.places.iter().position(|place| place.opcode == Some(opcode)).unwrap_or(PLACES)
    }

    fn place_mut(&mut self, opcode: Opcode) -> Option<&mut Place> {
        let at = self.at(opcode);
        self.places.get_mut(at)
    }

    /// Returns the entry of a command, and assigns a free one if necessary.
    fn make_place(&mut self, opcode: Opcode) -> Option<&mut Place> {
        let mut at = self.at(opcode);
        if at == PLACES {
            let free = |place: &Place| place.opcode.is_none();
            at = self.places.iter().position(free).unwrap_or(PLACES);
        }
        let place = self.places.get_mut(at)?;
        if at < PLACES {
            place.opcode = Some(opcode);
        }
        Some(place)
    }

    /// Returns whether the command must not be sent now.
    pub(crate) fn avoids(&self, opcode: Opcode) -> bool {
        self.places.get(self.at(opcode)).is_some_and(Place::is_avoided)
    }

    /// Records that a request was refused: the next one may try the command once.
    pub(crate) fn forgive(&mut self, opcode: Opcode, commands: &mut SupportedCommands) {
        if let Some(place) = self.place_mut(opcode)
            && place.is_avoided()
        {
            (place.times, place.rule) = (1, Rule::Sent);
            self.offer(opcode, commands);
            self.find_next();
        }
    }

    /// Allows a command again, if the controller claims to support it.
    fn offer(&self, opcode: Opcode, commands: &mut SupportedCommands) {
        if self.offered.supports(opcode) {
            commands.insert(opcode);
        }
    }

    /// Records that a command was answered.
    pub(crate) fn answered(&mut self, opcode: Opcode) {
        self.worked.insert(opcode);
        // The answer says nothing about the other commands that share the last entry.
        let own = self.places.iter_mut().find(|place| place.opcode == Some(opcode));
        if let Some(place) = own {
            *place = Place::FREE;
            self.find_next();
        }
    }

    /// Removes the avoided commands from the supported commands.
    pub(crate) fn remove_from(&mut self, commands: &mut SupportedCommands) {
        self.offered = *commands;
        for opcode in SupportedCommands::known().filter(|opcode| self.avoids(*opcode)) {
            commands.remove(opcode);
        }
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// Allows commands again whose pause is over.
    pub(crate) fn handle_timeout(&mut self, now: Instant, commands: &mut SupportedCommands) {
        let due = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        if !due(self.next) {
            return;
        }
        for place in self.places.iter_mut().filter(|place| due(place.pause_end())) {
            place.rule = Rule::Sent;
        }
        for opcode in SupportedCommands::known().filter(|opcode| !self.avoids(*opcode)) {
            self.offer(opcode, commands);
        }
        self.find_next();
    }
}
