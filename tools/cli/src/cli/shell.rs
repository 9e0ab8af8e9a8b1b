//! The shell, and its operations.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{Bonds, Pairing, Read, Scan, Subscribe, Write};
use crate::parse::{self, Attribute, Device, Value};

#[derive(Args, Debug)]
#[command(
    after_help = "Without a terminal, standard input is a script: one operation a line, as at the prompt; # begins a \
comment. The script ends at the first operation that fails, with its exit code.\n\n`help` lists the operations."
)]
pub(crate) struct Shell {
    /// Device to connect to first: AA:BB:CC:DD:EE:FF, with /public or /random if known, or a name
    pub(crate) device: Option<Device>,
    /// Time to look for a device, and time without progress of a transfer, in seconds
    #[arg(long, default_value = "10", value_name = "N", value_parser = parse::seconds)]
    pub(crate) timeout: f64,
    /// Continue a script after an operation that failed; the exit code is still that of the first one
    #[arg(long)]
    pub(crate) keep_going: bool,
}

/// A line of the shell.
#[derive(Debug, Parser)]
#[command(name = "bindrune shell", no_binary_name = true, disable_help_flag = true)]
#[command(help_template = "{subcommands}\n\n{after-help}", max_term_width = 100)]
#[command(
    after_help = "`help OPERATION` shows its options. Words with spaces are in quotes. Ctrl-C interrupts an operation."
)]
pub(crate) struct ShellLine {
    #[command(subcommand)]
    pub(crate) operation: Operation,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Operation {
    /// Connect to a device; without one, to the last one again
    Connect {
        /// AA:BB:CC:DD:EE:FF, with /public or /random if known, or a name
        device: Option<Device>,
    },
    /// Close the link
    Disconnect,
    /// Show the whole attribute database as a tree
    Tree,
    /// Read a value
    Read(Read),
    /// Write a value
    Write(Write),
    /// Show notifications and indications, while the shell accepts other operations
    Subscribe {
        #[command(flatten)]
        subscribe: Subscribe,
        /// With --count: fail if no value arrives for this time, in seconds
        #[arg(long, value_name = "N", requires = "count", value_parser = parse::seconds)]
        timeout: Option<f64>,
    },
    /// End a subscription, or all of them
    Unsubscribe {
        /// A UUID (2a6e), an assigned name (Temperature), or a handle from the tree (000b)
        #[arg(value_name = "UUID-OR-HANDLE")]
        attribute: Option<Attribute>,
    },
    /// Pair with the device and keep the bond
    Pair(Pairing),
    /// Use a credit-based channel
    #[command(subcommand)]
    Channel(Channel),
    /// Show the connection parameters, or request others
    Parameters(Parameters),
    /// Show the PHY, or request another one
    Phy {
        /// For both directions
        phy: Option<PhyName>,
    },
    /// Exchange the ATT MTU, and show it
    Mtu,
    /// Measure the signal strength
    Rssi,
    /// Find devices that advertise, for 5 s unless --seconds says otherwise
    Scan(Scan),
    /// Show the controller
    Info,
    /// List and remove bonds
    #[command(subcommand_required = false)]
    Bonds {
        #[command(subcommand)]
        command: Option<Bonds>,
    },
    /// Wait, and show what arrives
    Wait {
        /// Time in seconds
        #[arg(value_parser = parse::seconds)]
        seconds: f64,
    },
    /// Close the link, and end
    #[command(alias = "exit")]
    Quit,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Channel {
    /// Open a channel
    Open {
        /// PSM that the device listens on
        #[arg(value_parser = parse::psm)]
        psm: u16,
    },
    /// Send one SDU, or a file; what the device sends while it receives a file is dropped
    Send {
        /// Hexadecimal digits, or text:…
        #[arg(required_unless_present = "file")]
        value: Option<Value>,
        /// A file to send
        #[arg(long, conflicts_with = "value")]
        file: Option<PathBuf>,
    },
    /// Receive one SDU; with -o, everything until the device closes the channel
    Receive {
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if it exists
        #[arg(long, requires = "output")]
        force: bool,
    },
    /// Close the channel
    Close,
}

/// Requested connection parameters; what is not given stays.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Parameters {
    /// Time between two connection events in milliseconds, 7.5 to 4000
    #[arg(long, value_name = "MS", value_parser = parse::interval)]
    pub(crate) interval: Option<u16>,
    /// Connection events that the peripheral may skip, 0 to 499
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=499))]
    pub(crate) latency: Option<u16>,
    /// Silence that ends the link in milliseconds, 100 to 32000
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u16).range(100..=32_000))]
    pub(crate) timeout: Option<u16>,
}

/// A PHY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PhyName {
    #[value(name = "1m")]
    OneM,
    #[value(name = "2m")]
    TwoM,
    Coded,
}
