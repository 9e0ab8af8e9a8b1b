//! Tables from files.

use super::*;

/// The example of the book.
const LAMP: &str = include_str!("../../../../examples/lamp.toml");

fn wrong(text: &str) -> (Option<usize>, String) {
    match Database::parse(text) {
        Err(wrong) => (wrong.line, format!("{}: {}", wrong.what, wrong.advice)),
        Ok(_) => panic!("{text}"),
    }
}

/// Returns a table with one characteristic, whose keys begin in line 4.
fn with(keys: &str) -> String {
    format!("[[service]]\nuuid = '180f'\n[[service.characteristic]]\n{keys}\n")
}

#[test]
fn the_example_is_a_table() {
    let lamp = Database::parse(LAMP).unwrap();
    let [lamp_service, battery] = lamp.services else { panic!() };
    assert_eq!(lamp.advertised.len(), 2);
    assert_eq!(battery.uuid(), Uuid::new_16(0x180f));
    assert_eq!(lamp_service.characteristics().len(), 3);
    assert!(lamp.characteristics.iter().any(|c| c.echoes));
    assert!(lamp.characteristics.iter().any(|c| c.period == Some(Duration::from_secs(1))));
}

#[test]
fn the_line_of_a_mistake_is_named() {
    for (keys, line, what) in [
        ("uuid = '2a19'\ncolour = ['read']", 5, "unknown field `colour`"),
        ("uuid = '2a19'\nproperties = ['xread'] ", 5, "unknown variant"),
        ("uuid = '2a19'\nproperties = []", 5, "without properties"),
        ("uuid = 'Battery Charge'\nproperties = ['read']", 4, "no assigned name"),
        ("uuid = '2a19'\nproperties = ['read']\nvalue = 'abc'", 6, "hexadecimal"),
        ("uuid = '2a19'\nproperties = ['read']\nvalue = 7", 6, "invalid type"),
        ("uuid = '2a19'\nproperties = ['read']\nvalue = '0102'\nmax-length = 1", 7, "max-length 1"),
        ("uuid = '2a19'\nproperties = ['read']\nmax-length = 513", 6, "1 to 512"),
        ("uuid = '2a19'\nproperties = ['read']\nmax-length = 70000", 6, "70000"),
        ("uuid = '2a19'\nproperties = ['read']\nnotify-every = 1", 6, "does not notify"),
        ("uuid = '2a19'\nproperties = ['notify']\nnotify-every = nan", 6, "0.01 to 86400"),
        ("uuid = '2a19'\nproperties = ['notify']\nnotify-every = 0", 6, "0.01 to 86400"),
        ("uuid = '2a19'\nproperties = ['notify']\necho = true", 6, "cannot echo"),
        ("uuid = '2a19'\nproperties = ['read']\npermission = 'secret'", 6, "unknown variant"),
        ("uuid = '2a19'\nuuid = '2a19'", 5, "duplicate key"),
        ("uuid = ", 4, "value"),
    ] {
        let (at, said) = wrong(&with(keys));
        assert!(at == Some(line) && said.contains(what), "{keys:?}: {at:?} {said}");
    }
    let (at, said) = wrong(&with("properties = ['read']"));
    assert!(at == Some(3) && said.contains("missing field `uuid`"), "{at:?} {said}");
    let (at, said) = wrong("[[service]]\nuuid = '1800'\n");
    assert!(at == Some(2) && said.contains("every table already"), "{said}");
    assert!(wrong("").1.contains("0 services"));
    assert_eq!(wrong("\n\nservice = 1").0, Some(3));
}

#[test]
fn a_table_has_a_bound() {
    let many = "[[service]]\nuuid = '180f'\n".repeat(65);
    assert!(wrong(&many).1.contains("65 services"));
    let one = "[[service.characteristic]]\nuuid = '2a19'\nproperties = ['read']\n";
    let many = format!("[[service]]\nuuid = '180f'\n{}", one.repeat(257));
    assert!(wrong(&many).1.contains("257 characteristics"));
    let long = format!("uuid = '2a19'\nproperties = ['read']\nvalue = '{}'", "00".repeat(513));
    assert!(wrong(&with(&long)).1.contains("a value of 513 bytes"));
    let deep = "a = ".to_owned() + &"[".repeat(100_000);
    assert!(Database::parse(&deep).is_err());
}

#[test]
fn services_that_do_not_fit_are_not_advertised() {
    let short = |n: u16| format!("[[service]]\nuuid = '{:04x}'\n", 0x1810 + n);
    let long = "[[service]]\nuuid = '6e400001-b5a3-f393-e0a9-e50e24dcca9e'\n";
    let all = format!("{long}{long}{}", (0..9).map(short).collect::<String>());
    let fitting = Database::parse(&all).unwrap().advertised;
    // 18 bytes for the long one, and 10 for four short ones.
    assert_eq!(fitting.len(), 5);
}
