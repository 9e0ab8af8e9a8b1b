use bindrune_wire::{NoRoom, Reader, Writer};
use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    little_endian::{U16, U32},
};

use super::Mode;
use crate::signal::pdu::exact;

const MTU: u8 = 0x01;
const FLUSH_TIMEOUT: u8 = 0x02;
const QOS: u8 = 0x03;
const RETRANSMISSION: u8 = 0x04;
const FCS: u8 = 0x05;
const FLOW_SPEC: u8 = 0x06;
const WINDOW: u8 = 0x07;

/// Bit of an option's type: a receiver that does not know the option skips it. [Vol 3] Part A, 5
const HINT: u8 = 0x80;

/// Quality of service. [Vol 3] Part A, 5.3
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Qos {
    /// Reserved.
    pub flags: u8,
    /// 0 no traffic, 1 best effort, 2 guaranteed.
    pub service: u8,
    /// Octets in 1 s.
    pub token_rate: U32,
    /// Octets in one burst.
    pub bucket: U32,
    /// Octets in 1 s, in a burst.
    pub peak: U32,
    /// Longest delay in microseconds.
    pub latency: U32,
    /// Difference between the longest and the shortest delay in microseconds.
    pub variation: U32,
}

impl Qos {
    /// Best effort without numbers, the default.
    pub const BEST_EFFORT: Self = Self {
        flags: 0,
        service: 1,
        token_rate: U32::ZERO,
        bucket: U32::ZERO,
        peak: U32::ZERO,
        latency: U32::MAX_VALUE,
        variation: U32::MAX_VALUE,
    };
}

/// Retransmission and flow control. [Vol 3] Part A, 5.4
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Retransmission {
    /// The mode.
    pub mode: Mode,
    /// I-frames that the sender of a request receives without an acknowledgement.
    pub tx_window: u8,
    /// Transmissions of one I-frame; 0 is no limit.
    pub max_transmit: u8,
    /// Retransmission timeout in milliseconds; 0 in a request.
    pub retransmission_timeout: U16,
    /// Monitor timeout in milliseconds; 0 in a request.
    pub monitor_timeout: U16,
    /// Longest information payload of a frame that the sender of a request receives, in octets.
    pub mps: U16,
}

impl Retransmission {
    /// Basic mode; all other fields are 0.
    pub const BASIC: Self = Self {
        mode: Mode::BASIC,
        tx_window: 0,
        max_transmit: 0,
        retransmission_timeout: U16::ZERO,
        monitor_timeout: U16::ZERO,
        mps: U16::ZERO,
    };
}

/// Extended flow specification. [Vol 3] Part A, 5.6
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct FlowSpec {
    /// Identifier.
    pub identifier: u8,
    /// 0 no traffic, 1 best effort, 2 guaranteed.
    pub service: u8,
    /// Longest SDU in octets.
    pub sdu: U16,
    /// Time between two SDUs in microseconds.
    pub interval: U32,
    /// Access latency in microseconds.
    pub latency: U32,
    /// Flush timeout in microseconds.
    pub flush_timeout: U32,
}

/// Options of a configuration command; `None` for those that are absent. [Vol 3] Part A, 5
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Longest SDU that the sender of a request receives, in octets.
    pub mtu: Option<u16>,
    /// Time after which the sender of a request drops data, in milliseconds; 0xFFFF for never.
    pub flush_timeout: Option<u16>,
    /// Quality of service of the sender of a request.
    pub qos: Option<Qos>,
    /// Retransmission and flow control.
    pub retransmission: Option<Retransmission>,
    /// 0 for no frame check sequence, 1 for one of 16 bits.
    pub fcs: Option<u8>,
    /// Extended flow specification.
    pub flow_spec: Option<FlowSpec>,
    /// Window of more than 63 frames, with extended control fields.
    pub window: Option<u16>,
}

/// Reason why options cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BadOptions {
    /// An option is longer than the rest of the command.
    Truncated,
    /// A known option has another length than its definition.
    Length,
}

/// Options that are not known, each whole, as many as fit in a response.
#[derive(Clone, Copy, Debug)]
pub struct Rejected {
    octets: [u8; Self::MAX],
    len: u8,
}

impl Rejected {
    const MAX: usize = 32;

    /// No option.
    pub const NONE: Self = Self { octets: [0; Self::MAX], len: 0 };

    /// Returns whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the options as they were received.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Adds an option. If a value is longer than the space, the option is left out, or has an empty value if it is the
    /// first one.
    fn add(&mut self, kind: u8, value: &[u8]) {
        let start = usize::from(self.len);
        let mut w = Writer::new(self.octets.get_mut(start..).unwrap_or_default());
        if option(kind, value, &mut w).is_err() && start == 0 {
            let _fits = option(kind, &[], &mut w);
        }
        let len = start.saturating_add(w.len());
        self.len = u8::try_from(len).unwrap_or(self.len);
    }
}

impl Options {
    /// Adds the options in `octets` to those that are present; if an option occurs twice, the last one counts. Options
    /// that are unknown, and those of features that this host does not have, are added to `rejected`, or skipped if
    /// they are hints.
    ///
    /// # Errors
    ///
    /// [`BadOptions`] if an option is malformed; then the rest was not read.
    pub fn read(&mut self, octets: &[u8], rejected: &mut Rejected) -> Result<(), BadOptions> {
        let mut r = Reader::new(octets);
        while !r.is_empty() {
            let kind = r.u8().map_err(|_| BadOptions::Truncated)?;
            let len = r.u8().map_err(|_| BadOptions::Truncated)?;
            let value = r.bytes(len.into()).map_err(|_| BadOptions::Truncated)?;
            let known = self.set(kind & !HINT, value)?;
            let supported = known && !matches!(kind, FLOW_SPEC | WINDOW);
            if !supported && kind & HINT == 0 {
                rejected.add(kind, value);
            }
        }
        Ok(())
    }

    /// Takes one option; false if it is not known.
    fn set(&mut self, kind: u8, value: &[u8]) -> Result<bool, BadOptions> {
        let r = Reader::new(value);
        match kind {
            MTU => self.mtu = Some(fixed::<U16>(r)?.get()),
            FLUSH_TIMEOUT => self.flush_timeout = Some(fixed::<U16>(r)?.get()),
            QOS => self.qos = Some(fixed(r)?),
            RETRANSMISSION => self.retransmission = Some(fixed(r)?),
            FCS => self.fcs = Some(fixed(r)?),
            FLOW_SPEC => self.flow_spec = Some(fixed(r)?),
            WINDOW => self.window = Some(fixed::<U16>(r)?.get()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Writes the options that are present.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; the options that fit are written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        if let Some(mtu) = self.mtu {
            option(MTU, &mtu.to_le_bytes(), w)?;
        }
        if let Some(timeout) = self.flush_timeout {
            option(FLUSH_TIMEOUT, &timeout.to_le_bytes(), w)?;
        }
        if let Some(qos) = &self.qos {
            option(QOS, qos.as_bytes(), w)?;
        }
        if let Some(retransmission) = &self.retransmission {
            option(RETRANSMISSION, retransmission.as_bytes(), w)?;
        }
        if let Some(fcs) = self.fcs {
            option(FCS, &[fcs], w)?;
        }
        if let Some(spec) = &self.flow_spec {
            option(FLOW_SPEC, spec.as_bytes(), w)?;
        }
        if let Some(window) = self.window {
            option(WINDOW, &window.to_le_bytes(), w)?;
        }
        Ok(())
    }
}

fn fixed<T>(r: Reader<'_>) -> Result<T, BadOptions>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned + Copy + 'static,
{
    exact(r).ok_or(BadOptions::Length)
}

fn option(kind: u8, value: &[u8], w: &mut Writer<'_>) -> Result<(), NoRoom> {
    let start = w.len();
    let len = u8::try_from(value.len()).map_err(|_| NoRoom)?;
    let written = w.bytes(&[kind, len]).and_then(|()| w.bytes(value));
    if written.is_err() {
        w.truncate(start);
    }
    written
}
