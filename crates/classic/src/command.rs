//! Shared functions for writing commands and reading answers.

use bindrune_hci::{Opcode, Status, cmd::Command};
use bindrune_wire::Writer;
use embassy_time::Duration;

/// Delay before a failed command is sent again.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

/// Time limit for the event that a command began, if the controller has its own limit of 30 s. [Vol 2] Part C, 4.1.3
pub(crate) const PROCEDURE: Duration = Duration::from_secs(35);

/// Microseconds of a slot.
pub(crate) const SLOT: u64 = 625;

/// Writes one command.
pub(crate) fn put(w: &mut Writer<'_>, command: &impl Command) -> Option<Opcode> {
    fn opcode<C: Command>(_: &C) -> Opcode {
        C::OPCODE
    }
    command.write(w).ok().map(|()| opcode(command))
}

/// Returns the status at the start of return parameters.
pub(crate) fn status_of(parameters: &[u8]) -> Status {
    parameters.first().map_or(Status::UNSPECIFIED, |&status| Status(status))
}

/// Converts a duration to units of `unit` microseconds, rounded up and clamped to a range.
pub(crate) fn units(duration: Duration, unit: u64, min: u16, max: u16) -> u16 {
    let micros = duration.as_micros().saturating_add(unit.saturating_sub(1));
    let units = micros.checked_div(unit).unwrap_or_default();
    u16::try_from(units).unwrap_or(u16::MAX).clamp(min, max)
}
