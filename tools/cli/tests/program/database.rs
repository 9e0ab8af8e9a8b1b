//! `peripheral --database`: a GATT table from a file.

use std::path::PathBuf;

use crate::{
    air::air,
    run::{Run, Running, bindrune},
};

/// The example of the book.
const LAMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/lamp.toml");

fn file(name: &str, text: &str) -> PathBuf {
    let path = Run::folder("database").join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

#[test]
fn the_example_is_served() {
    let (_air, ours, theirs) = air("--seed 50");
    let serve = format!("-t {ours} peripheral --name Lamp --database {LAMP} --json");
    let mut peripheral = Running::start(&serve);
    peripheral.until("advertising");
    let devices = bindrune(&format!("-t {theirs} scan --seconds 2 --json")).success().records();
    let lamp = devices.iter().rfind(|r| r["name"] == "Lamp").expect("the lamp");
    assert_eq!(lamp["services"].as_array().map(Vec::len), Some(2), "{lamp}");

    let tree = bindrune(&format!("-t {theirs} gatt tree Lamp --json")).success().records();
    let of = |uuid: &str| {
        tree.iter().find(|r| r["uuid"] == uuid).unwrap_or_else(|| panic!("{uuid}: {tree:?}"))
    };
    let brightness = of("6f0e2002-5a4d-4c8b-9a5e-b1d2c3a4e5f6");
    assert_eq!(brightness["value"], "64");
    assert_eq!(brightness["properties"], serde_json::json!(["read", "write", "notify"]));
    assert!(tree.iter().any(|r| r["uuid"] == "2901" && r["text"] == "Brightness"), "{tree:?}");
    // Only paired devices read the key.
    assert_eq!(of("6f0e2004-5a4d-4c8b-9a5e-b1d2c3a4e5f6")["error"]["kind"], "att");
    assert_eq!(of("2a19")["value"], "57");
    // The file replaces the built-in services.
    assert!(!tree.iter().any(|r| r["uuid"] == "180a"), "{tree:?}");

    let script = file(
        "script",
        "connect Lamp\nsubscribe 6f0e2002-5a4d-4c8b-9a5e-b1d2c3a4e5f6\n\
        write 6f0e2002-5a4d-4c8b-9a5e-b1d2c3a4e5f6 32\n\
        subscribe 'Battery Level' --count 2 --timeout 5\n\
        write 6f0e2002-5a4d-4c8b-9a5e-b1d2c3a4e5f6 0102\n",
    );
    let bonds = Run::bond_file("database-bonds");
    let words = format!("-t {theirs} shell --json --bond-file {}", bonds.display());
    let mut shell = crate::run::command(&words);
    shell.stdin(std::fs::File::open(script).expect("the script"));
    // The last value is longer than the table allows.
    let records = Run::of(shell, &words).fails_with(1).records();
    let echoes = records
        .iter()
        .filter(|r| r["uuid"] == "6f0e2002-5a4d-4c8b-9a5e-b1d2c3a4e5f6" && r["value"] == "32");
    // What was written, and its echo.
    assert_eq!(echoes.count(), 2, "{records:?}");
    assert_eq!(records.iter().filter(|r| r["uuid"] == "2a19").count(), 2, "{records:?}");
    let written = peripheral.until("\"written\"");
    assert!(written.contains("\"32\""), "{written}");
    assert_eq!(peripheral.interrupt(), Some(0));
}

#[test]
fn a_mistake_in_a_file_is_named_with_its_line() {
    let serve = |path: &PathBuf| bindrune(&format!("peripheral --database {}", path.display()));
    let wrong = file(
        "wrong.toml",
        "[[service]]\nuuid = '180f'\n[[service.characteristic]]\nuuid = '2a19'\n",
    );
    serve(&wrong).fails_with(2).says("wrong.toml, line 3: missing field `properties`");
    let wrong = file("empty.toml", "# nothing\n");
    serve(&wrong).fails_with(2).says("A table has 1 to 64 services");
    let wrong = file("huge.toml", &"#".repeat(300_000));
    serve(&wrong).fails_with(2).says("is longer than 262144 bytes");
    let characteristic = "[[service.characteristic]]\nuuid = '2a19'\nproperties = ['write']\n";
    let wrong =
        file("memory.toml", &format!("[[service]]\nuuid = '180f'\n{}", characteristic.repeat(100)));
    serve(&wrong).fails_with(2).says("the services need too much memory");
    serve(&PathBuf::from("/does/not/exist")).fails_with(1).says("cannot read /does/not/exist");
    let binary = Run::folder("database").join("binary.toml");
    std::fs::write(&binary, [0xff, 0xfe, 0]).expect("a file");
    serve(&binary).fails_with(1).says("cannot read");
}
