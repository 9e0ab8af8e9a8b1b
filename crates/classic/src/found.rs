//! Devices that answered inquiries, in memory of the caller.

use core::fmt;

use bindrune_hci::{
    BdAddress, ClassOfDevice, ScanRepetition,
    cmd::classic::EXTENDED_INQUIRY_RESPONSE_LEN,
    event::classic::{ExtendedInquiryResult, InquiryResult, InquiryResultWithRssi},
};

use crate::InquiryData;

/// One device that answered an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The device.
    pub address: BdAddress,
    /// Its class.
    pub class: ClassOfDevice,
    /// Strongest signal of the inquiry in dBm; `None` if the controller does not measure it.
    pub rssi: Option<i8>,
    /// Its data; empty if it sent none.
    pub data: InquiryData<'a>,
}

/// Memory for one device that answered an inquiry.
#[derive(Clone, Copy)]
pub struct FoundSlot {
    address: BdAddress,
    class: ClassOfDevice,
    scan_repetition: ScanRepetition,
    /// With bit 15: valid.
    clock_offset: u16,
    rssi: Option<i8>,
    len: u8,
    state: State,
    /// The older a record, the smaller.
    age: u32,
    data: [u8; EXTENDED_INQUIRY_RESPONSE_LEN],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// The caller has not taken it.
    New,
    /// The caller took it.
    Taken,
    /// From an earlier inquiry: only for connections.
    Old,
}

impl FoundSlot {
    /// Unused memory: all zeros.
    pub const EMPTY: Self = Self {
        address: BdAddress::NONE,
        class: ClassOfDevice::UNKNOWN,
        scan_repetition: ScanRepetition::R0,
        clock_offset: 0,
        rssi: None,
        len: 0,
        state: State::Free,
        age: 0,
        data: [0; EXTENDED_INQUIRY_RESPONSE_LEN],
    };
}

impl fmt::Debug for FoundSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FoundSlot({:?}, {:?})", self.address, self.state)
    }
}

/// What an inquiry result says.
pub(crate) struct Answer<'a> {
    address: BdAddress,
    class: ClassOfDevice,
    scan_repetition: ScanRepetition,
    clock_offset: u16,
    rssi: Option<i8>,
    data: &'a [u8],
}

impl<'a> Answer<'a> {
    pub(crate) const fn of(result: &InquiryResult) -> Self {
        Self {
            address: result.address,
            class: result.class,
            scan_repetition: result.scan_repetition,
            clock_offset: result.clock_offset.get(),
            rssi: None,
            data: &[],
        }
    }

    pub(crate) const fn with_rssi(result: &InquiryResultWithRssi) -> Self {
        Self {
            address: result.address,
            class: result.class,
            scan_repetition: result.scan_repetition,
            clock_offset: result.clock_offset.get(),
            rssi: Some(result.rssi),
            data: &[],
        }
    }

    pub(crate) fn extended(result: &'a ExtendedInquiryResult) -> Self {
        let len = InquiryData::new(&result.data).significant_len();
        Self {
            address: result.address,
            class: result.class,
            scan_repetition: result.scan_repetition,
            clock_offset: result.clock_offset.get(),
            rssi: Some(result.rssi),
            data: result.data.get(..len).unwrap_or_default(),
        }
    }
}

/// How a device listens for pages, as it said in an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    pub(crate) scan_repetition: ScanRepetition,
    /// With bit 15 if it is valid.
    pub(crate) clock_offset: u16,
}

impl Paging {
    /// Nothing is known: the controller pages for the slowest device.
    pub(crate) const UNKNOWN: Self = Self { scan_repetition: ScanRepetition::R2, clock_offset: 0 };
}

/// The records.
#[derive(Debug)]
pub(crate) struct Devices {
    slots: &'static mut [FoundSlot],
    age: u32,
    lost: u32,
}

impl Devices {
    pub(crate) const fn new(slots: &'static mut [FoundSlot]) -> Self {
        Self { slots, age: 0, lost: 0 }
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.slots.fill(FoundSlot::EMPTY);
        (self.age, self.lost) = (0, 0);
    }

    /// Begins another inquiry: earlier results are only kept for connections.
    pub(crate) fn begin(&mut self) {
        for slot in self.slots.iter_mut().filter(|slot| slot.state != State::Free) {
            slot.state = State::Old;
        }
        self.lost = 0;
    }

    /// Adds an answer. Returns whether its device is new in this inquiry. If a device answers again, the stronger
    /// signal and the longer data are kept; data that is new is reported.
    pub(crate) fn add(&mut self, answer: &Answer<'_>) -> bool {
        self.age = self.age.wrapping_add(1);
        let known = self
            .slots
            .iter()
            .position(|slot| slot.state != State::Free && slot.address == answer.address);
        let Some(index) = known.or_else(|| self.oldest()) else {
            self.lost = self.lost.saturating_add(1);
            return true;
        };
        let Some(slot) = self.slots.get_mut(index) else { return false };
        let is_new = known.is_none() || slot.state == State::Old;
        if is_new {
            if slot.state == State::New {
                self.lost = self.lost.saturating_add(1);
            }
            *slot = FoundSlot { address: answer.address, state: State::New, ..FoundSlot::EMPTY };
        }
        slot.age = self.age;
        slot.class = answer.class;
        slot.scan_repetition = answer.scan_repetition;
        slot.clock_offset = answer.clock_offset | VALID;
        slot.rssi = slot.rssi.max(answer.rssi);
        if answer.data.len() > slot.len.into() {
            slot.len = u8::try_from(answer.data.len()).unwrap_or_default();
            for (to, from) in slot.data.iter_mut().zip(answer.data) {
                *to = *from;
            }
            slot.state = State::New;
        }
        is_new
    }

    /// Returns the record to replace: a free one, otherwise the oldest one, those that the caller took first.
    fn oldest(&self) -> Option<usize> {
        let rank = |slot: &FoundSlot| match slot.state {
            State::Free => 0_u8,
            State::Old => 1,
            State::Taken => 2,
            State::New => 3,
        };
        let all = self.slots.iter().enumerate();
        all.min_by_key(|(_, slot)| (rank(slot), slot.age)).map(|(index, _)| index)
    }

    /// Takes the oldest result that the caller has not taken.
    pub(crate) fn next(&mut self) -> Option<Found<'_>> {
        let new = self.slots.iter_mut().filter(|slot| slot.state == State::New);
        let slot = new.min_by_key(|slot| slot.age)?;
        slot.state = State::Taken;
        Some(Found {
            address: slot.address,
            class: slot.class,
            rssi: slot.rssi,
            data: InquiryData::new(slot.data.get(..slot.len.into()).unwrap_or_default()),
        })
    }

    pub(crate) fn has_new(&self) -> bool {
        self.slots.iter().any(|slot| slot.state == State::New)
    }

    pub(crate) const fn lost(&self) -> u32 {
        self.lost
    }

    fn find(&self, address: BdAddress) -> Option<&FoundSlot> {
        self.slots.iter().find(|slot| slot.state != State::Free && slot.address == address)
    }

    /// Returns how a device listens for pages.
    pub(crate) fn paging(&self, address: BdAddress) -> Paging {
        self.find(address).map_or(Paging::UNKNOWN, |slot| Paging {
            scan_repetition: slot.scan_repetition,
            clock_offset: slot.clock_offset,
        })
    }

    pub(crate) fn class(&self, address: BdAddress) -> ClassOfDevice {
        self.find(address).map_or(ClassOfDevice::UNKNOWN, |slot| slot.class)
    }
}

/// The clock offset is valid. [Vol 4] Part E, 7.1.5
const VALID: u16 = 0x8000;

#[cfg(test)]
mod tests;
