use super::Permission;
use crate::{
    capability::CaptureRoom,
    value::{CAPTURED_HEADER, MAX_VALUE, VALUE_HEADER},
};

/// Octets of the longest value.
const LONGEST: u16 = 512;
const _: () = assert!(LONGEST as usize == MAX_VALUE);

/// Who holds a value, how long it may be, and what a link must offer to reach it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content {
    pub(crate) holder: Holder,
    max_len: Option<u16>,
    pub(crate) fixed: bool,
    capture: CaptureRoom,
    pub(crate) read: Permission,
    pub(crate) write: Permission,
}

/// Who holds a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holder {
    /// The app is asked at each access.
    App,
    /// The host, starting from these octets.
    Host(&'static [u8]),
    /// The host, in a buffer where successive writes accumulate.
    Append,
    /// The server itself: a part of its GAP or GATT service.
    Server(BuiltIn),
}

/// Values of the always-present services that do not lie in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    Appearance,
    PreferredParameters,
    CentralAddressResolution,
    ServiceChanged,
    ClientSupportedFeatures,
    DatabaseHash,
}

impl Content {
    pub(crate) const APP: Self = Self {
        holder: Holder::App,
        max_len: None,
        fixed: false,
        capture: [0; _],
        read: Permission::OPEN,
        write: Permission::OPEN,
    };

    pub(crate) const fn held(mut self, initial: &'static [u8]) -> Self {
        self.holder = Holder::Host(initial);
        self
    }

    pub(crate) const fn appended(mut self, room: u16) -> Self {
        self.holder = Holder::Append;
        self.max_len = Some(room);
        self
    }

    /// Captures writes in a buffer of `room` octets. The host holds the value, which is empty at first unless it was
    /// given.
    pub(crate) const fn captured(mut self, room: u16) -> Self {
        if matches!(self.holder, Holder::App) {
            self.holder = Holder::Host(&[]);
            if self.max_len.is_none() {
                let longest = room.saturating_sub(CAPTURED_HEADER);
                self.max_len = Some(if longest > LONGEST { LONGEST } else { longest });
            }
        }
        self.capture = [room; _];
        self
    }

    pub(crate) const fn built_in(mut self, part: BuiltIn) -> Self {
        self.holder = Holder::Server(part);
        self
    }

    pub(crate) const fn max_len(mut self, octets: u16) -> Self {
        self.max_len = Some(octets);
        self
    }

    pub(crate) const fn permission(mut self, level: bindrune_wire::Level) -> Self {
        self.read.level = level;
        self.write.level = level;
        self
    }

    pub(crate) const fn min_key_size(mut self, octets: u8) -> Self {
        self.read.min_key_size = octets;
        self.write.min_key_size = octets;
        self
    }

    pub(crate) const fn authorize(mut self) -> Self {
        self.read.authorized = true;
        self.write.authorized = true;
        self
    }

    /// The longest value in octets: what was set, else the initial length, else the attribute protocol's limit.
    pub(crate) const fn limit(&self) -> usize {
        let set = match self.max_len {
            Some(set) => set as usize,
            None => 0,
        };
        match self.holder {
            Holder::Host(initial) if initial.len() > set => initial.len(),
            Holder::App | Holder::Append | Holder::Server(_) if set == 0 => MAX_VALUE,
            Holder::App | Holder::Host(_) | Holder::Append | Holder::Server(_) => set,
        }
    }

    /// Octets of arena that the value takes, and those of the buffer behind it for captured writes.
    pub(crate) const fn arena(&self) -> usize {
        match self.holder {
            Holder::App | Holder::Server(_) => 0,
            Holder::Append => VALUE_HEADER.saturating_add(self.limit()),
            Holder::Host(_) => {
                let captured = match self.capture_room() {
                    0 => 0,
                    room => VALUE_HEADER.saturating_add(room),
                };
                VALUE_HEADER.saturating_add(self.limit()).saturating_add(captured)
            }
        }
    }

    /// Octets of the buffer for captured writes; 0 if they are not captured.
    pub(crate) const fn capture_room(&self) -> usize {
        match self.capture.as_slice() {
            [room, ..] if matches!(self.holder, Holder::Host(_)) => *room as usize,
            _ => 0,
        }
    }

    /// False if a host-held value could grow beyond what an attribute may be.
    pub(crate) const fn is_valid(&self) -> bool {
        !matches!(self.holder, Holder::Host(_)) || self.limit() <= MAX_VALUE
    }
}
