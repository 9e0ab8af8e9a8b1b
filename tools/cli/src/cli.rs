//! The command line: all commands and options. Their code is in `commands`.

mod device;
mod shell;

use std::{env, path::PathBuf};

use bindrune::{Address, Opcode, Uuid};
use clap::{
    ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

use crate::{
    btp::cli::Btp,
    classic::cli::Classic,
    commands::{bench::cli::Bench, controller::cli::Controller, doctor::cli::Doctor, trace},
    parse::{self, Device, Value},
    transport::Transport,
};

pub(crate) use device::{Gatt, L2cap, Pair, Pairing, Read, Remote, Subscribe, Target, Write};
pub(crate) use shell::{Channel, Operation, Parameters, PhyName, Shell, ShellLine};

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

/// Variable with the controller.
pub(crate) const TRANSPORT: &str = "BINDRUNE_TRANSPORT";
/// Variable with the file of bonds.
const BOND_FILE: &str = "BINDRUNE_BOND_FILE";

impl Cli {
    /// Reads the command line. An empty variable counts as one that is not set.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let mut command = Self::command();
        for (option, variable) in [("transport", TRANSPORT), ("bond_file", BOND_FILE)] {
            if env::var_os(variable).is_some_and(|value| value.is_empty()) {
                command = command.mut_arg(option, |option| option.env(None::<&str>));
            }
        }
        Self::from_arg_matches(&command.try_get_matches()?)
    }
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Options of all commands")]
pub(crate) struct Globals {
    /// The controller
    #[arg(
        help = "The controller: sim, serial:PATH[,BAUD][,no-rtscts] or tcp-client:HOST:PORT",
        short,
        long,
        global = true,
        env = TRANSPORT,
        default_value = "sim"
    )]
    pub(crate) transport: Transport,
    /// Write all HCI traffic to a btsnoop file, for Wireshark and btmon
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
    /// File for the keys of bonded devices, instead of the user's data directory
    #[arg(long, global = true, value_name = "FILE", env = BOND_FILE)]
    pub(crate) bond_file: Option<PathBuf>,
    /// Print one JSON object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log what the host does, on stderr; -vv and -vvv log more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Of `classic`, which has this option.
    #[arg(skip)]
    pub(crate) zero_keys: bool,
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
    /// Measure goodput and latency to `bindrune peripheral` on another device, and name what limits them
    Bench(Bench),
    /// Use one connection for many operations: at a prompt, or from a script on standard input
    Shell(Shell),
    /// Use Bluetooth Classic (BR/EDR), on controllers that have it
    Classic(Classic),
    /// Advertise own data, until Ctrl-C
    Advertise(Advertise),
    /// Send one HCI command, and print the answer
    Hci(Hci),
    /// Find serial ports, and say what is attached and what to do about it
    Doctor(Doctor),
    /// Decode a capture as a readable conversation: fields, times of answers, violations
    Trace(trace::Options),
    /// Serve virtual controllers to other hosts, all on one air
    Controller(Controller),
    /// Let a tester, such as auto-pts, drive this host by the Bluetooth tester protocol
    Btp(Btp),
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
    /// Do not request scan responses, and so send nothing
    #[arg(long)]
    pub(crate) passive: bool,
    /// Request scan responses: the default
    #[arg(long, conflicts_with = "passive")]
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
    /// Only devices that are received with at least this signal strength
    #[arg(long, value_name = "DBM", allow_negative_numbers = true)]
    pub(crate) rssi: Option<i8>,
    /// Only devices that accept connections
    #[arg(long)]
    pub(crate) connectable: bool,
    /// Order of the live table
    #[arg(long, value_enum, default_value = "rssi")]
    pub(crate) sort: Sort,
}

/// Order of the live table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Strongest signal first
    Rssi,
    /// By name
    Name,
    /// Most recently received first
    Age,
}

#[derive(Args, Debug)]
pub(crate) struct Peripheral {
    /// The device name
    #[arg(long, default_value = "bindrune")]
    pub(crate) name: String,
    /// GATT table in TOML, which replaces the built-in services
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
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
pub(crate) struct Advertise {
    /// The local name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A service; several are possible
    #[arg(long, value_parser = parse::uuid)]
    pub(crate) uuid: Vec<Uuid>,
    /// Data of a manufacturer: its company identifier, a colon, and hexadecimal digits
    #[arg(long, value_name = "ID:HEX", value_parser = parse::manufacturer)]
    pub(crate) company: Option<(u16, Vec<u8>)>,
    /// More data: AD structures in hexadecimal digits, each with its length and type
    #[arg(long, value_name = "HEX")]
    pub(crate) data: Option<Value>,
    /// Use extended advertising, which carries more data
    #[arg(long)]
    pub(crate) extended: bool,
    /// Use extended advertising on the Coded PHY, which reaches farther
    #[arg(long)]
    pub(crate) coded: bool,
    /// Time between two advertisements, in milliseconds, 20 to 10240
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(20..=10_240))]
    pub(crate) interval: Option<u64>,
    /// Accept no connections
    #[arg(long)]
    pub(crate) non_connectable: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Hci {
    /// The command: OGF:OCF, such as 0x04:0x0001
    #[arg(value_name = "OGF:OCF", value_parser = parse::opcode)]
    pub(crate) opcode: Opcode,
    /// Its parameters, in hexadecimal digits
    #[arg(value_name = "HEX")]
    pub(crate) parameters: Option<Value>,
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

#[cfg(test)]
mod tests;
