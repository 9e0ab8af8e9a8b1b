//! Bonds of several controllers, files and addresses.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use crate::{
    air::{air, air_of},
    desk::Desk,
    run::{Run, Running, bindrune, command},
};

/// The program with its own data directory.
fn with_data(folder: &str, words: &str) -> Command {
    let mut command = command(words);
    command.env("XDG_DATA_HOME", folder);
    command
}

fn data(name: &str) -> String {
    let file = Run::bond_file(name);
    file.parent().expect("a folder").display().to_string()
}

/// An empty file, as mktemp makes it, is a new one.
#[test]
fn an_empty_bond_file_is_a_new_one() {
    let file = Run::bond_file("empty");
    fs::write(&file, b"").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
    let bonds = format!("--bond-file {}", file.display());
    assert_eq!(bindrune(&format!("bonds {bonds} --json")).success().records().len(), 0);
    bindrune(&format!("pair Vault {bonds}")).success();
    assert_eq!(bindrune(&format!("bonds {bonds} --json")).success().records().len(), 1);
}

/// Two processes with two controllers keep their bonds at once, and commands that only read need no lock.
#[test]
fn two_controllers_have_their_own_bonds() {
    let data = data("two-controllers");
    let (_air, ours, theirs) = air("--seed 27");
    let serve = format!("-t {ours} peripheral --name Lock --bond --json");
    let mut peripheral = Running::of(with_data(&data, &serve));
    peripheral.until("advertising");
    let pair = format!("-t {theirs} pair Lock --json");
    let paired = Run::of(with_data(&data, &pair), &pair).success().records();
    assert_eq!(paired.last().expect("an outcome")["bonded"], true);
    peripheral.until("disconnected");
    let list = format!("-t {ours} bonds --json");
    let bonds = Run::of(with_data(&data, &list), &list).success().records();
    let local: Vec<_> =
        bonds.iter().map(|bond| bond["local"].as_str().expect("an address")).collect();
    assert_eq!(local, ["BE:AC:01:00:00:01/public", "BE:AC:01:00:00:02/public"]);
    // A second run with bonds would need the lock of the first; reading does not.
    let read = format!("-t {theirs} gatt read Lock 6f0e0002-5a4d-4c8b-9a5e-b1d2c3a4e5f6");
    Run::of(with_data(&data, &read), &read).success();
    assert!(peripheral.until("encrypted").contains("\"bonded\":true"));
    let clear = format!("-t {theirs} bonds remove BE:AC:01:00:00:01 --json");
    Run::of(with_data(&data, &clear), &clear).success();
    assert_eq!(Run::of(with_data(&data, &list), &list).success().records().len(), 1);
}

/// Reading needs no lock, even of the same file.
#[test]
fn bonds_are_read_while_another_process_has_the_file() {
    let (_air, [lock, ours, theirs]) = air_of("--seed 28");
    let bonds = format!("--bond-file {}", Run::bond_file("reading").display());
    let theirs_bonds = Run::bond_file("reading-lock");
    let mut peripheral = Running::start(&format!(
        "-t {lock} peripheral --name Lock --bond --json --bond-file {}",
        theirs_bonds.display()
    ));
    peripheral.until("advertising");
    bindrune(&format!("-t {ours} pair Lock {bonds}")).success();
    let mut holder =
        Running::start(&format!("-t {theirs} peripheral --name Holder --bond {bonds} --json"));
    holder.until("advertising");
    let read = "gatt read Lock 6f0e0002-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
    bindrune(&format!("-t {ours} {read} {bonds}")).success();
    bindrune(&format!("bonds {bonds}")).success();
    bindrune(&format!("-t {ours} pair Lock {bonds}")).fails_with(1).says("another process");
}

/// The controller has no address: the host makes one, and keeps it.
#[test]
fn an_address_that_was_made_is_kept() {
    let data = data("made");
    let desk = Desk::nameless();
    let address = |port: &str| {
        let info = format!("-t {port} info --json");
        let info = Run::of(with_data(&data, &info), &info).success().records();
        info[0]["address"].as_str().expect("an address").to_owned()
    };
    let [a, b] = desk.ports().map(address);
    assert_ne!(a, b);
    assert_eq!(desk.ports().map(address), [a, b]);
}

/// A bond of another own address: the tree is printed, and the message names both addresses.
#[test]
fn a_bond_of_another_address_stops_no_tree() {
    let (_air, [lock, ours, other]) = air_of("--seed 29");
    let bonds = format!("--bond-file {}", Run::bond_file("other-address").display());
    let theirs = Run::bond_file("other-address-lock");
    let mut peripheral = Running::start(&format!(
        "-t {lock} peripheral --name Lock --bond --json --bond-file {}",
        theirs.display()
    ));
    peripheral.until("advertising");
    bindrune(&format!("-t {ours} pair Lock {bonds}")).success();
    let tree = bindrune(&format!("-t {other} gatt tree Lock {bonds} --json")).success().records();
    let name = tree.iter().find(|node| node["uuid"] == "2a29").expect("the manufacturer");
    assert_eq!(name["text"], "bindrune");
    let protected = "6f0e0002-5a4d-4c8b-9a5e-b1d2c3a4e5f6";
    let protected = tree.iter().find(|node| node["uuid"] == protected).expect("a protected value");
    let error = &protected["error"];
    assert_eq!(error["kind"], "security", "{protected}");
    for address in ["BE:AC:01:00:00:02", "BE:AC:01:00:00:03"] {
        assert!(error["message"].as_str().expect("words").contains(address), "{protected}");
    }
}
