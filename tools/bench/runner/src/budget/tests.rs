use super::*;
use crate::image::Image;

fn budget(instructions: u64, flash: u64) -> Budget {
    let operations = Instructions::from([("write".into(), instructions)]);
    let image = Image { flash, data: 0, ram: 4000, frame: 900 };
    Budget {
        desktop: operations.clone(),
        embedded: operations,
        links: Instructions::from([("sent-64".into(), 2000)]),
        classic: Instructions::from([("basic-1024".into(), 2000)]),
        images: Images::from([("server".into(), image)]),
    }
}

#[test]
fn a_little_more_or_less_passes() {
    let budget_of_both = budget(1000, 40_000);
    for (instructions, flash) in [(1000, 40_000), (1030, 40_512), (970, 39_488)] {
        assert_eq!(budget_of_both.judge(&budget(instructions, flash)), Verdict::default());
    }
}

#[test]
fn instructions_above_three_percent_are_found_in_both_sets() {
    let verdict = budget(1000, 40_000).judge(&budget(1031, 40_000));
    let expected = ["desktop", "embedded"]
        .map(|set| format!("write ({set}), instructions: 1,031 of 1,000, 31 more"));
    assert_eq!(verdict, Verdict { above: expected.into(), below: vec![] });
}

#[test]
fn flash_above_512_bytes_is_found() {
    let verdict = budget(1000, 40_000).judge(&budget(1000, 40_513));
    let expected = "image server, bytes of flash: 40,513 of 40,000, 513 more";
    assert_eq!(verdict, Verdict { above: vec![expected.into()], below: vec![] });
}

#[test]
fn ram_and_frames_above_128_bytes_are_found() {
    let mut measured = budget(1000, 40_000);
    measured
        .images
        .insert("server".into(), Image { flash: 40_000, data: 0, ram: 4129, frame: 1029 });
    assert_eq!(budget(1000, 40_000).judge(&measured).above.len(), 2);
}

#[test]
fn a_gain_is_reported() {
    let verdict = budget(1000, 40_000).judge(&budget(1000, 30_000));
    let expected = "image server, bytes of flash: 30,000 of 40,000";
    assert_eq!(verdict, Verdict { above: vec![], below: vec![expected.into()] });
}

#[test]
fn what_has_no_budget_is_above_it() {
    let mut empty = budget(1000, 40_000);
    empty.embedded.clear();
    let expected = "write (embedded), instructions: 1,000, and it has no budget";
    assert_eq!(empty.judge(&budget(1000, 40_000)).above, [expected]);
}

#[test]
fn the_file_is_read_as_it_is_written() {
    let text = toml::to_string(&budget(1000, 40_000)).unwrap();
    let read: Budget = toml::from_str(&text).unwrap();
    assert_eq!(read.judge(&budget(1000, 40_000)), Verdict::default());
    assert!(toml::from_str::<Budget>("[desktop]\nwrite = 'much'").is_err());
}
