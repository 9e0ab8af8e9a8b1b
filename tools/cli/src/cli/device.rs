//! Options of the commands that use one device.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    parse::{self, Attribute, Device, Value},
    security::Io,
};

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

/// The device, and the time to look for it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// AA:BB:CC:DD:EE:FF, with /public or /random if known, or a name
    pub(crate) device: Device,
    /// Time to look for the device, and time without progress of a transfer, in seconds
    #[arg(long, default_value = "10", value_name = "N", value_parser = parse::seconds)]
    pub(crate) timeout: f64,
}

/// The device, and whether to pair with it first.
#[derive(Args, Clone, Debug)]
pub(crate) struct Remote {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Pair first, if the bond is not enough; every option of pairing implies this
    #[arg(long)]
    pub(crate) pair: bool,
    #[command(flatten)]
    pub(crate) pairing: Pairing,
}

impl Remote {
    /// Returns whether to pair first.
    pub(crate) const fn pairs(&self) -> bool {
        let Pairing { io, mitm, yes, passkey, legacy, min_key_size: _ } = self.pairing;
        self.pair || io.is_some() || mitm || yes || passkey.is_some() || legacy
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Gatt {
    /// Show the whole attribute database as a tree
    Tree {
        #[command(flatten)]
        remote: Remote,
    },
    /// Read a value
    Read {
        #[command(flatten)]
        remote: Remote,
        #[command(flatten)]
        read: Read,
    },
    /// Write a value
    Write {
        #[command(flatten)]
        remote: Remote,
        #[command(flatten)]
        write: Write,
    },
    /// Show notifications and indications
    Subscribe {
        #[command(flatten)]
        remote: Remote,
        #[command(flatten)]
        subscribe: Subscribe,
    },
}

/// A value to read.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Read {
    /// A UUID (2a6e), an assigned name (Temperature), or a handle from the tree (000b)
    #[arg(value_name = "UUID-OR-HANDLE")]
    pub(crate) attribute: Attribute,
}

/// A value to write.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Write {
    /// A UUID (2a6e), an assigned name (Temperature), or a handle from the tree (000b)
    #[arg(value_name = "UUID-OR-HANDLE")]
    pub(crate) attribute: Attribute,
    /// Hexadecimal digits, or text:…
    pub(crate) value: Value,
    /// Do not wait for the device's response
    #[arg(long)]
    pub(crate) no_response: bool,
}

/// Values to print as they arrive.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Subscribe {
    /// A UUID (2a6e), an assigned name (Temperature), or a handle from the tree (000b)
    #[arg(value_name = "UUID-OR-HANDLE")]
    pub(crate) attribute: Attribute,
    /// Stop after this many values; the default is Ctrl-C
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum L2cap {
    /// Send a file to a device
    Send {
        #[command(flatten)]
        remote: Remote,
        /// PSM that the device listens on
        #[arg(value_parser = parse::psm)]
        psm: u16,
        /// File to send; - for standard input
        file: PathBuf,
    },
    /// Advertise, and store what the first device sends, until it closes the channel
    Receive {
        /// PSM to listen on
        #[arg(value_parser = parse::psm)]
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
    },
    /// Send bytes to a device that echoes them, and compare
    Echo {
        #[command(flatten)]
        remote: Remote,
        /// PSM that the device listens on
        #[arg(value_parser = parse::psm)]
        psm: u16,
        /// Number of bytes
        #[arg(long, default_value_t = 65_536, value_name = "N")]
        bytes: u64,
    },
}
