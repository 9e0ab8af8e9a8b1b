//! Replays each file of the fuzz corpus through the body of its fuzz target.
//!
//! `BINDRUNE_MUTATIONS`, a number, adds that many mutations of the files to each target; `BINDRUNE_SEED` selects
//! others.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test code"
)]

mod mutate;

use std::{
    env, fs,
    io::{Error, Result},
    path::PathBuf,
};

use bindrune_corpus::{fuzz_folder, seeds};
use mutate::{Mutations, Running};

macro_rules! replays {
    ($($target:ident: $body:path,)*) => {
        const TARGETS: &[&str] = &[$(stringify!($target)),*];

        $(#[test]
        fn $target() -> Result<()> {
            replay(stringify!($target), $body)
        })*
    };
}

replays! {
    att_bearer: bindrune_att::fuzz::bearer,
    att_pdu: bindrune_att::fuzz::pdu,
    bond_file: bindrune::fuzz::bond_file,
    classic_bond: bindrune_classic::fuzz::bond,
    classic_gap: bindrune_classic::fuzz::gap,
    classic_security: bindrune_classic::fuzz::security,
    controller_classic: bindrune_controller::fuzz::classic_hosts,
    controller_hosts: bindrune_controller::fuzz::hosts,
    gap_ad_data: bindrune_gap::fuzz::ad_data,
    gap_operations: bindrune_gap::fuzz::gap,
    gatt_client: bindrune_gatt::client::fuzz::client,
    gatt_server: bindrune_gatt::fuzz::server,
    hci_commands: bindrune_hci::fuzz::commands,
    hci_events: bindrune_hci::fuzz::events,
    hci_h4: bindrune_hci::fuzz::h4,
    hci_lane: bindrune_hci::fuzz::lane,
    hci_snoop: bindrune_hci::fuzz::snoop,
    host: bindrune_hostile::fuzz::host,
    l2cap_classic: bindrune_l2cap::classic::fuzz::links,
    l2cap_operations: bindrune_l2cap::fuzz::operations,
    l2cap_reassembly: bindrune_l2cap::fuzz::reassembly,
    l2cap_signalling: bindrune_l2cap::fuzz::signalling,
    l2cap_transfer: bindrune_l2cap::classic::mode::fuzz::transfer,
    rfcomm_frame: bindrune_rfcomm::fuzz::frame,
    rfcomm_operations: bindrune_rfcomm::fuzz::operations,
    sdp_client: bindrune_sdp::fuzz::client,
    sdp_element: bindrune_sdp::fuzz::element,
    sdp_server: bindrune_sdp::fuzz::server,
    smp_bond: bindrune_smp::fuzz::bond,
    smp_pairing: bindrune_smp::fuzz::pairing,
    smp_pdu: bindrune_smp::fuzz::pdu,
    trace_decode: bindrune_trace::fuzz::decode,
}

#[test]
fn every_fuzz_target_is_replayed() -> Result<()> {
    assert_eq!(names("fuzz_targets")?, TARGETS);
    assert_eq!(names("corpus")?, TARGETS);
    Ok(())
}

#[test]
fn the_seeds_are_those_of_the_table() -> Result<()> {
    for seed in seeds() {
        let path = fuzz_folder().join("corpus").join(seed.target).join(&seed.name);
        println!("{}", path.display());
        assert!(fs::read(&path)? == seed.octets, "run bindrune-corpus again");
    }
    Ok(())
}

fn replay(target: &str, body: fn(&[u8])) -> Result<()> {
    let files = entries(&format!("corpus/{target}"))?;
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    let mut inputs = Vec::new();
    for file in files {
        println!("{}", file.display());
        let input = fs::read(&file)?;
        body(&input);
        inputs.push(input);
    }
    let count = number("BINDRUNE_MUTATIONS")?;
    let mut mutations = Mutations::new(inputs, number("BINDRUNE_SEED")?);
    for _ in 0..count {
        let input = mutations.next();
        let _running = Running { target, input: &input };
        body(&input);
    }
    println!("{target}: {count} mutations");
    Ok(())
}

/// Returns the number in a variable of the environment, or 0.
fn number(name: &str) -> Result<u64> {
    env::var(name).map_or(Ok(0), |number| number.parse().map_err(Error::other))
}

/// Returns the names in a folder, without extensions.
fn names(folder: &str) -> Result<Vec<String>> {
    let stems = entries(folder)?.into_iter();
    let names = stems.filter_map(|path| path.file_stem()?.to_str().map(str::to_owned));
    Ok(names.collect())
}

fn entries(folder: &str) -> Result<Vec<PathBuf>> {
    let folder = fuzz_folder().join(folder);
    println!("{}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(&folder)? {
        entries.push(entry?.path());
    }
    entries.sort();
    Ok(entries)
}
