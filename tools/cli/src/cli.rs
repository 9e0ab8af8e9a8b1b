//! The command line: all commands and options. Their code is in `commands`.

use std::path::PathBuf;

use bindrune::{Address, Uuid};
use clap::{ArgAction, Args, Parser, Subcommand};

use crate::{
    classic::cli::Classic,
    parse::{self, Attribute, Device, Value},
    security::Io,
    transport::Transport,
};

/// Bluetooth LE and Classic from a terminal: scan, connect, serve, move files and test.
#[derive(Debug, Parser)]
#[command(name = "bindrune", version, about, max_term_width = 100)]
#[command(
    after_help = "Without -t, everything runs on a virtual controller with a small neighbourhood of virtual \
devices: no hardware is needed. Start with `bindrune demo`.\n\nExit codes: 0 done; 1 the peer or the operation failed; \
2 usage; 3 no controller; 4 timed out."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args, Debug)]
pub(crate) struct Globals {
    /// The controller
    #[arg(
        help = "The controller: sim, serial:PATH[,BAUD][,no-rtscts] or tcp-client:HOST:PORT",
        short,
        long,
        global = true,
        env = "BINDRUNE_TRANSPORT",
        default_value = "sim"
    )]
    pub(crate) transport: Transport,
    /// Write all HCI traffic to a btsnoop file, for Wireshark and btmon
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
    /// File for the keys of bonded devices, instead of the user's data directory
    #[arg(long, global = true, value_name = "FILE", env = "BINDRUNE_BOND_FILE")]
    pub(crate) bond_file: Option<PathBuf>,
    /// Print one JSON object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log what the host does, on stderr; -vv and -vvv log more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a tour: controller, scan, connection, GATT, notifications, pairing, 1 MiB over a channel
    Demo,
    /// Show the controller's version, features and buffers, and what this host uses of it
    Info,
    /// Find devices that advertise
    Scan(Scan),
    /// Advertise and serve many centrals at once
    Peripheral(Peripheral),
    /// Use the attributes of a device
    #[command(subcommand)]
    Gatt(Gatt),
    /// Pair with a device and keep the bond
    Pair(Pair),
    /// List and remove bonds
    #[command(subcommand_required = false)]
    Bonds {
        #[command(subcommand)]
        command: Option<Bonds>,
    },
    /// Send and receive bytes over LE credit-based channels
    #[command(subcommand)]
    L2cap(L2cap),
    /// Use Bluetooth Classic (BR/EDR), on controllers that have it
    #[command(subcommand)]
    Classic(Classic),
    /// Serve virtual controllers to other hosts, all on one air
    Controller(Controller),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Scan {
    /// Stop after this time; the default is Ctrl-C
    #[arg(long, value_name = "N", value_parser = parse::seconds)]
    pub(crate) seconds: Option<f64>,
    /// Request scan responses
    #[arg(long)]
    pub(crate) active: bool,
    /// Only devices whose name contains this, ignoring case
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only devices that advertise this service
    #[arg(long, value_parser = parse::uuid)]
    pub(crate) uuid: Option<Uuid>,
    /// Only devices with manufacturer data of this company
    #[arg(long, value_name = "ID", value_parser = parse::number_16)]
    pub(crate) company: Option<u16>,
}

#[derive(Args, Debug)]
pub(crate) struct Peripheral {
    /// The device name
    #[arg(long, default_value = "bindrune")]
    pub(crate) name: String,
    /// PSM of the channel that echoes
    #[arg(long, default_value = "0x80", value_parser = parse::psm)]
    pub(crate) psm: u16,
    /// A static random address, instead of the controller's own
    #[arg(long, value_name = "ADDR", value_parser = parse::own_address)]
    pub(crate) address: Option<Address>,
    #[command(flatten)]
    pub(crate) pairing: Pairing,
    /// Keep the keys of devices that pair
    #[arg(long)]
    pub(crate) bond: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Pair {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) pairing: Pairing,
}

/// How to pair, and how the questions are answered.
#[derive(Args, Clone, Debug)]
pub(crate) struct Pairing {
    /// What this side can display and enter; by default `pair` uses the terminal, and `peripheral` has neither
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
    /// Also allow LE legacy pairing, which any device in range can listen to
    #[arg(long)]
    pub(crate) legacy: bool,
    /// Shortest encryption key to accept, in bytes, 7 to 16
    #[arg(long, value_name = "BYTES", default_value_t = Self::DEFAULT.min_key_size, value_parser = clap::value_parser!(u8).range(7..=16))]
    pub(crate) min_key_size: u8,
}

impl Pairing {
    /// Without options on the command line.
    pub(crate) const DEFAULT: Self =
        Self { io: None, mitm: false, yes: false, passkey: None, legacy: false, min_key_size: 16 };
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bonds {
    /// List the bonds; keys are not shown
    List,
    /// Remove the bond with one device
    Remove {
        /// Identity address, as in the list
        device: Device,
    },
    /// Remove all bonds, and this device's own keys
    Clear,
}

/// The device, and the time to look for it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// AA:BB:CC:DD:EE:FF, with /public or /random if known, or a name
    pub(crate) device: Device,
    /// Time to look for the device, and time without progress of a transfer, in seconds
    #[arg(long, default_value = "10", value_name = "N", value_parser = parse::seconds)]
    pub(crate) timeout: f64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Gatt {
    /// Show the whole attribute database as a tree
    Tree {
        #[command(flatten)]
        target: Target,
    },
    /// Read a value
    Read {
        #[command(flatten)]
        target: Target,
        /// A UUID (2a6e), or a handle from the tree (000b)
        #[arg(value_name = "UUID-OR-HANDLE")]
        attribute: Attribute,
    },
    /// Write a value
    Write {
        #[command(flatten)]
        target: Target,
        /// A UUID (2a6e), or a handle from the tree (000b)
        #[arg(value_name = "UUID-OR-HANDLE")]
        attribute: Attribute,
        /// Hexadecimal digits, or text:…
        value: Value,
        /// Do not wait for the device's response
        #[arg(long)]
        no_response: bool,
    },
    /// Show notifications and indications
    Subscribe {
        #[command(flatten)]
        target: Target,
        /// A UUID (2a6e), or a handle from the tree (000b)
        #[arg(value_name = "UUID-OR-HANDLE")]
        attribute: Attribute,
        /// Stop after this many values; the default is Ctrl-C
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum L2cap {
    /// Send a file to a device
    Send {
        #[command(flatten)]
        target: Target,
        /// PSM that the device listens on
        #[arg(value_parser = parse::psm)]
        psm: u16,
        /// File to send
        file: PathBuf,
    },
    /// Advertise, and store what the first device sends, until it closes the channel
    Receive {
        /// PSM to listen on
        #[arg(value_parser = parse::psm)]
        psm: u16,
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// The device name
        #[arg(long, default_value = "bindrune")]
        name: String,
        /// Time that the sender may be silent after it has opened the channel, in seconds
        #[arg(long, default_value = "30", value_name = "N", value_parser = parse::seconds)]
        timeout: f64,
    },
    /// Send bytes to a device that echoes them, and compare
    Echo {
        #[command(flatten)]
        target: Target,
        /// PSM that the device listens on
        #[arg(value_parser = parse::psm)]
        psm: u16,
        /// Number of bytes
        #[arg(long, default_value_t = 65_536, value_name = "N")]
        bytes: u64,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Controller {
    /// Where to listen, one controller each: tcp:PORT or tcp:HOST:PORT
    #[arg(long, required = true, num_args = 1.., value_name = "tcp:PORT", value_parser = listen_address)]
    pub(crate) listen: Vec<String>,
    /// Packets that the air drops, in percent
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=99), value_name = "PERCENT")]
    pub(crate) loss: u8,
    /// Time from a command to its answer, in milliseconds
    #[arg(long, default_value_t = 0.5, value_name = "MS")]
    pub(crate) latency: f64,
    /// Seed of all random decisions
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// With BR/EDR too
    #[arg(long)]
    pub(crate) classic: bool,
}

/// Parses `tcp:PORT`, on loopback, or `tcp:HOST:PORT`.
fn listen_address(text: &str) -> Result<String, String> {
    let wrong = || "not tcp:PORT or tcp:HOST:PORT".to_owned();
    let rest = text.strip_prefix("tcp:").ok_or_else(wrong)?;
    let (host, port) = rest.rsplit_once(':').unwrap_or(("127.0.0.1", rest));
    let port: u16 = port.parse().map_err(|_| wrong())?;
    Ok(format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(words: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(words.split(' '))
    }

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_contract_is_understood() {
        for words in [
            "bindrune demo",
            "bindrune -t serial:/dev/ttyACM0 info",
            "bindrune info --json -vv --capture x.btsnoop",
            "bindrune scan --seconds 5 --active --name a --uuid 180f --company 0x59",
            "bindrune peripheral --name x --psm 0x80 --address C4:5E:12:00:00:09",
            "bindrune gatt tree Thermometer",
            "bindrune gatt read C4:5E:12:00:00:01/random 000b",
            "bindrune gatt write UART 6e400002-b5a3-f393-e0a9-e50e24dcca9e text:hello --no-response",
            "bindrune gatt subscribe Thermometer 2a6e --count 3",
            "bindrune peripheral --io display-yes-no --mitm --bond --yes --bond-file x",
            "bindrune peripheral --io keyboard-only --passkey 000123 --legacy",
            "bindrune pair Thermometer --io keyboard-display --mitm --yes --passkey 123456",
            "bindrune bonds",
            "bindrune bonds list --json --bond-file x",
            "bindrune bonds remove C4:5E:12:00:00:01/random",
            "bindrune bonds clear",
            "bindrune l2cap send peer 0x80 file",
            "bindrune l2cap receive 0x80 -o file --name x --timeout 5",
            "bindrune l2cap echo peer 0x80 --bytes 1000",
            "bindrune controller --listen tcp:6402 tcp:6403 --loss 10 --latency 1 --seed 7",
            "bindrune controller --classic --listen tcp:6402",
            "bindrune completions bash",
        ] {
            assert!(parse(words).is_ok(), "{words}");
        }
    }

    #[test]
    fn what_is_wrong_is_a_usage_error() {
        for words in [
            "bindrune",
            "bindrune fly",
            "bindrune scan --seconds no",
            "bindrune -t usb:0 info",
            "bindrune gatt read x 0000",
            "bindrune l2cap send x 0x1234 file",
            "bindrune pair",
            "bindrune pair x --io telepathy",
            "bindrune pair x --passkey 1234567",
            "bindrune bonds forget",
            "bindrune controller",
            "bindrune controller --listen 6402",
        ] {
            let error = parse(words).map(drop).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words}");
        }
    }
}
