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

/// Converts a duration to units of `unit` microseconds. Divides in two steps of 32 bits: a division of 64 bits takes
/// much code.
pub(crate) const fn in_units(duration: Duration, unit: u16) -> u32 {
    let [a, b, c, d, e, f, 0, 0] = duration.as_micros().to_le_bytes() else { return u32::MAX };
    let [low, high] = unit.to_le_bytes();
    let unit = u32::from_le_bytes([low, high, 0, 0]);
    let (upper, rest) = divided(u32::from_le_bytes([c, d, e, f]), unit);
    let (lower, _) = divided(rest << 16 | u32::from_le_bytes([a, b, 0, 0]), unit);
    upper.saturating_mul(1 << 16).saturating_add(lower)
}

/// Returns the quotient and the rest.
const fn divided(value: u32, unit: u32) -> (u32, u32) {
    match (value.checked_div(unit), value.checked_rem(unit)) {
        (Some(whole), Some(rest)) => (whole, rest),
        _ => (u32::MAX, 0),
    }
}

/// Converts a duration to units of `unit` microseconds, clamped to a range.
pub(crate) fn units(duration: Duration, unit: u16, min: u32, max: u32) -> u32 {
    in_units(duration, unit).clamp(min, max)
}

/// Like [`units`], for a field of two octets.
pub(crate) fn units_16(duration: Duration, unit: u16, min: u16, max: u16) -> u16 {
    u16::try_from(units(duration, unit, min.into(), max.into())).unwrap_or(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_become_whole_units_within_the_range() {
        let all = |duration| units(duration, 625, 0, u32::MAX);
        for micros in [0, 1, 624, 625, 626, 65_535, 65_536, 65_625, 4_294_967_295, 4_294_967_296] {
            assert_eq!(u64::from(all(Duration::from_micros(micros))), micros / 625);
        }
        assert_eq!(all(Duration::from_secs(10_485)), 16_776_000);
        assert_eq!(all(Duration::MAX), u32::MAX);
        assert_eq!(units(Duration::from_millis(1), 625, 0x20, 0x4000), 0x20);
        assert_eq!(units(Duration::from_secs(60), 625, 0x20, 0x4000), 0x4000);
        assert_eq!(units_16(Duration::MAX, 1_250, 6, u16::MAX), u16::MAX);
    }
}
