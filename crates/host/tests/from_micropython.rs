//! Tests that the programs of `docs/coming-from-micropython.md` do what the originals do, in virtual time, and are
//! about as short.
#![cfg(all(
    feature = "serial",
    feature = "tcp",
    feature = "capture",
    feature = "central",
    feature = "channels",
    feature = "client",
    feature = "observer",
    feature = "server"
))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what these tests are for"
)]

#[path = "devices/mod.rs"]
mod devices;
#[expect(dead_code, reason = "its main is for a real controller")]
#[path = "../examples/micropython/main.rs"]
mod micropython;

use std::{cell::RefCell, future::pending};

use bindrune::{
    Address, Config, Connection, Duration, Error, ErrorCode, Host, RemoteCharacteristic, Uuid,
};
use devices::{host, on_two_devices};
use embassy_futures::select::{Either, select};
use micropython::{blob, commands, environment, events, image, limited_read, uart};

const ADDRESS: Address = Address::random([0xc0, 0, 0, 0, 0, 1]);
const TEMPERATURE: Uuid = Uuid::new_16(0x2a6e);

/// Returns the result of a client that connects to the server `app` of a device with `config`.
fn client<T>(
    config: Config,
    app: impl AsyncFn(&Host) -> Result<(), Error>,
    client: impl AsyncFn(&Host, Connection<'_>) -> Result<T, Error>,
) -> T {
    let (device, phone) = (host(config.address(ADDRESS)), host(Config::new("phone")));
    let work = async {
        let link = phone.connect(&ADDRESS).await?;
        client(&phone, link).await
    };
    on_two_devices([&device, &phone], app(&device), work)
}

#[test]
fn subscribers_get_the_temperature_every_second() {
    client(environment::CONFIG, environment::serve, async |phone, link| {
        let temperature = link.characteristic(TEMPERATURE).await?;
        let mut values = link.subscribe(&temperature).await?;
        let (mut first, mut second) = ([0; 2], [0; 2]);
        values.next(&mut first).await?;
        let between = phone.now().await;
        values.next(&mut second).await?;
        let between = phone.now().await - between;
        assert_eq!(i16::from_le_bytes(second) - i16::from_le_bytes(first), 10);
        assert!(
            (Duration::from_millis(900)..Duration::from_millis(1200)).contains(&between),
            "{between:?}"
        );
        let mut held = [0; 2];
        link.read(&temperature, &mut held).await?;
        assert_eq!(held, second);
        Ok(())
    });
}

#[test]
fn a_value_is_measured_at_most_once_a_second() {
    client(limited_read::CONFIG, limited_read::serve, async |phone, link| {
        let temperature = link.characteristic(TEMPERATURE).await?;
        let mut value = [0; 2];
        link.read(&temperature, &mut value).await?;
        let first = i16::from_le_bytes(value);
        let soon = link.read(&temperature, &mut value).await;
        assert_eq!(soon, Err(Error::Att(ErrorCode::READ_NOT_PERMITTED)));
        phone.sleep(Duration::from_secs(1)).await;
        link.read(&temperature, &mut value).await?;
        assert_eq!(i16::from_le_bytes(value), first + 10);
        Ok(())
    });
}

#[test]
fn each_command_comes_once_and_in_order() {
    let taken = RefCell::new(Vec::new());
    let serve = async |device: &Host| {
        let link = device.advertise(&bindrune::Advertisement::connectable()).await?;
        let mut note = |peer: Result<Address, Error>, data: &[u8]| {
            taken.borrow_mut().push((peer == link.peer(), data.to_vec()));
        };
        commands::handle_commands(device, &mut note).await
    };
    client(commands::CONFIG, serve, async |_, link| {
        let command = link.characteristic(Uuid::new_16(0xff01)).await?;
        for text in ["on", "dim 40", "off"] {
            link.write(&command, text.as_bytes()).await?;
        }
        Ok(())
    });
    let expected = ["on", "dim 40", "off"].map(|text| (true, text.as_bytes().to_vec()));
    assert_eq!(taken.into_inner(), expected);
}

#[test]
fn a_blob_arrives_whole_in_several_writes() {
    let image: Vec<u8> = (0..1500u32).map(|n| (n % 251) as u8).collect();
    let taken = RefCell::new(Vec::new());
    let serve = async |device: &Host| {
        let _link = device.advertise(&bindrune::Advertisement::connectable()).await?;
        let mut take = |chunk: &[u8]| taken.borrow_mut().extend_from_slice(chunk);
        blob::receive_blob(device, &mut take).await
    };
    client(blob::CONFIG, serve, async |phone, link| {
        let to = link.characteristic(Uuid::new_16(0xff11)).await?;
        for chunk in image.chunks(500) {
            link.write(&to, chunk).await?;
        }
        phone.sleep(Duration::from_millis(100)).await;
        Ok(())
    });
    assert_eq!(taken.into_inner(), image);
}

#[test]
fn the_uart_sends_back_what_it_receives() {
    client(uart::CONFIG, uart::serve, async |_, link| {
        let nordic =
            |last: u128| Uuid::new_128(0x6e400000_b5a3_f393_e0a9_e50e24dcca9e | last << 96);
        let (rx, tx) =
            (link.characteristic(nordic(2)).await?, link.characteristic(nordic(3)).await?);
        let mut lines = link.subscribe(&tx).await?;
        echo(&link, &rx, &mut lines).await
    });
}

async fn echo(
    link: &Connection<'_>,
    rx: &RemoteCharacteristic<'_>,
    lines: &mut bindrune::Subscription<'_>,
) -> Result<(), Error> {
    for text in ["hello", "a line of some length, which takes more than the shortest packet"] {
        link.write(rx, text.as_bytes()).await?;
        let (mut back, mut buffer) = (Vec::new(), [0; 100]);
        while back.len() < text.len() {
            let len = lines.next(&mut buffer).await?;
            back.extend_from_slice(&buffer[..len]);
        }
        assert_eq!(back, text.as_bytes());
    }
    Ok(())
}

#[test]
fn an_image_comes_over_a_channel() {
    let picture: Vec<u8> = (0..20_000u32).map(|n| (n % 253) as u8).collect();
    let (camera, phone) = (host(image::CONFIG), host(Config::new("phone")));
    let serve = async {
        image::serve(&camera, &picture).await?;
        pending().await
    };
    let fetched = on_two_devices([&camera, &phone], serve, image::fetch(&phone, picture.len()));
    assert_eq!(fetched, picture);
}

#[test]
fn a_link_is_printed_from_its_beginning_to_its_end() {
    client(events::CONFIG, events::serve, async |phone, link| {
        link.exchange_mtu().await?;
        link.disconnect().await?;
        let again = phone.connect(&ADDRESS);
        let waited = select(again, phone.sleep(Duration::from_secs(10))).await;
        assert!(matches!(waited, Either::First(Ok(_))), "advertises again");
        Ok(())
    });
}

/// Lines of each program in the pages of MicroPython, aioble and OpenMV, and of ours, without blank lines, comments,
/// and lines of closing brackets only.
#[test]
fn the_programs_are_at_most_1_3_times_as_long_as_the_originals() {
    let programs = [
        ("environment", include_str!("../examples/micropython/environment.rs"), 27),
        ("on_read", include_str!("../examples/micropython/limited_read.rs"), 13),
        ("written", include_str!("../examples/micropython/commands.rs"), 5),
        ("blob", include_str!("../examples/micropython/blob.rs"), 8),
        ("services", include_str!("../examples/micropython/uart.rs"), 9),
        ("irq", include_str!("../examples/micropython/events.rs"), 57),
        ("server", include_str!("../examples/micropython/image.rs"), 5),
        ("client", include_str!("../examples/micropython/image.rs"), 12),
    ];
    for (anchor, source, original) in programs {
        let lines = source
            .lines()
            .map(str::trim)
            .skip_while(|line| *line != format!("// ANCHOR: {anchor}"))
            .take_while(|line| *line != format!("// ANCHOR_END: {anchor}"))
            .filter(|line| !line.starts_with("//"))
            .filter(|line| !line.trim_matches(['(', ')', '{', '}', '[', ']', ',', ';']).is_empty())
            .count();
        assert!(
            lines > 0 && lines * 10 <= original * 13,
            "{anchor}: {lines} lines, the original has {original}"
        );
    }
}
