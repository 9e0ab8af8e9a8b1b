//! `doctor`, on pseudo-terminals whose other ends the tests have. They have no baud rate, so tests of that are beside
//! the code.

use std::{
    io::{Read as _, Write as _},
    thread,
    time::Duration,
};

use serialport::{SerialPort as _, TTYPort};

use crate::{
    air::air,
    run::{Run, bindrune},
    serial::Plug,
};

/// Examines a port whose other end answers to what it gets.
fn examine(mut answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static) -> Run {
    let (mut near, far) = TTYPort::pair().expect("a pseudo-terminal");
    let path = far.name().expect("a name");
    drop(far);
    near.set_timeout(Duration::from_millis(20)).expect("a timeout");
    thread::spawn(move || {
        let mut block = [0; 256];
        // Longer than any examination takes.
        for _ in 0..1500 {
            let sent = match near.read(&mut block) {
                Ok(len) => answer(&block[..len]),
                // Nothing came, or no program has the port open.
                Err(_) => {
                    thread::sleep(Duration::from_millis(20));
                    continue;
                }
            };
            let _ = near.write_all(&sent);
        }
    });
    bindrune(&format!("doctor {path} --json"))
}

/// Returns the one port of a run that found no controller.
#[track_caller]
fn port(run: Run) -> serde_json::Value {
    let mut records = run.fails_with(3).records();
    let failure = records.pop().expect("a failure");
    assert_eq!(failure["error"]["message"], "no controller was found");
    assert_eq!(records.len(), 1, "{records:?}");
    records.remove(0)
}

#[test]
fn a_controller_is_found() {
    let (_air, ours, _) = air("--seed 51");
    let plug = Plug::into(&ours);
    let records = bindrune(&format!("doctor {} --json", plug.path())).success().records();
    let [found] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&found["found"], &found["hci_version"]), (&"controller".into(), &"5.3".into()));
    let transport = found["transport"].as_str().expect("a transport").to_owned();
    assert!(found["advice"].as_str().expect("advice").contains(&transport), "{found}");
    bindrune(&format!("-t {transport} info")).success();
    // The other port is examined too.
    let both = bindrune(&format!("doctor {} /dev/no-such-port", plug.path())).success().stdout;
    assert!(both.contains("a controller: Bluetooth 5.3"), "{both}");
    assert!(both.contains("/dev/no-such-port  there is no such port"), "{both}");
    plug.unplug();
}

#[test]
fn a_shell_is_no_controller() {
    let found = port(examine(|_| b"\r\nuart:~$ ".to_vec()));
    assert_eq!((&found["found"], &found["text"]), (&"text".into(), &"uart:~$".into()));
    assert!(found["advice"].as_str().expect("advice").contains("hci_uart"), "{found}");
}

#[test]
fn three_wire_is_no_h4() {
    let found = port(examine(|_| vec![0xc0, 0x00, 0x2f, 0x00, 0xd0, 0x01, 0x7e, 0xc0]));
    assert_eq!(found["found"], "three-wire");
    assert!(found["advice"].as_str().expect("advice").contains("H4 only"), "{found}");
}

#[test]
fn wires_that_meet_are_seen() {
    assert_eq!(port(examine(<[u8]>::to_vec))["found"], "loopback");
}

#[test]
fn silence_and_noise_differ() {
    let noise = thread::spawn(|| port(examine(|_| vec![0xf8, 0x80, 0x00])));
    assert_eq!(port(examine(|_| Vec::new()))["found"], "silent");
    assert_eq!(noise.join().expect("a run")["found"], "noise");
}

#[test]
fn ports_that_do_not_open_are_explained() {
    for (path, found) in [("/dev/no-such-port", "missing"), ("/etc/passwd", "not-serial")] {
        let port = port(bindrune(&format!("doctor {path} --json")));
        assert_eq!(port["found"], found, "{port}");
        assert!(!port["advice"].as_str().expect("advice").is_empty(), "{port}");
    }
}

/// A port in use: its user is named.
#[test]
fn a_busy_port_names_its_user() {
    let (near, far) = TTYPort::pair().expect("a pseudo-terminal");
    let path = far.name().expect("a name");
    drop(far);
    let _held = serialport::new(&path, 115_200).open_native().expect("the port");
    let port = port(bindrune(&format!("doctor {path} --json")));
    assert_eq!(port["found"], "busy", "{port}");
    let own = format!("(process {})", std::process::id());
    assert!(port["advice"].as_str().expect("advice").contains(&own), "{port}");
    drop(near);
}
