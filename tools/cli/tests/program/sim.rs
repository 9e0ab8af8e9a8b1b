//! On the built-in virtual controller.

use crate::run::{Run, Running, bindrune};

#[test]
fn the_demo_walks_to_its_summary() {
    let demo = bindrune("demo").success();
    assert!(demo.stdout.contains("everything works"), "{}", demo.stdout);
    for step in
        ["controller", "scan", "connect", "attributes", "notifications", "pairing", "channel"]
    {
        assert!(demo.stdout.contains(step), "{step}: {}", demo.stdout);
    }
}

#[test]
fn info_describes_the_controller() {
    let records = bindrune("info --json").success().records();
    let [info] = records.as_slice() else { panic!("one record: {records:?}") };
    for key in
        ["hci_version", "manufacturer", "address", "features", "le_acl_length", "le_acl_count"]
    {
        assert!(!info[key].is_null(), "{key}: {info}");
    }
    assert!(bindrune("info").success().stdout.contains("ACL buffers"));
}

#[test]
fn a_scan_finds_the_neighbourhood() {
    let records = bindrune("scan --json --active --seconds 2").success().records();
    for name in ["Thermometer", "HR belt", "UART", "L2CAP sink"] {
        let device = records.iter().find(|r| r["name"] == name);
        let device = device.unwrap_or_else(|| panic!("{name}: {records:?}"));
        assert_eq!(
            (&device["connectable"], &device["address_type"]),
            (&true.into(), &"random".into())
        );
    }
    let filtered = bindrune("scan --json --seconds 1 --uuid 180d").success().records();
    assert!(!filtered.is_empty() && filtered.iter().all(|r| r["address"] == "C4:5E:12:00:00:02"));
}

#[test]
fn the_tree_shows_the_whole_database() {
    let records = bindrune("gatt tree Thermometer --json").success().records();
    let temperature = records.iter().find(|r| r["uuid"] == "2a6e").expect("temperature");
    assert_eq!(temperature["name"], "Temperature");
    assert_eq!(temperature["properties"], serde_json::json!(["read", "notify"]));
    assert_eq!(temperature["value"].as_str().map(str::len), Some(4));
    let name = records.iter().find(|r| r["uuid"] == "2a00").expect("device name");
    assert_eq!(name["text"], "Thermometer");
    let tree = bindrune("gatt tree C4:5E:12:00:00:01").success().stdout;
    assert!(tree.contains("└─") && tree.contains("Environmental Sensing"), "{tree}");
}

#[test]
fn values_are_read_written_and_subscribed_to() {
    let read = bindrune("gatt read C4:5E:12:00:00:01/random 2a6e --json").success().records();
    assert_eq!(read[0]["name"], "Temperature");
    let handle = format!("{:04x}", read[0]["handle"].as_u64().expect("a handle"));
    let again = bindrune(&format!("gatt read Thermometer {handle} --json")).success().records();
    assert_eq!(again[0]["uuid"], "2a6e");
    let written =
        bindrune("gatt write UART 6e400002-b5a3-f393-e0a9-e50e24dcca9e text:hello --json");
    assert_eq!(written.success().records()[0]["value"], "68656c6c6f");
    let updates = bindrune("gatt subscribe Thermometer 2a6e --count 3 --json").success().records();
    assert_eq!(updates.len(), 3);
    bindrune("gatt read Thermometer 2a19").fails_with(1).says("no such");
}

#[test]
fn bytes_go_there_and_back() {
    let echo = bindrune("l2cap echo C4:5E:12:00:00:04/random 0x80 --bytes 50000 --json");
    let echo = echo.success().records();
    assert_eq!(echo[0]["bytes"], 50_000);
    for key in ["seconds", "kilobits_per_second", "sha256"] {
        assert!(!echo[0][key].is_null(), "{key}");
    }
}

#[test]
fn files_are_sent_and_received() {
    let folder = Run::folder("files");
    let (sent, received) = (folder.join("sent"), folder.join("received"));
    let _ = std::fs::remove_file(&received);
    std::fs::write(&sent, vec![7; 30_000]).expect("a file");
    let send = format!("l2cap send C4:5E:12:00:00:04/random 0x80 {} --json", sent.display());
    assert_eq!(bindrune(&send).success().records()[0]["bytes"], 30_000);
    let receive = format!("l2cap receive 0x83 -o {} --json", received.display());
    let summary = bindrune(&receive).success().records().pop().expect("a summary");
    let len = std::fs::metadata(&received).expect("the file").len();
    assert_eq!(summary["bytes"], len);
    assert!(len > 10_000);
}

#[test]
fn the_phone_uses_what_we_serve() {
    let mut peripheral = Running::start("peripheral --name Mine --psm 0x90 --json");
    for event in ["advertising", "connected", "subscribed", "hello from the phone", "\"channel\""] {
        peripheral.until(event);
    }
    assert!(peripheral.until("channel-closed").contains("16384"));
    peripheral.until("disconnected");
    assert_eq!(peripheral.interrupt(), Some(0));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut peripheral = Running::start("peripheral");
    peripheral.until("advertising");
    assert_eq!(peripheral.leave(), Some(0));
}

#[test]
fn a_capture_is_a_btsnoop_file() {
    let file = Run::folder("capture").join("info.btsnoop");
    bindrune(&format!("info --capture {}", file.display())).success();
    let octets = std::fs::read(&file).expect("a capture");
    assert_eq!(&octets[..16], b"btsnoop\0\0\0\0\x01\0\0\x03\xea");
    assert!(octets.len() > 500);
}

#[test]
fn exit_codes_name_the_kind_of_failure() {
    bindrune("").fails_with(2);
    bindrune("gatt read Thermometer nonsense").fails_with(2);
    bindrune("-t serial:/dev/does-not-exist info").fails_with(3).says("Is the device plugged in?");
    bindrune("-t tcp-client:127.0.0.1:1 info").fails_with(3).says("127.0.0.1:1");
    bindrune("gatt tree Missing --timeout 1").fails_with(4).says("was not found");
    bindrune("l2cap echo C4:5E:12:00:00:04 0x99").fails_with(1).says("PSM");
}

#[test]
fn a_port_that_is_silent_is_no_controller() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    bindrune(&format!("-t tcp-client:{address} info")).fails_with(3).says("no answer to HCI Reset");
}

#[test]
fn completions_are_printed() {
    assert!(bindrune("completions bash").success().stdout.contains("subscribe"));
}
