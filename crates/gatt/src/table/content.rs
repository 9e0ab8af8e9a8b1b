use super::Permission;
use crate::{
    capability::CaptureRoom,
    value::{CAPTURED_HEADER, MAX_VALUE, VALUE_HEADER},
};

/// Maximum length of a value in octets.
const LONGEST: u16 = 512;
const _: () = assert!(LONGEST as usize == MAX_VALUE);

/// Holder of a value, its maximum length, and the security that access needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content {
    pub(crate) holder: Holder,
    max_len: Option<u16>,
    pub(crate) fixed: bool,
    capture: CaptureRoom,
    pub(crate) read: Permission,
    pub(crate) write: Permission,
}

/// Holder of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holder {
    /// The application, which is asked at each access.
    App,
    /// The host, starting from these octets.
    Host(&'static [u8]),
    /// The host, in a buffer in which successive writes accumulate.
    Append,
    /// The server itself: a part of its GAP or GATT service.
    Server(BuiltIn),
}

/// Values of the built-in services that do not lie in the arena.
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

    /// Captures writes in a buffer of `room` octets. The host holds the value, which is empty at first unless an
    /// initial value was given.
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

    /// Returns the maximum length of the value in octets: the one that was set, or the initial length, or the limit
    /// of ATT.
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

    /// Returns the octets of arena for the value and for the buffer with captured writes after it.
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

    /// Returns the length of the buffer for captured writes in octets; 0 if writes are not captured.
    pub(crate) const fn capture_room(&self) -> usize {
        match self.capture.as_slice() {
            [room, ..] if matches!(self.holder, Holder::Host(_)) => *room as usize,
            _ => 0,
        }
    }

    /// Returns false if a host-held value could become longer than an attribute may be.
    pub(crate) const fn is_valid(&self) -> bool {
        !matches!(self.holder, Holder::Host(_)) || self.limit() <= MAX_VALUE
    }
}
