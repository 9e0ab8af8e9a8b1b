//! Commands that a controller did not answer. Each costs a reset, so they are not sent again at once.

use bindrune_hci::{Opcode, cmd::SupportedCommands};
use embassy_time::Instant;

/// Number of commands with an entry of their own. If a controller leaves more commands without an answer, all others
/// share one more entry and are avoided together, so each loss brings the set-up closer to its end.
const PLACES: usize = 12;
/// First pause, in seconds, of a command that had been answered before; each further pause is twice as long.
const PAUSE: u32 = 60;
/// Maximum number of doublings of [`PAUSE`]: about an hour.
const DOUBLINGS: u8 = 6;
/// Instead of a time: the command may be sent, or never.
const NOW: u32 = 0;
const NEVER: u32 = u32::MAX;

/// A command that had no answer.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The command; `None` for the entry that all other commands share.
    opcode: Option<Opcode>,
    /// How often in a row it had no answer; 0 in a free entry.
    times: u8,
    /// The second before which the command is not sent.
    until: u32,
}

impl Place {
    const FREE: Self = Self { opcode: None, times: 0, until: NOW };

    const fn is_avoided(&self) -> bool {
        self.until != NOW
    }
}

/// Record of the controller's answers.
#[derive(Debug)]
pub(crate) struct Avoided {
    /// The last entry is shared.
    places: [Place; PLACES + 1],
    /// The first second at which a pause ends.
    next: u32,
    /// Avoided commands that the controller claims to support.
    offered: SupportedCommands,
    /// Commands that the controller has answered.
    worked: SupportedCommands,
}

impl Avoided {
    pub(crate) const NONE: Self = Self {
        places: [Place::FREE; PLACES + 1],
        next: NEVER,
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
        place.until = match (worked, place.times) {
            (true, 1) => NOW,
            (false, 1) if asked => NOW,
            (true, _) => second(now).saturating_add(PAUSE.wrapping_shl(again.into())),
            // The controller may not have the command at all.
            (false, _) => NEVER,
        };
        self.find_next();
    }

    fn find_next(&mut self) {
        let avoided = self.places.iter().filter(|place| place.is_avoided());
        self.next = avoided.map(|place| place.until).min().unwrap_or(NEVER);
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
            (place.times, place.until) = (1, NOW);
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

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        (self.next != NEVER).then(|| Instant::from_secs(self.next.into()))
    }

    /// Allows commands again whose pause is over.
    pub(crate) fn handle_timeout(&mut self, now: Instant, commands: &mut SupportedCommands) {
        let due = |until: u32| until != NOW && u64::from(until) <= now.as_secs();
        if !due(self.next) {
            return;
        }
        for place in self.places.iter_mut().filter(|place| due(place.until)) {
            place.until = NOW;
        }
        for opcode in SupportedCommands::known().filter(|opcode| !self.avoids(*opcode)) {
            self.offer(opcode, commands);
        }
        self.find_next();
    }
}

/// Returns the second that has begun, or begins next.
fn second(now: Instant) -> u32 {
    u32::try_from(now.as_millis().div_ceil(1000)).unwrap_or(NEVER)
}
