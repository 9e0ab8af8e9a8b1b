use bindrune_wire::{Malformed, NoRoom, Reader, Uuid, Writer};

/// A Heart Rate Measurement, without its RR-intervals. [Heart Rate Service 1.0, 3.1]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HeartRate {
    /// Heart rate in beats per minute.
    pub beats: u16,
    /// Whether the sensor touches the skin; `None` if the sensor does not support it.
    pub contact: Option<bool>,
    /// Energy expended since the last reset, in kilojoules.
    pub energy: Option<u16>,
}

/// The times between two beats, in 1/1024 s, oldest first.
#[derive(Clone, Debug)]
pub struct RrIntervals<'v>(core::slice::ChunksExact<'v, u8>);

impl Iterator for RrIntervals<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.0.next()?.first_chunk().map(|octets| u16::from_le_bytes(*octets))
    }
}

const TWO_OCTETS: u8 = 1;
const CONTACT: u8 = 1 << 1;
const CONTACT_SUPPORTED: u8 = 1 << 2;
const ENERGY: u8 = 1 << 3;
const RR_INTERVALS: u8 = 1 << 4;

impl HeartRate {
    /// The UUID of the characteristic.
    pub const UUID: Uuid = Uuid::new_16(0x2a37);

    /// Parses the octets of a measurement.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end inside a field, or continue after the last one.
    pub fn decode(octets: &[u8]) -> Result<(Self, RrIntervals<'_>), Malformed> {
        let mut r = Reader::new(octets);
        let flags = r.u8()?;
        let has = |flag| flags & flag != 0;
        let beats = if has(TWO_OCTETS) { r.u16()? } else { r.u8()?.into() };
        let contact = has(CONTACT_SUPPORTED).then_some(has(CONTACT));
        let energy = if has(ENERGY) { Some(r.u16()?) } else { None };
        let rest = r.rest();
        if !has(RR_INTERVALS) && !rest.is_empty() {
            return Err(Malformed::Trailing);
        }
        let intervals = rest.chunks_exact(2);
        if !intervals.remainder().is_empty() {
            return Err(Malformed::Truncated);
        }
        Ok((Self { beats, contact, energy }, RrIntervals(intervals)))
    }

    /// Writes the octets of a measurement with these RR-intervals, and returns them. A notification carries MTU - 3
    /// octets: at least nine intervals, or eight with the energy.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if `buffer` is too short.
    pub fn encode<'b>(
        &self,
        rr_intervals: &[u16],
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], NoRoom> {
        let small = u8::try_from(self.beats);
        let flags = [
            (TWO_OCTETS, small.is_err()),
            (CONTACT, self.contact == Some(true)),
            (CONTACT_SUPPORTED, self.contact.is_some()),
            (ENERGY, self.energy.is_some()),
            (RR_INTERVALS, !rr_intervals.is_empty()),
        ];
        let flags = flags.iter().filter(|(_, is)| *is).fold(0, |all, (flag, _)| all | flag);
        let mut w = Writer::new(&mut *buffer);
        w.u8(flags)?;
        match small {
            Ok(beats) => w.u8(beats)?,
            Err(_) => w.u16(self.beats)?,
        }
        for &number in self.energy.iter().chain(rr_intervals) {
            w.u16(number)?;
        }
        let len = w.len();
        buffer.get(..len).ok_or(NoRoom)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn measurements_of_all_shapes() {
        for (beats, contact, energy, intervals, octets) in [
            (72, None, None, &[][..], &[0x00, 72][..]),
            (300, Some(false), None, &[], &[0x05, 0x2c, 0x01]),
            (60, Some(true), Some(1000), &[], &[0x0e, 60, 0xe8, 0x03]),
            (60, None, None, &[1024, 1000], &[0x10, 60, 0x00, 0x04, 0xe8, 0x03]),
            (256, Some(true), Some(1), &[7], &[0x1f, 0x00, 0x01, 1, 0, 7, 0]),
        ] {
            let (value, mut buffer) = (HeartRate { beats, contact, energy }, [0; 20]);
            assert_eq!(value.encode(intervals, &mut buffer), Ok(octets));
            let (read, found) = HeartRate::decode(octets).unwrap();
            assert_eq!((read, found.collect::<Vec<_>>()), (value, intervals.to_vec()));
            assert_eq!(value.encode(intervals, &mut buffer[..octets.len() - 1]), Err(NoRoom));
        }
        let full = HeartRate { beats: 60, ..HeartRate::default() };
        assert_eq!(full.encode(&[1; 9], &mut [0; 20]).map(<[u8]>::len), Ok(20));
    }

    #[test]
    fn hostile_measurements() {
        for (octets, error) in [
            (&[][..], Malformed::Truncated),
            (&[0], Malformed::Truncated),
            (&[1, 60], Malformed::Truncated),
            (&[8, 60, 1], Malformed::Truncated),
            (&[0x10, 60, 1], Malformed::Truncated),
            (&[0, 60, 1], Malformed::Trailing),
        ] {
            assert_eq!(HeartRate::decode(octets).err(), Some(error), "{octets:?}");
        }
        // Reserved bits are ignored, and nothing panics.
        assert_eq!(HeartRate::decode(&[0xe0, 60]).unwrap().0.beats, 60);
        for first in 0..=u8::MAX {
            for len in 0..30 {
                let mut octets = [0x5a; 30];
                octets[0] = first;
                if let Ok((_, intervals)) = HeartRate::decode(&octets[..len]) {
                    assert!(intervals.count() <= 14);
                }
            }
        }
    }
}
