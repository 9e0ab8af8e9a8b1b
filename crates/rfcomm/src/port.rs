//! The emulated serial port: modem status, line status and port settings. [TS 07.10] 5.4.6.3

use bindrune_wire::open_enum;

bitflags::bitflags! {
    /// V.24 signals of one end. [TS 07.10] 5.4.6.3.7
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct ModemStatus: u8 {
        /// Flow Control: the sender of the status cannot take data. RFCOMM sets it itself.
        const FC = 0x02;
        /// Ready To Communicate: DTR of a terminal, DSR of a modem.
        const RTC = 0x04;
        /// Ready To Receive: RTS of a terminal, CTS of a modem.
        const RTR = 0x08;
        /// Incoming Call: ring indicator.
        const IC = 0x40;
        /// Data Valid: carrier detect.
        const DV = 0x80;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ModemStatus {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "ModemStatus({=u8:#04x})", self.bits());
    }
}

impl ModemStatus {
    /// A port that is ready for data.
    pub const READY: Self = Self::RTC.union(Self::RTR).union(Self::DV);
}

/// Break signal, with its length in units of 200 ms. [TS 07.10] 5.4.6.3.7
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Break(pub(crate) u8);

impl Break {
    /// Creates a break of `length` times 200 ms, at most 15.
    #[must_use]
    pub const fn new(length: u8) -> Self {
        Self(if length > 15 { 15 } else { length })
    }

    /// Returns the length in units of 200 ms.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.0
    }
}

bitflags::bitflags! {
    /// Line status: what went wrong at the physical port. [TS 07.10] 5.4.6.3.10
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct LineStatus: u8 {
        /// One of the errors below occurred.
        const ERROR = 0x01;
        /// A character was overwritten before it was read.
        const OVERRUN = 0x02;
        /// The parity of a character was wrong.
        const PARITY = 0x04;
        /// A character did not end with a stop bit.
        const FRAMING = 0x08;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for LineStatus {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "LineStatus({=u8:#04x})", self.bits());
    }
}

open_enum! {
    /// Bit rate of a port. [TS 07.10] 5.4.6.3.9
    pub struct BitRate(u8) {
        /// 2,400 bit/s.
        B2400 = 0,
        /// 4,800 bit/s.
        B4800 = 1,
        /// 7,200 bit/s.
        B7200 = 2,
        /// 9,600 bit/s.
        B9600 = 3,
        /// 19,200 bit/s.
        B19200 = 4,
        /// 38,400 bit/s.
        B38400 = 5,
        /// 57,600 bit/s.
        B57600 = 6,
        /// 115,200 bit/s.
        B115200 = 7,
        /// 230,400 bit/s.
        B230400 = 8,
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for BitRate {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "BitRate({=u8})", self.0);
    }
}

/// Parity of a port. [TS 07.10] 5.4.6.3.9
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Parity {
    /// None.
    None,
    /// Odd.
    Odd,
    /// Even.
    Even,
    /// The bit is always 1.
    Mark,
    /// The bit is always 0.
    Space,
}

/// Settings of a port. [TS 07.10] 5.4.6.3.9
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PortSettings {
    /// Bit rate.
    pub rate: BitRate,
    /// Data bits less 5 (bits 0 and 1), 1.5 stop bits (bit 2), parity (bit 3) and its type (bits 4 and 5).
    pub format: u8,
    /// Flow control: XON/XOFF on input and output, RTR on input and output, RTC on input and output (bits 0 to 5).
    pub flow: u8,
    /// The character XON.
    pub xon: u8,
    /// The character XOFF.
    pub xoff: u8,
}

impl Default for PortSettings {
    /// Returns 9,600 bit/s, 8 data bits, 1 stop bit, no parity and no flow control: the default of TS 07.10.
    fn default() -> Self {
        Self::INITIAL
    }
}

impl PortSettings {
    /// Sets the bit rate.
    #[must_use]
    pub const fn with_rate(mut self, rate: BitRate) -> Self {
        self.rate = rate;
        self
    }

    /// Sets the number of data bits: 5 to 8; others count as the nearest of these.
    #[must_use]
    pub const fn with_data_bits(mut self, bits: u8) -> Self {
        let code = match bits {
            ..=5 => 0,
            6 => 1,
            7 => 2,
            8.. => 3,
        };
        self.format = self.format & !0x03 | code;
        self
    }

    /// Sets whether there are more stop bits than one: 1.5 with 5 data bits, otherwise 2.
    #[must_use]
    pub const fn with_more_stop_bits(mut self, more: bool) -> Self {
        self.format = self.format & !0x04 | if more { 0x04 } else { 0 };
        self
    }

    /// Sets the parity.
    #[must_use]
    pub const fn with_parity(mut self, parity: Parity) -> Self {
        let code = match parity {
            Parity::None => 0x00,
            Parity::Odd => 0x08,
            Parity::Even => 0x18,
            Parity::Mark => 0x28,
            Parity::Space => 0x38,
        };
        self.format = self.format & !0x38 | code;
        self
    }

    /// Returns the number of data bits: 5 to 8.
    #[must_use]
    pub const fn data_bits(&self) -> u8 {
        match self.format & 0x03 {
            0 => 5,
            1 => 6,
            2 => 7,
            _ => 8,
        }
    }

    /// Returns whether there are more stop bits than one.
    #[must_use]
    pub const fn has_more_stop_bits(&self) -> bool {
        self.format & 0x04 != 0
    }

    /// Returns the parity.
    #[must_use]
    pub const fn parity(&self) -> Parity {
        match self.format & 0x38 {
            0x08 => Parity::Odd,
            0x18 => Parity::Even,
            0x28 => Parity::Mark,
            0x38 => Parity::Space,
            _ => Parity::None,
        }
    }
}

/// Parameters that a request or response of Remote Port Negotiation is about: its mask.
pub(crate) type Mask = u16;

/// Every parameter.
pub(crate) const ALL: Mask = 0x3f7f;

impl PortSettings {
    pub(crate) const INITIAL: Self =
        Self { rate: BitRate::B9600, format: 0x03, flow: 0, xon: 0x11, xoff: 0x13 };

    /// Changes the parameters of `mask` to those of `new`. Returns the parameters that were accepted: all but unknown
    /// bit rates and reserved bits.
    pub(crate) fn apply(&mut self, new: Self, mask: Mask) -> Mask {
        const FORMAT: [(Mask, u8); 4] = [(0x02, 0x03), (0x04, 0x04), (0x08, 0x08), (0x10, 0x30)];
        let mut accepted = mask & ALL;
        if accepted & 0x01 != 0 && new.rate.name().is_some() {
            self.rate = new.rate;
        } else {
            accepted &= !0x01;
        }
        let bits = FORMAT.into_iter().filter(|(bit, _)| accepted & bit != 0);
        let bits = bits.fold(0, |all, (_, bits)| all | bits);
        self.format = self.format & !bits | new.format & bits;
        if accepted & 0x20 != 0 {
            self.xon = new.xon;
        }
        if accepted & 0x40 != 0 {
            self.xoff = new.xoff;
        }
        let [_, flow] = accepted.to_le_bytes();
        self.flow = self.flow & !flow | new.flow & flow;
        accepted
    }
}
