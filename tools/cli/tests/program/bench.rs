//! `bench`: in real time, so that figures are only compared with their bound. Tests in virtual time are beside the
//! code.

use crate::{
    air::air,
    run::{Run, Running, bindrune},
};

const PATHS: [&str; 5] =
    ["channel-send", "channel-receive", "notifications", "write-without-response", "write"];

/// Each path has its figures, on the virtual controller.
#[test]
fn every_path_is_measured() {
    let records = bindrune("bench C4:5E:12:00:00:04/random --seconds 1 --json").success().records();
    let paths: Vec<_> = records.iter().map(|r| r["path"].as_str().expect("a path")).collect();
    assert_eq!(paths, PATHS);
    for record in &records {
        let number = |key: &str| record[key].as_f64().unwrap_or_else(|| panic!("{key}: {record}"));
        let [rate, bound] = ["kilobits_per_second", "bound_kilobits_per_second"].map(number);
        // A part of a burst may be counted.
        assert!(rate > 0.0 && rate < 1.1 * bound, "{record}");
        assert!(number("p50_us") > 0.0 && number("p50_us") <= number("p99_us"), "{record}");
        assert_eq!(number("lost"), 0.0, "{record}");
        assert!(record["over_time"].as_array().expect("a list").len() > 10, "{record}");
    }
    assert_eq!(records[4]["bottleneck"], "connection-interval");
}

/// Behind a line that the program cannot see, the rate does not explain itself.
#[test]
fn a_limit_out_of_sight_is_no_airtime() {
    let (_air, ours, theirs) = air("--baud 57600 --acl-buffers 251x8");
    // The peripheral's echo has the PSM that measurements usually have.
    let words = format!("-t {ours} peripheral --name Bench --psm 0xb0 --json");
    let mut peripheral = Running::start(&words);
    peripheral.until("advertising");
    let bench = bindrune(&format!("-t {theirs} bench Bench --seconds 1")).success();
    assert!(bench.stdout.contains("channel, to the device  4"), "{}", bench.stdout);
    assert!(bench.stdout.contains("something else limits it"), "{}", bench.stdout);
    assert!(bench.stdout.contains("writes with response"), "{}", bench.stdout);
    let rest: Run = bindrune(&format!("-t {theirs} l2cap echo Bench 0xb0 --bytes 1000"));
    rest.success();
}

#[test]
fn a_device_without_the_service_is_named() {
    let run = bindrune("bench Thermometer").fails_with(1);
    assert!(run.stderr.contains("does not take part in measurements"), "{}", run.stderr);
    run.says("`bindrune peripheral` on the other side");
    bindrune("bench Thermometer --seconds 0").fails_with(2);
}
