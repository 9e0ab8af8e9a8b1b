//! Commands of the multiplexer, in the information of frames on DLCI 0. [TS 07.10] 5.4.6; [RFCOMM 1.2] 5.5

use bindrune_wire::{Malformed, NoRoom, Reader, Writer, open_enum};

use crate::{
    frame::{Dlci, length},
    port::{BitRate, Break, LineStatus, Mask, ModemStatus, PortSettings},
};

open_enum! {
    /// Type of a command, with EA = 1 and C/R = 0. [TS 07.10] 5.4.6.3
    pub struct MessageType(u8) {
        /// DLC Parameter Negotiation.
        PN = 0x81,
        /// Test.
        TEST = 0x21,
        /// Flow Control On.
        FCON = 0xa1,
        /// Flow Control Off.
        FCOFF = 0x61,
        /// Modem Status Command.
        MSC = 0xe1,
        /// Non-Supported Command, a response.
        NSC = 0x11,
        /// Remote Port Negotiation.
        RPN = 0x91,
        /// Remote Line Status.
        RLS = 0x51,
    }
}

impl MessageType {
    /// C/R bit of a type octet: set in commands, from either side.
    pub(crate) const COMMAND: u8 = 0x02;
}

/// Parameters of a DLC. [RFCOMM 1.2] 5.5.3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The DLC.
    pub dlci: Dlci,
    /// Type of frames (I1 to I4); 0 for UIH.
    pub frame_type: u8,
    /// Convergence layer (CL1 to CL4): 0xF requests credit-based flow control, 0xE accepts it, 0 is without.
    pub convergence: u8,
    /// Priority, 0 to 63; 0 is the highest.
    pub priority: u8,
    /// Maximum octets of information in a frame (N1).
    pub frame_size: u16,
    /// Initial credits for the receiver of the message, 0 to 7.
    pub credits: u8,
}

/// A message on DLCI 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Parameters of a DLC.
    Parameters(Parameters),
    /// Octets to return unchanged.
    Test(&'a [u8]),
    /// The sender can take data again.
    FlowOn,
    /// The sender cannot take data.
    FlowOff,
    /// Modem status of a DLC.
    Modem(Dlci, ModemStatus, Option<Break>),
    /// Type octet of a command that the sender does not support.
    NotSupported(u8),
    /// Port settings of a DLC, and the parameters that they are about; or a request for the current settings.
    Port(Dlci, Option<(PortSettings, Mask)>),
    /// Line status of a DLC.
    Line(Dlci, LineStatus),
    /// Any other type.
    Unknown(MessageType),
}

impl<'a> Message<'a> {
    /// Reads the next message, and whether it is a command. Unknown messages are read over.
    ///
    /// # Errors
    ///
    /// [`Malformed`] in the type or length: no further message can be found. The inner error is about the value of one
    /// message; the next message can be read.
    pub fn read(r: &mut Reader<'a>) -> Result<(bool, Result<Self, Malformed>), Malformed> {
        let kind = r.u8()?;
        let len = length(r)?;
        let value = r.bytes(len)?;
        if kind & 1 == 0 {
            return Err(Malformed::Value);
        }
        let is_command = kind & MessageType::COMMAND != 0;
        let kind = MessageType(kind & !MessageType::COMMAND);
        Ok((is_command, Self::parse(kind, value)))
    }

    fn parse(kind: MessageType, value: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(value);
        let message = match kind {
            MessageType::PN => Self::Parameters(parameters(&mut r)?),
            MessageType::TEST => Self::Test(r.rest()),
            MessageType::FCON => Self::FlowOn,
            MessageType::FCOFF => Self::FlowOff,
            MessageType::MSC => modem(&mut r)?,
            MessageType::NSC => Self::NotSupported(r.u8()?),
            MessageType::RPN => port(&mut r)?,
            MessageType::RLS => {
                let dlci = dlci(&mut r)?;
                Self::Line(dlci, LineStatus::from_bits_truncate(r.u8()?))
            }
            unknown => return Ok(Self::Unknown(unknown)),
        };
        r.finish()?;
        Ok(message)
    }

    /// Returns the type of the message.
    #[must_use]
    pub const fn kind(&self) -> MessageType {
        match self {
            Self::Parameters(_) => MessageType::PN,
            Self::Test(_) => MessageType::TEST,
            Self::FlowOn => MessageType::FCON,
            Self::FlowOff => MessageType::FCOFF,
            Self::Modem(..) => MessageType::MSC,
            Self::NotSupported(_) => MessageType::NSC,
            Self::Port(..) => MessageType::RPN,
            Self::Line(..) => MessageType::RLS,
            Self::Unknown(kind) => *kind,
        }
    }

    /// Writes the message as a command or a response.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small, or the value is longer than 127 octets.
    pub fn write(&self, is_command: bool, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let command = if is_command { MessageType::COMMAND } else { 0 };
        w.u8(self.kind().0 | command)?;
        let len = u8::try_from(self.value_len()).ok().filter(|&len| len < 0x80).ok_or(NoRoom)?;
        w.u8(len << 1 | 1)?;
        match *self {
            Self::Parameters(p) => write_parameters(p, w),
            Self::Test(octets) => w.bytes(octets),
            Self::FlowOn | Self::FlowOff | Self::Unknown(_) => Ok(()),
            Self::Modem(dlci, status, signal) => {
                w.bytes(&[address(dlci), status.bits() | u8::from(signal.is_none())])?;
                signal.map_or(Ok(()), |Break(length)| w.u8(length << 4 | 0x03))
            }
            Self::NotSupported(kind) => w.u8(kind),
            Self::Port(dlci, None) => w.u8(address(dlci)),
            Self::Port(dlci, Some((settings, mask))) => {
                let PortSettings { rate, format, flow, xon, xoff } = settings;
                w.bytes(&[address(dlci), rate.0, format, flow, xon, xoff])?;
                w.u16(mask)
            }
            Self::Line(dlci, status) => w.bytes(&[address(dlci), status.bits()]),
        }
    }

    /// Returns the length of the message, with its type and length octets.
    pub(crate) const fn len(&self) -> usize {
        self.value_len().saturating_add(2)
    }

    const fn value_len(&self) -> usize {
        match self {
            Self::Parameters(_) | Self::Port(_, Some(_)) => 8,
            Self::Test(octets) => octets.len(),
            Self::FlowOn | Self::FlowOff | Self::Unknown(_) => 0,
            Self::Modem(_, _, Some(_)) => 3,
            Self::Modem(_, _, None) | Self::Line(..) => 2,
            Self::NotSupported(_) | Self::Port(_, None) => 1,
        }
    }
}

/// Returns a DLCI as the first octet of a value: EA and C/R are 1.
const fn address(dlci: Dlci) -> u8 {
    dlci.0 << 2 | 0x03
}

fn dlci(r: &mut Reader<'_>) -> Result<Dlci, Malformed> {
    let octet = r.u8()?;
    let dlci = Dlci(octet >> 2);
    if octet & 1 == 0 || !dlci.is_server() { Err(Malformed::Value) } else { Ok(dlci) }
}

fn parameters(r: &mut Reader<'_>) -> Result<Parameters, Malformed> {
    let [dlci, layers, priority, _timer, low, high, _retransmissions, credits] = r.array()?;
    let dlci = Dlci(dlci & 0x3f);
    if !dlci.is_server() {
        return Err(Malformed::Value);
    }
    Ok(Parameters {
        dlci,
        frame_type: layers & 0x0f,
        convergence: layers >> 4,
        priority: priority & 0x3f,
        frame_size: u16::from_le_bytes([low, high]),
        credits: credits & 0x07,
    })
}

fn write_parameters(p: Parameters, w: &mut Writer<'_>) -> Result<(), NoRoom> {
    let [low, high] = p.frame_size.to_le_bytes();
    let layers = p.convergence << 4 | p.frame_type & 0x0f;
    w.bytes(&[p.dlci.0, layers, p.priority, 0, low, high, 0, p.credits])
}

fn modem<'a>(r: &mut Reader<'_>) -> Result<Message<'a>, Malformed> {
    let dlci = dlci(r)?;
    let signals = r.u8()?;
    // Some devices set EA although the break octet follows.
    let signal = if signals & 1 == 0 || !r.is_empty() { Some(r.u8()?) } else { None };
    let signal = signal.filter(|octet| octet & 0x02 != 0).map(|octet| Break(octet >> 4));
    Ok(Message::Modem(dlci, ModemStatus::from_bits_truncate(signals), signal))
}

fn port<'a>(r: &mut Reader<'_>) -> Result<Message<'a>, Malformed> {
    let dlci = dlci(r)?;
    if r.is_empty() {
        return Ok(Message::Port(dlci, None));
    }
    let [rate, format, flow, xon, xoff, low, high] = r.array()?;
    let settings = PortSettings { rate: BitRate(rate), format, flow, xon, xoff };
    Ok(Message::Port(dlci, Some((settings, u16::from_le_bytes([low, high])))))
}

#[cfg(test)]
mod tests;
