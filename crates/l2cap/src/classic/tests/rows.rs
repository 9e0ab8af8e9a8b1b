//! Frames that a hostile or careless peer sends in each state, with the responses. [`super::hostile`] runs them.

use hex_literal::hex;

/// State of the channel 0x0040 (ours) and 0x0050 (the peer's) before the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// There is no channel.
    Idle,
    /// We requested it with identifier 1.
    Connecting,
    /// The peer requested it with identifier 1, and nothing is configured. Our request has identifier 1.
    Configuring,
    /// It is open. The peer's last request had identifier 2.
    Open,
    /// It was open, and we close it with identifier 2.
    Disconnecting,
}

/// The channel after the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Same,
    Gone,
    Open,
}

/// What the frame is; the payload of the C-frame; the payloads of our C-frames.
pub(super) type Row = (&'static str, Before, &'static [u8], &'static [&'static [u8]], After);

use After::{Gone, Same};
use Before::{Configuring, Connecting, Disconnecting, Open};

macro_rules! rows {
    ($($name:literal, $before:ident, $input:literal => [$($output:literal),*], $after:expr;)*) => {
        &[$(($name, $before, &hex!($input), &[$(&hex!($output)),*], $after)),*]
    };
}

/// Commands in general. [Vol 3] Part A, 4
pub(super) const COMMANDS: &[Row] = rows![
    "no command", Open, "" => [], Same;
    "one octet", Open, "08" => [], Same;
    "three octets", Open, "080900" => [], Same;
    "identifier 0", Open, "08000000" => [], Same;
    "identifier 0 before a request", Open, "0800000008090000" => ["09090000"], Same;
    "unknown code 0", Open, "00090000" => ["010902000000"], Same;
    "unknown code", Open, "7f09020001ff" => ["010902000000"], Same;
    "unknown codes of controllers", Open, "0c0900000e090000100a0000" =>
        ["010902000000", "010902000000", "010a02000000"], Same;
    "commands of LE", Open, "120908000600100000006400 1409 0a00 80004000640040000100" =>
        ["010902000000", "010902000000"], Same;
    "responses of LE", Open, "130902000000 16090400 40000100" => [], Same;
    "a length beyond the frame", Open, "08090500 31323334" => ["010902000000"], Same;
    "the same in a response", Open, "09090500 31323334" => [], Same;
    "a length beyond the frame, behind a request", Open, "080900000a0aff000200" =>
        ["09090000", "010a02000000"], Same;
    "two octets behind a command", Open, "08090000 0809" => ["09090000"], Same;
    "several commands", Open, "08090100aa 080a0200bbcc 0a0b02000200" =>
        ["09090100aa", "090a0200bbcc", "0b0b080002000000b8000000"], Same;
    "the same request again", Open, "08090100aa 08090100aa" =>
        ["09090100aa", "09090100aa"], Same;
];

/// Command Reject. [Vol 3] Part A, 4.1
pub(super) const REJECT: &[Row] = rows![
    "matches nothing", Open, "010902000000" => [], Same;
    "without a reason", Open, "01010000" => [], Same;
    "without a reason, of our request", Connecting, "01010000" => [], Same;
    "an unknown reason, of our request", Connecting, "010102007700" => [], Gone;
    "MTU exceeded without the MTU", Connecting, "010102000100" => [], Gone;
    "invalid CID without the CIDs", Configuring, "010102000200" => ["060204005000 4000"], Same;
    "not understood, of a configuration", Configuring, "010102000000" => ["060204005000 4000"], Same;
    "invalid CID, of a configuration", Configuring, "01010600020050000000" => [], Gone;
    "invalid CID, of the end", Disconnecting, "01020600020050004000" => [], Gone;
    "another identifier, of the end", Disconnecting, "01030600020050004000" => [], Same;
];

/// Connection Request and Response. [Vol 3] Part A, 4.2 and 4.3
pub(super) const CONNECTION: &[Row] = rows![
    "a request without CID", Open, "0209020001 10" => ["010902000000"], Same;
    "a request with more octets", Open, "0209050001 10 6000 00" => ["010902000000"], Same;
    "an even PSM", Open, "02090400 0010 6000" => ["03090800 0000 6000 0200 0000"], Same;
    "an odd second octet of the PSM", Open, "02090400 0111 6000" =>
        ["03090800 0000 6000 0200 0000"], Same;
    "PSM 0", Open, "02090400 0000 6000" => ["03090800 0000 6000 0200 0000"], Same;
    "a PSM without listener", Open, "02090400 0310 6000" => ["03090800 0000 6000 0200 0000"], Same;
    "CID 0", Open, "02090400 0110 0000" => ["03090800 0000 0000 0600 0000"], Same;
    "a fixed CID", Open, "02090400 0110 3f00" => ["03090800 0000 3f00 0600 0000"], Same;
    "a CID in use", Open, "02090400 0110 5000" => ["03090800 0000 5000 0700 0000"], Same;
    "the request of the channel again", Open, "02010400 0110 5000" =>
        ["03010800 4000 5000 0000 0000"], Same;
    "the same with another PSM", Open, "02010400 0310 5000" => ["03010800 0000 5000 0700 0000"], Same;
    "more channels than slots", Open, "02090400 0110 6000 020a0400 0110 6100" =>
        ["03 0a 0800 0000 6100 0400 0000", "03090800 4100 6000 0000 0000",
         "0402080060000000 0102a002"], Same;
    "a response that matches nothing", Open, "03090800 5000 4000 0000 0000" => [], Same;
    "a short response", Connecting, "03010600 5000 4000 0000" => [], Same;
    "a response for another CID", Connecting, "03010800 5000 4100 0000 0000" => [], Same;
    "a response with another identifier", Connecting, "03020800 5000 4000 0000 0000" => [], Same;
    "success with CID 0", Connecting, "03010800 0000 4000 0000 0000" => [], Gone;
    "success with a fixed CID", Connecting, "03010800 3f00 4000 0000 0000" => [], Gone;
    "pending with an unknown status", Connecting, "03010800 5000 4000 0100 7700" => [], Same;
    "pending, then refused", Connecting,
        "03010800 5000 4000 0100 0100 03010800 0000 4000 0300 0000" => [], Gone;
    "an unknown result", Connecting, "03010800 5000 4000 ff00 0000" => [], Gone;
    "success for an open channel", Configuring, "03010800 6000 4000 0000 0000" => [], Same;
    "success twice", Connecting, "03010800 5000 4000 0000 0000 03010800 6000 4000 0000 0000" =>
        ["040208005000 0000 0102a002"], Same;
];

/// Configuration Request. [Vol 3] Part A, 4.4 and 5
pub(super) const REQUEST: &[Row] = rows![
    "without flags", Open, "0409 0200 4000" => ["010902000000"], Same;
    "CID 0", Open, "0409 0400 0000 0000" => ["01090600 0200 0000 0000"], Same;
    "a forged CID", Open, "0409 0400 4100 0000" => ["01090600 0200 4100 0000"], Same;
    "before the connection", Connecting, "0409 0400 4000 0000" =>
        ["01090600 0200 4000 0000"], Same;
    "while the channel closes", Disconnecting, "0409 0400 4000 0000" =>
        ["01090600 0200 4000 0000"], Same;
    "reserved flags", Open, "0409 0400 4000 feff" => ["05090a00 5000 0000 0000 0102a002"], Same;
    "an option without length", Open, "0409 0500 4000 0000 01" => ["010902000000"], Same;
    "an option beyond the command", Open, "0409 0700 4000 0000 01 02 30" => ["010902000000"], Same;
    "an MTU of one octet", Open, "0409 0700 4000 0000 010130" => ["05090600 5000 0000 0200"], Same;
    "an MTU of three octets", Open, "0409 0900 4000 0000 0103300000" =>
        ["05090600 5000 0000 0200"], Same;
    "a short flush timeout", Open, "0409 0700 4000 0000 0201ff" => ["05090600 5000 0000 0200"], Same;
    "a short quality of service", Open, "0409 0700 4000 0000 030100" =>
        ["05090600 5000 0000 0200"], Same;
    "a short retransmission option", Open, "0409 0c00 4000 0000 0406 030a14000000" =>
        ["05090600 5000 0000 0200"], Same;
    "an empty check sequence", Open, "0409 0600 4000 0000 0500" => ["05090600 5000 0000 0200"], Same;
    "a short flow specification", Open, "0409 0600 4000 0000 0600" =>
        ["05090600 5000 0000 0200"], Same;
    "a short window", Open, "0409 0600 4000 0000 0700" => ["05090600 5000 0000 0200"], Same;
    "an MTU below the least", Open, "0409 0800 4000 0000 01022f00" =>
        ["05090a00 5000 0000 0100 01023000"], Same;
    "MTU 0", Configuring, "0409 0800 4000 0000 01020000" =>
        ["05090a00 5000 0000 0100 01023000"], Same;
    "a flush timeout of 0", Open, "0409 0800 4000 0000 02020000" =>
        ["05090a00 5000 0000 0100 0202ffff"], Same;
    "guaranteed service", Open,
        "0409 1c00 4000 0000 0316 00 02 00000000 00000000 00000000 00000000 00000000" =>
        ["0509 1e00 5000 0000 0100 0316 00 01 00000000 00000000 00000000 ffffffff ffffffff"], Same;
    "retransmission mode", Configuring, "0409 0f00 4000 0000 0409 01 08 05 0000 0000 0002" =>
        ["05091100 5000 0000 0100 0409 00 00 00 0000 0000 0000"], Same;
    "an unknown mode", Configuring, "0409 0f00 4000 0000 0409 77 08 05 0000 0000 0002" =>
        ["05091100 5000 0000 0100 0409 00 00 00 0000 0000 0000"], Same;
    "another mode of an open channel", Open, "0409 0f00 4000 0000 0409 03 08 05 0000 0000 0002" =>
        ["05091100 5000 0000 0100 0409 00 00 00 0000 0000 0000"], Same;
    "an unknown check sequence", Open, "0409 0700 4000 0000 0501 02" =>
        ["05090900 5000 0000 0100 0501 01"], Same;
    "an unknown option", Open, "0409 0800 4000 0000 7702aabb" =>
        ["05090a00 5000 0000 0300 7702aabb"], Same;
    "an unknown hint", Open, "0409 0800 4000 0000 f702aabb" =>
        ["05090a00 5000 0000 0000 0102a002"], Same;
    "two unknown options and a hint", Open, "0409 0c00 4000 0000 7700 f701aa 7801bb" =>
        ["05090b00 5000 0000 0300 7700 7801bb"], Same;
    "a long unknown option", Open,
        "0409 2900 4000 0000 7723 0000000000000000000000000000000000000000000000000000000000000000000000"
        => ["05090800 5000 0000 0300 7700"], Same;
    "the window of a feature that we do not have", Open, "0409 0800 4000 0000 0702ff00" =>
        ["05090a00 5000 0000 0300 0702ff00"], Same;
    "the flow specification of a feature that we do not have", Open,
        "0409 1600 4000 0000 0610 01 01 ffff ffffffff ffffffff ffffffff" =>
        ["05091800 5000 0000 0300 0610 01 01 ffff ffffffff ffffffff ffffffff"], Same;
    "an option twice", Open, "0409 0c00 4000 0000 01023000 01024000" =>
        ["05090a00 5000 0000 0000 01024000"], Same;
    "in two parts", Open, "0409 0800 4000 0100 01023000 040a 0400 4000 0000" =>
        ["05090600 5000 0100 0000", "050a0a00 5000 0000 0000 01023000"], Same;
    "unknown in the first of two parts", Open, "0409 0600 4000 0100 7700 040a 0400 4000 0000" =>
        ["05090600 5000 0100 0000", "050a0800 5000 0000 0300 7700"], Same;
    "the last request again", Open, "0402 0800 4000 0000 01029000" =>
        ["05020a00 5000 0000 0000 0102a002"], Same;
    "two requests at once", Open, "0409 0400 4000 0000 040a 0400 4000 0000" =>
        ["05090a00 5000 0000 0000 0102a002"], Same;
];

/// Configuration Response. [Vol 3] Part A, 4.5
pub(super) const RESPONSE: &[Row] = rows![
    "that matches nothing", Open, "0509 0600 4000 0000 0000" => [], Same;
    "without a result", Configuring, "0501 0400 4000 0000" => [], Same;
    "for another CID", Configuring, "0501 0600 4100 0000 0000" => [], Same;
    "with another identifier", Configuring, "0502 0600 4000 0000 0000" => [], Same;
    "pending", Configuring, "0501 0600 4000 0000 0400" => [], Same;
    "rejected", Configuring, "0501 0600 4000 0000 0200" => ["060204005000 4000"], Same;
    "an unknown result", Configuring, "0501 0600 4000 0000 7700" => ["060204005000 4000"], Same;
    "flow specification rejected", Configuring, "0501 0600 4000 0000 0500" =>
        ["060204005000 4000"], Same;
    "unknown options without any", Configuring, "0501 0600 4000 0000 0300" =>
        ["060204005000 4000"], Same;
    "unknown options that we did not send", Configuring, "0501 0700 4000 0000 0300 05" =>
        ["060204005000 4000"], Same;
    "a malformed option", Configuring, "0501 0700 4000 0000 0000 01" => ["060204005000 4000"], Same;
    "a short MTU", Configuring, "0501 0900 4000 0000 0100 010130" => ["060204005000 4000"], Same;
    "success in a mode that we did not request", Configuring,
        "0501 1100 4000 0000 0000 0409 03 08 05 0000 0000 0002" => ["060204005000 4000"], Same;
    "a smaller MTU", Configuring, "0501 0a00 4000 0000 0100 01023000" =>
        ["0402 1300 5000 0000 01023000 0409 00 00 00 0000 0000 0000"], Same;
    "an MTU below the least", Configuring, "0501 0a00 4000 0000 0100 01020000" =>
        ["0402 1300 5000 0000 0102a002 0409 00 00 00 0000 0000 0000"], Same;
    "more to come", Configuring, "0501 0600 4000 0100 0000" => ["0402 0400 5000 0000"], Same;
    "success", Configuring, "0501 0600 4000 0000 0000 0409 0400 4000 0000" =>
        ["05090a00 5000 0000 0000 0102a002"], After::Open;
];

/// Disconnection, echo and information. [Vol 3] Part A, 4.6 to 4.11
pub(super) const OTHERS: &[Row] = rows![
    "a short end", Open, "0609 0300 400050" => ["010902000000"], Same;
    "a long end", Open, "0609 0500 4000500000" => ["010902000000"], Same;
    "the end of an unknown channel", Open, "0609 0400 4100 5000" =>
        ["01090600 0200 4100 5000"], Same;
    "the end of CID 0", Open, "0609 0400 0000 0000" => ["01090600 0200 0000 0000"], Same;
    "the end of signalling", Open, "0609 0400 0100 0100" => ["01090600 0200 0100 0100"], Same;
    "the end with a forged source", Open, "0609 0400 4000 5100" => [], Same;
    "the end before the connection", Connecting, "0609 0400 4000 5000" =>
        ["01090600 0200 4000 5000"], Same;
    "the end", Open, "0609 0400 4000 5000" => ["0709 0400 4000 5000"], Gone;
    "the end twice", Open, "0609 0400 4000 5000 0609 0400 4000 5000" =>
        ["0709 0400 4000 5000", "0709 0400 4000 5000"], Gone;
    "two different ends", Open, "0609 0400 4000 5000 060a 0400 4000 5000" =>
        ["0709 0400 4000 5000", "010a0600 0200 4000 5000"], Gone;
    "the end while it closes", Disconnecting, "0609 0400 4000 5000" =>
        ["0709 0400 4000 5000"], Gone;
    "a response without request", Open, "0709 0400 5000 4000" => [], Same;
    "a short response", Disconnecting, "0702 0200 5000" => [], Same;
    "a response with swapped CIDs", Disconnecting, "0702 0400 4000 5000" => [], Same;
    "a response with another identifier", Disconnecting, "0703 0400 5000 4000" => [], Same;
    "the response", Disconnecting, "0702 0400 5000 4000" => [], Gone;
    "an echo response without request", Open, "0909 0100 00" => [], Same;
    "an empty information request", Open, "0a09 0000" => ["010902000000"], Same;
    "a long information request", Open, "0a09 0300 020000" => ["010902000000"], Same;
    "an unknown information", Open, "0a09 0200 7700" => ["0b09 0400 7700 0100"], Same;
    "the connectionless MTU", Open, "0a09 0200 0100" => ["0b09 0400 0100 0100"], Same;
    "the fixed channels", Open, "0a09 0200 0300" =>
        ["0b09 0c00 0300 0000 0200000000000000"], Same;
    "an information response without request", Open, "0b09 0800 0200 0000 b8000000" => [], Same;
    "a short information response", Open, "0b09 0200 0200" => [], Same;
];
