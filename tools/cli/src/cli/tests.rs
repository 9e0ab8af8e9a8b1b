//! The command line.

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
        "bindrune peripheral --database lamp.toml",
        "bindrune gatt tree Thermometer",
        "bindrune gatt read Thermometer Temperature",
        "bindrune shell",
        "bindrune shell Thermometer --keep-going --timeout 5 --json",
        "bindrune gatt read C4:5E:12:00:00:01/random 000b",
        "bindrune gatt write UART 6e400002-b5a3-f393-e0a9-e50e24dcca9e text:hello --no-response",
        "bindrune gatt subscribe Thermometer 2a6e --count 3",
        "bindrune peripheral --io display-yes-no --mitm --bond --yes --bond-file x",
        "bindrune peripheral --io keyboard-only --passkey 000123 --legacy",
        "bindrune pair Thermometer --io keyboard-display --mitm --yes --passkey 123456",
        "bindrune gatt read Vault 2a00 --pair --io display-yes-no --mitm --yes",
        "bindrune l2cap send peer 0x80 - --pair",
        "bindrune l2cap receive 0x80 -o - --force",
        "bindrune bonds",
        "bindrune bonds list --json --bond-file x",
        "bindrune bonds remove C4:5E:12:00:00:01/random",
        "bindrune bonds clear",
        "bindrune l2cap send peer 0x80 file",
        "bindrune l2cap receive 0x80 -o file --name x --timeout 5",
        "bindrune l2cap echo peer 0x80 --bytes 1000",
        "bindrune controller --listen tcp:6402 tcp:6403 --loss 10 --latency 1 --seed 7",
        "bindrune controller --classic --listen tcp:6402",
        "bindrune trace capture.btsnoop",
        "bindrune trace - --json --layer att,l2cap --handle 040 --peer C4:5E:12:00:00:01",
        "bindrune controller --listen tcp:6402 --baud 115200 --acl-buffers 27x4",
        "bindrune bench peer --seconds 5 --timeout 3 --pair",
        "bindrune doctor",
        "bindrune doctor /dev/ttyACM0 /dev/ttyUSB0 --json",
        "bindrune completions bash",
        "bindrune scan --passive --rssi -70 --connectable --sort name",
        "bindrune advertise --name x --uuid 180f --uuid 180a --company 0x59:0102 --interval 100",
        "bindrune advertise --data 020106 --extended --coded --non-connectable",
        "bindrune hci 0x04:0x0001",
        "bindrune hci 0x08:0x000a 01",
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
        "bindrune scan --active --passive",
        "bindrune advertise --interval 1",
        "bindrune advertise --company 59",
        "bindrune hci 0x40:1",
        "bindrune gatt read C4:5E:12:00:00 2a00",
        "bindrune controller --listen 6402",
        "bindrune controller --listen tcp:6402 --acl-buffers 8",
        "bindrune bench",
        "bindrune trace",
        "bindrune trace x --layer tcp",
        "bindrune trace x --handle f00",
    ] {
        let error = parse(words).map(drop).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{words}");
    }
}
