//! Inquiry and remote names.

use hex_literal::hex;

use super::bd_addr;
use crate::bench::{Bench, MS};

/// GIAC, 2 × 1.28 s, any number of responses.
const INQUIRY: [u8; 5] = hex!("338b9e 02 00");

#[test]
fn three_forms_of_results() {
    let mut bench = Bench::new(1);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    bench.classic_ok(b, 0x0c24, &[&hex!("0c025a")]);
    let mut eir = [0; 240];
    eir[..6].copy_from_slice(&hex!("0509 41424344"));
    bench.classic_ok(b, 0x0c52, &[&[0], &eir]);
    for (mode, code) in [(0, 0x02), (1, 0x22), (2, 0x2f)] {
        bench.classic_ok(a, 0x0c45, &[&[mode]]);
        bench.classic_ok(a, 0x0401, &[&hex!("338b9e"), &[4, 0]]);
        let start = bench.now;
        let result = bench.event_of(a, code);
        assert!(bench.now - start <= MS(2560), "within the scan interval");
        assert_eq!((result[0], &result[1..7]), (1, &bd_addr(b)[..]));
        let class_at = if mode == 0 { 10 } else { 9 };
        assert_eq!(result[class_at..class_at + 3], hex!("0c025a"));
        match mode {
            0 => assert_eq!(result.len(), 15),
            1 => assert_eq!((result.len(), (result[14] as i8) < -40), (15, true)),
            _ => assert_eq!((result.len(), &result[15..]), (255, &eir[..])),
        }
        assert_eq!(bench.event_of(a, 0x01), [0]);
        assert_eq!((bench.now - start).as_millis(), 5120);
        assert_eq!(bench.count(a, code), 0, "one report for each device");
    }
    bench.no_violations();
}

#[test]
fn who_is_found() {
    let mut bench = Bench::new(2);
    let (a, b, c) = (bench.add_dual(), bench.add_dual(), bench.add_dual());
    bench.classic_ok(b, 0x0c1a, &[&[2]]);
    bench.classic_ok(c, 0x0c3a, &[&[1], &hex!("008b9e")]);
    bench.classic_ok(a, 0x0401, &[&INQUIRY]);
    bench.event_of(a, 0x01);
    assert_eq!(bench.count(a, 0x02), 0, "no scan, and another access code");
    bench.classic_ok(a, 0x0401, &[&hex!("008b9e 30 01")]);
    assert_eq!(bench.event_of(a, 0x02)[1..7], bd_addr(c));
    bench.event_of(a, 0x01);
    assert!(bench.now.as_millis() < 10_000, "one response was enough");
    bench.air.set_reachable(a, c, false);
    bench.classic_ok(a, 0x0401, &[&hex!("008b9e 08 00")]);
    bench.event_of(a, 0x01);
    assert_eq!(bench.count(a, 0x02), 0);
}

#[test]
fn cancel_and_wrong_parameters() {
    let mut bench = Bench::new(3);
    let a = bench.add_dual();
    assert_eq!(bench.classic(a, 0x0402, &[]), [0x0c]);
    for wrong in [hex!("338b9e 00 00"), hex!("338b9e 31 00"), hex!("408b9e 01 00")] {
        assert_eq!(bench.classic(a, 0x0401, &[&wrong]), [0x12]);
    }
    bench.classic_ok(a, 0x0401, &[&INQUIRY]);
    assert_eq!(bench.classic(a, 0x0401, &[&INQUIRY]), [0x0c]);
    bench.classic_ok(a, 0x0402, &[]);
    bench.run(MS(5000));
    assert_eq!(bench.count(a, 0x01), 0, "a cancelled inquiry does not complete");
}

#[test]
fn names_with_and_without_a_link() {
    let mut bench = Bench::new(4);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let mut name = [0; 248];
    name[..4].copy_from_slice(b"lamp");
    bench.classic_ok(b, 0x0c13, &[&name]);
    let ask = |bench: &mut Bench| {
        bench.classic_ok(a, 0x0419, &[&bd_addr(b), &[1, 0, 0, 0]]);
        bench.event_of(a, 0x07)
    };
    assert_eq!(ask(&mut bench)[7..11], *b"lamp");
    assert_eq!(bench.count(a, 0x3d), 1);
    bench.page(a, b, 1);
    assert_eq!(ask(&mut bench)[..7], [&[0][..], &bd_addr(b)].concat());
    bench.air.set_reachable(a, b, false);
    assert_eq!(ask(&mut bench)[0], 0x04, "page timeout");
    bench.classic_ok(a, 0x0419, &[&bd_addr(b), &[1, 0, 0, 0]]);
    bench.classic_ok(a, 0x041a, &[&bd_addr(b)]);
    assert_eq!(bench.event_of(a, 0x07)[0], 0x02);
    bench.no_violations();
}
