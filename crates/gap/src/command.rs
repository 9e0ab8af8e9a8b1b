//! Shared functions for writing commands and reading answers.

use bindrune_hci::{Opcode, Status, cmd::Command};
use bindrune_wire::Writer;
use embassy_time::Duration;

/// Delay before a failed command that undoes something is sent again.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

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

/// Converts a duration of at most 71 minutes to units of `unit` microseconds, clamped to a range.
pub(crate) fn units(duration: Duration, unit: u32, min: u32, max: u32) -> u32 {
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    micros.checked_div(unit).unwrap_or_default().clamp(min, max)
}

/// Like [`units`], for a field of two octets.
pub(crate) fn units_16(duration: Duration, unit: u32, min: u16, max: u16) -> u16 {
    u16::try_from(units(duration, unit, min.into(), max.into())).unwrap_or(max)
}
