//! Commands that a controller left without an answer: each costs a reset, so they are not sent again at once.

use bindrune_hci::{Opcode, cmd::SupportedCommands};
use embassy_time::{Duration, Instant};

/// How many commands can be avoided.
const PLACES: usize = 8;
/// How long a command that had been answered before is avoided at first; each further time it is twice as long.
const PAUSE: Duration = Duration::from_secs(60);
/// Doublings of [`PAUSE`]: about an hour.
const DOUBLINGS: u8 = 6;

/// What is known about the answers of a controller.
#[derive(Debug)]
pub(super) struct Avoided {
    places: [Option<Unanswered>; PLACES],
    /// Commands that it has answered.
    worked: SupportedCommands,
}

#[derive(Clone, Copy, Debug)]
struct Unanswered {
    opcode: Opcode,
    /// How often in a row.
    times: u8,
    /// It is not sent before.
    until: Option<Instant>,
    /// The controller says that it supports it.
    offered: bool,
}

impl Avoided {
    pub(super) const NONE: Self = Self { places: [None; PLACES], worked: SupportedCommands::NONE };

    /// A command had no answer. One lost answer is no missing command, unless this host sends it by itself again and again.
    /// False where there is no place for it.
    pub(super) fn unanswered(&mut self, now: Instant, opcode: Opcode, asked: bool) -> bool {
        let known = self.places.iter().position(|p| p.is_some_and(|p| p.opcode == opcode));
        let place = known.or_else(|| self.places.iter().position(Option::is_none));
        let Some(place) = place.and_then(|place| self.places.get_mut(place)) else {
            return false;
        };
        let times = place.map_or(0, |p| p.times).saturating_add(1);
        let again = times.saturating_sub(2);
        let until = match (self.worked.supports(opcode), times) {
            (true, 1) => None,
            (false, 1) if asked => None,
            (true, _) => PAUSE
                .checked_mul(1u32.wrapping_shl(again.min(DOUBLINGS).into()))
                .and_then(|pause| now.checked_add(pause)),
            // It may not be there at all.
            (false, _) => Some(Instant::MAX),
        };
        *place = Some(Unanswered { opcode, times, until, offered: false });
        true
    }

    /// True where the command is not to be sent now.
    pub(super) fn avoids(&self, opcode: Opcode) -> bool {
        self.places.iter().flatten().any(|p| p.opcode == opcode && p.until.is_some())
    }

    /// Who requested the command was refused: the next request may try it once.
    pub(super) fn forgive(&mut self, opcode: Opcode, commands: &mut SupportedCommands) {
        for place in
            self.places.iter_mut().flatten().filter(|p| p.opcode == opcode && p.until.is_some())
        {
            (place.times, place.until) = (1, None);
            if place.offered {
                commands.insert(opcode);
            }
        }
    }

    /// A command was answered.
    pub(super) fn answered(&mut self, opcode: Opcode) {
        self.worked.insert(opcode);
        for place in &mut self.places {
            place.take_if(|p| p.opcode == opcode);
        }
    }

    /// Takes what is avoided out of what the controller says it supports.
    pub(super) fn remove_from(&mut self, commands: &mut SupportedCommands) {
        for place in self.places.iter_mut().flatten().filter(|p| p.until.is_some()) {
            place.offered = commands.supports(place.opcode);
            commands.remove(place.opcode);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.places.iter().flatten().filter_map(|p| p.until).filter(|at| *at != Instant::MAX).min()
    }

    /// Commands whose pause is over may be sent again.
    pub(super) fn handle_timeout(&mut self, now: Instant, commands: &mut SupportedCommands) {
        for place in self.places.iter_mut().flatten() {
            if place.until.take_if(|at| *at <= now).is_some() && place.offered {
                commands.insert(place.opcode);
            }
        }
    }
}
