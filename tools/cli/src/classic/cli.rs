//! The command line of `classic`.

use std::path::PathBuf;

use bindrune::{BitRate, ClassicChannelConfig, Uuid};
use clap::{Args, Subcommand, ValueEnum};

use crate::{
    cli::Pairing,
    parse::{self, Device},
    security::Io,
};

/// Bluetooth Classic (BR/EDR).
#[derive(Args, Debug)]
pub(crate) struct Classic {
    /// Accept keys of zeros, which emulated controllers such as rootcanal make; they protect nothing
    #[arg(long, global = true)]
    pub(crate) zero_keys: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what the controller can do with BR/EDR
    Info,
    /// Find devices that are discoverable
    Scan(Scan),
    /// Show the services of a device, and where to connect to them
    Services {
        #[command(flatten)]
        target: Target,
        /// Only services with this UUID
        #[arg(long, value_parser = parse::uuid)]
        uuid: Option<Uuid>,
    },
    /// Pair with a device and keep the bond
    Pair(Pair),
    /// Measure the time to a device and back, without pairing
    Ping(Ping),
    /// Send and receive bytes over L2CAP channels
    #[command(subcommand)]
    L2cap(L2cap),
    /// Use a serial port over RFCOMM
    #[command(subcommand)]
    Rfcomm(Rfcomm),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rfcomm {
    /// Send standard input to a serial port of a device, and print what it sends
    Connect {
        #[command(flatten)]
        target: Target,
        /// Server channel, 1 to 30; by default, that of the device's first Serial Port service
        #[arg(value_parser = clap::value_parser!(u8).range(1..=30))]
        channel: Option<u8>,
        /// Bit rate that the device sets at its port, if it has a real one: 2400 to 230400
        #[arg(long, value_name = "N", value_parser = bit_rate)]
        baud: Option<BitRate>,
    },
    /// Echo what devices send, until Ctrl-C
    Listen {
        /// Server channel, 1 to 30
        #[arg(default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=30))]
        channel: u8,
        /// The device name
        #[arg(long, default_value = "bindrune")]
        name: String,
    },
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Ping {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Number of echoes
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) count: u32,
    /// Bytes of each echo, up to 44, which each device takes
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u8).range(..=44))]
    pub(crate) size: u8,
    /// Time between two echoes, in seconds
    #[arg(long, default_value = "1", value_name = "N", value_parser = parse::seconds)]
    pub(crate) interval: f64,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Scan {
    /// Stop after this time; the default is Ctrl-C
    #[arg(long, value_name = "N", value_parser = parse::seconds)]
    pub(crate) seconds: Option<f64>,
    /// Only devices that are discoverable for a short time, for example after a button was pressed
    #[arg(long)]
    pub(crate) limited: bool,
}

/// The device, and the time to look for it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// AA:BB:CC:DD:EE:FF, or a name, which an inquiry finds
    pub(crate) device: Device,
    /// Time to look for the device, and time without progress of a transfer, in seconds
    #[arg(long, default_value = "20", value_name = "N", value_parser = parse::seconds)]
    pub(crate) timeout: f64,
}

#[derive(Args, Debug)]
pub(crate) struct Pair {
    #[command(flatten)]
    pub(crate) target: Target,
    /// What this side can display and enter; by default, the terminal
    #[arg(long, value_name = "CAPABILITY", value_enum)]
    pub(crate) io: Option<Io>,
    /// Require protection against a man in the middle
    #[arg(long)]
    pub(crate) mitm: bool,
    /// Answer yes to all questions; numbers are then not compared
    #[arg(long)]
    pub(crate) yes: bool,
    /// Passkey to enter, if the device displays one
    #[arg(long, value_name = "N", value_parser = parse::passkey)]
    pub(crate) passkey: Option<u32>,
    /// Also pair with an old device, by this PIN; any device in range can find it out
    #[arg(long, value_name = "N", value_parser = pin)]
    pub(crate) pin: Option<String>,
}

impl Pair {
    /// Returns what answers the questions, as for LE.
    pub(crate) const fn answers(&self) -> Pairing {
        let Self { io, mitm, yes, passkey, .. } = *self;
        Pairing { io, mitm, yes, passkey, ..Pairing::DEFAULT }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum L2cap {
    /// Send a file to a device
    Send {
        #[command(flatten)]
        target: Target,
        /// PSM that the device listens on
        #[arg(value_parser = psm)]
        psm: u16,
        /// File to send; - for standard input
        file: PathBuf,
        #[command(flatten)]
        channel: Channel,
    },
    /// Listen, and store what the first device sends, until it closes the channel
    Receive {
        /// PSM to listen on, 0x1001 or above
        #[arg(value_parser = own_psm)]
        psm: u16,
        /// File to write, which is FILE.part until it is complete; - for standard output
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Replace the file if it exists
        #[arg(long)]
        force: bool,
        /// The device name
        #[arg(long, default_value = "bindrune")]
        name: String,
        /// Time that the sender may be silent after it has opened the channel, in seconds
        #[arg(long, default_value = "30", value_name = "N", value_parser = parse::seconds)]
        timeout: f64,
        #[command(flatten)]
        channel: Channel,
    },
    /// Send bytes to a device that echoes them, and compare
    Echo {
        #[command(flatten)]
        target: Target,
        /// PSM that the device listens on
        #[arg(value_parser = psm)]
        psm: u16,
        /// Number of bytes
        #[arg(long, default_value_t = 65_536, value_name = "N")]
        bytes: u64,
        #[command(flatten)]
        channel: Channel,
    },
    /// Echo what devices send, until Ctrl-C
    Listen {
        /// PSM to listen on, 0x1001 or above
        #[arg(value_parser = own_psm)]
        psm: u16,
        /// The device name
        #[arg(long, default_value = "bindrune")]
        name: String,
        #[command(flatten)]
        channel: Channel,
    },
}

/// Parameters of a channel.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Channel {
    /// How datagrams travel; by default enhanced, or what the other side insists on
    #[arg(long, value_enum)]
    pub(crate) mode: Option<Mode>,
    /// Longest datagram to receive, in bytes: 48 to 65535
    #[arg(long, default_value_t = 4096, value_name = "N", value_parser = clap::value_parser!(u16).range(48..))]
    pub(crate) mtu: u16,
    /// Time after which data that was not acknowledged is dropped, 1 to 1279 ms; by default it is never dropped
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=1279))]
    pub(crate) packet_timeout: Option<u64>,
}

impl Channel {
    /// Returns the parameters for the host.
    pub(crate) const fn config(self) -> ClassicChannelConfig {
        let config = match self.mode {
            None => ClassicChannelConfig::ENHANCED.accept_any_mode(),
            Some(Mode::Basic) => ClassicChannelConfig::BASIC,
            Some(Mode::Enhanced) => ClassicChannelConfig::ENHANCED.require_mode(),
            Some(Mode::Streaming) => ClassicChannelConfig::STREAMING.require_mode(),
        };
        config.mtu(self.mtu)
    }
}

/// How datagrams travel. [Vol 3] Part A, 2.4
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// As they are; a slow receiver loses some
    Basic,
    /// Numbered and repeated; nothing is lost
    Enhanced,
    /// Numbered; late ones are dropped
    Streaming,
}

/// Parses a bit rate that RFCOMM has.
fn bit_rate(text: &str) -> Result<BitRate, String> {
    Ok(match text {
        "2400" => BitRate::B2400,
        "4800" => BitRate::B4800,
        "7200" => BitRate::B7200,
        "9600" => BitRate::B9600,
        "19200" => BitRate::B19200,
        "38400" => BitRate::B38400,
        "57600" => BitRate::B57600,
        "115200" => BitRate::B115200,
        "230400" => BitRate::B230400,
        _ => {
            return Err(
                "RFCOMM has 2400, 4800, 7200, 9600, 19200, 38400, 57600, 115200 and 230400".into(),
            );
        }
    })
}

/// Parses a PSM: an odd number whose upper byte is even. [Vol 3] Part A, 4.2
fn psm(text: &str) -> Result<u16, String> {
    match parse::number_16(text)? {
        psm if psm & 0x0101 == 0x0001 => Ok(psm),
        _ => {
            Err("not a PSM of BR/EDR: an odd number with an even upper byte, such as 0x1001".into())
        }
    }
}

/// Parses a PSM to listen on.
fn own_psm(text: &str) -> Result<u16, String> {
    match psm(text)? {
        0..=0x1000 => {
            Err("PSMs below 0x1001 are assigned to protocols of the specification".into())
        }
        psm => Ok(psm),
    }
}

/// Parses a PIN of an old device: 1 to 16 bytes.
fn pin(text: &str) -> Result<String, String> {
    match text.len() {
        1..=16 => Ok(text.to_owned()),
        _ => Err("a PIN has 1 to 16 characters".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::Cli;

    fn parse(words: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(words.split(' '))
    }

    #[test]
    fn the_contract_is_understood() {
        for words in [
            "bindrune classic info --json",
            "bindrune classic scan --seconds 5 --limited",
            "bindrune classic services C4:5E:12:00:00:06 --uuid 1101",
            "bindrune classic pair box --io display-yes-no --yes --mitm",
            "bindrune classic pair box --passkey 123456 --pin 0000",
            "bindrune classic l2cap send box 0x1003 file --mode basic --mtu 48",
            "bindrune classic l2cap receive 0x1005 -o file --name x --mode enhanced",
            "bindrune classic l2cap echo box 4097 --bytes 10 --mode streaming --packet-timeout 100",
            "bindrune classic l2cap listen 0x1001 --mtu 65535",
            "bindrune classic rfcomm connect box",
            "bindrune classic rfcomm connect box 3 --timeout 5 --baud 115200",
            "bindrune classic ping box --count 3 --size 44 --interval 0.1",
            "bindrune classic rfcomm listen 3 --name x",
        ] {
            assert!(parse(words).is_ok(), "{words}");
        }
    }

    #[test]
    fn what_is_wrong_is_a_usage_error() {
        for words in [
            "bindrune classic",
            "bindrune classic scan --active",
            "bindrune classic services",
            "bindrune classic pair box --pin 12345678901234567",
            "bindrune classic l2cap echo box 0x80",
            "bindrune classic l2cap echo box 0x1101",
            "bindrune classic l2cap listen 0x0003",
            "bindrune classic rfcomm connect box 31",
            "bindrune classic rfcomm connect box --baud 14400",
            "bindrune classic ping box --size 45",
            "bindrune classic ping box --count 0",
            "bindrune classic l2cap listen 0x1001 --mtu 47",
            "bindrune classic l2cap listen 0x1001 --mode retransmission",
            "bindrune classic l2cap listen 0x1001 --packet-timeout 1280",
        ] {
            let error = parse(words).map(drop).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words}");
        }
    }
}
