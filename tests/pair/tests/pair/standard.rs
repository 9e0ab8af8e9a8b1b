//! Ready-made services, as a client finds and uses them.

use bindrune::{
    Characteristic, ClientSecurity, Config, Connection, Descriptor, Event, PairingConfig,
    Properties, RemoteCharacteristic, Service, Uuid,
    standard::{
        battery, device_information, environmental_sensing, heart_rate, hid, nordic_uart,
        value::{BatteryLevel, HeartRate, Humidity, PnpId, Pressure, Temperature, VendorSource},
    },
};
use bindrune_pair::{Device, Scene};
use embassy_futures::join::join;

use crate::table::{PHONE, subscribed};

const ID: PnpId =
    PnpId { source: VendorSource::Bluetooth, vendor: 0x0059, product: 7, version: 0x0100 };

static LEVEL: Characteristic = battery::level(&[100]);
static MAKER: Characteristic = device_information::manufacturer_name("Acme");
static MODEL: Characteristic = device_information::model_number("M1");
static SERIAL: Characteristic = device_information::serial_number("0001");
static HARDWARE: Characteristic = device_information::hardware_revision("B");
static FIRMWARE: Characteristic = device_information::firmware_revision("1.2.3");
static SOFTWARE: Characteristic = device_information::software_revision("4");
static SYSTEM: Characteristic = device_information::system_id(&[1, 2, 3, 4, 5, 6, 7, 8]);
static PNP: Characteristic = device_information::pnp_id(&const { ID.encode() });
static MEASUREMENT: Characteristic = heart_rate::measurement();
static LOCATION: Characteristic = heart_rate::body_sensor_location(&[2]);
static RESET: Characteristic = heart_rate::control_point();
static TEMPERATURE: Characteristic = environmental_sensing::temperature();
static HUMIDITY: Characteristic = environmental_sensing::humidity();
static PRESSURE: Characteristic = environmental_sensing::pressure(&[0x02, 0x76, 0x0f, 0]);
static UART_RX: Characteristic = nordic_uart::rx();
static UART_TX: Characteristic = nordic_uart::tx();
static INFORMATION: Characteristic = hid::information(&[0x11, 0x01, 0, hid::REMOTE_WAKE]);
static MAP: Characteristic = hid::report_map(&[0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0xc0]);
static SUSPEND: Characteristic = hid::control_point();
static MODE: Characteristic = hid::protocol_mode();
static KEYS_REFERENCE: Descriptor = hid::report_reference(&[1, 1]);
static KEYS: Characteristic = hid::input_report(&[0; 8], &[&KEYS_REFERENCE]);
static LAMPS_REFERENCE: Descriptor = hid::report_reference(&[1, 2]);
static LAMPS: Characteristic = hid::output_report(&[0], &[&LAMPS_REFERENCE]);
static SETTING_REFERENCE: Descriptor = hid::report_reference(&[2, 3]);
static SETTING: Characteristic = hid::feature_report(&[0, 0], &[&SETTING_REFERENCE]);

static SERVICES: &[Service] = &[
    battery::service(&[&LEVEL]),
    device_information::service(&[
        &MAKER, &MODEL, &SERIAL, &HARDWARE, &FIRMWARE, &SOFTWARE, &SYSTEM, &PNP,
    ]),
    heart_rate::service(&[&MEASUREMENT, &LOCATION, &RESET]),
    environmental_sensing::service(&[&TEMPERATURE, &HUMIDITY, &PRESSURE]),
    nordic_uart::service(&[&UART_RX, &UART_TX]),
    hid::service(&[&INFORMATION, &MAP, &SUSPEND, &MODE, &KEYS, &LAMPS, &SETTING]),
];
/// No user is asked when a client pairs with it.
const DEVICE: Config = Config::new("standard")
    .services(SERVICES)
    .pairing(PairingConfig { consent: false, ..PairingConfig::DEFAULT });

/// Runs `app` with the device's host, its link, and the link of a client.
fn with_device(seed: u64, app: impl AsyncFnOnce(&Device, Connection<'_>, Connection<'_>)) {
    let scene = Scene::new(seed);
    let (device, phone) =
        (scene.device(DEVICE), scene.device(PHONE.client_security(ClientSecurity::Pair)));
    scene.run(&[&device, &phone], async {
        let (there, here) = scene.connect(&device, &phone).await;
        app(&device, there, here).await;
    });
}

async fn find<'h>(link: &Connection<'h>, service: Uuid, uuid: u16) -> RemoteCharacteristic<'h> {
    let service = link.service(service).await.unwrap();
    service.characteristic(Uuid::new_16(uuid)).await.unwrap()
}

async fn value(link: &Connection<'_>, of: &RemoteCharacteristic<'_>) -> Vec<u8> {
    let mut buffer = [0; 512];
    let len = link.read(of, &mut buffer).await.unwrap();
    buffer[..len].to_vec()
}

#[test]
fn battery_is_read_and_notified() {
    with_device(141, async |device, _there, here| {
        let level = find(&here, battery::SERVICE, 0x2a19).await;
        assert_eq!(level.properties(), Properties::READ | Properties::NOTIFY);
        assert_eq!(
            BatteryLevel::decode(&value(&here, &level).await),
            Ok(BatteryLevel::new(100).unwrap())
        );
        let mut levels = here.subscribe(&level).await.unwrap();
        let gatt = device.host().gatt();
        let now = BatteryLevel::from_value(42.4).unwrap().encode();
        gatt.write(&LEVEL, &now).unwrap();
        assert_eq!(gatt.notify_all(&LEVEL, &now).await, Ok(1));
        let mut buffer = [0; 9];
        assert_eq!(levels.next(&mut buffer).await, Ok(1));
        assert_eq!(BatteryLevel::decode(&buffer[..1]).unwrap().value(), Some(42.0));
        assert_eq!(value(&here, &level).await, [42]);
    });
}

#[test]
fn device_information_is_read() {
    with_device(142, async |_device, _there, here| {
        for (uuid, text) in [
            (0x2a29, &b"Acme"[..]),
            (0x2a24, b"M1"),
            (0x2a25, b"0001"),
            (0x2a27, b"B"),
            (0x2a26, b"1.2.3"),
            (0x2a28, b"4"),
            (0x2a23, &[1, 2, 3, 4, 5, 6, 7, 8]),
        ] {
            let found = find(&here, device_information::SERVICE, uuid).await;
            assert_eq!(found.properties(), Properties::READ);
            assert_eq!(value(&here, &found).await, text);
        }
        let pnp = find(&here, device_information::SERVICE, 0x2a50).await;
        assert_eq!(PnpId::decode(&value(&here, &pnp).await), Ok(ID));
    });
}

#[test]
fn heart_rate_is_measured_and_its_energy_reset() {
    with_device(143, async |_device, mut there, here| {
        let location = find(&here, heart_rate::SERVICE, 0x2a38).await;
        assert_eq!(value(&here, &location).await, [2]);
        let measurement = find(&here, heart_rate::SERVICE, 0x2a37).await;
        assert_eq!(measurement.properties(), Properties::NOTIFY);
        let reset = find(&here, heart_rate::SERVICE, 0x2a39).await;
        let client = async {
            let mut values = here.subscribe(&measurement).await.unwrap();
            let mut buffer = [0; 20];
            let len = values.next(&mut buffer).await.unwrap();
            let (value, intervals) = HeartRate::decode(&buffer[..len]).unwrap();
            assert_eq!((value.beats, value.contact, value.energy), (300, Some(true), Some(12)));
            assert_eq!(intervals.collect::<Vec<_>>(), [200, 201]);
            here.write(&reset, &[1]).await.unwrap();
        };
        let device = async {
            subscribed(&mut there, &MEASUREMENT).await;
            let now = HeartRate { beats: 300, contact: Some(true), energy: Some(12) };
            let mut buffer = [0; 20];
            there
                .notify(&MEASUREMENT, now.encode(&[200, 201], &mut buffer).unwrap())
                .await
                .unwrap();
            accept(&mut there, &RESET, &[1]).await;
        };
        join(client, device).await;
    });
}

#[test]
fn environmental_sensing_is_read_and_notified() {
    with_device(144, async |device, _there, here| {
        let temperature = find(&here, environmental_sensing::SERVICE, 0x2a6e).await;
        let humidity = find(&here, environmental_sensing::SERVICE, 0x2a6f).await;
        let pressure = find(&here, environmental_sensing::SERVICE, 0x2a6d).await;
        let unknown = value(&here, &temperature).await;
        assert_eq!(Temperature::decode(&unknown), Ok(Temperature::UNKNOWN));
        assert_eq!(Humidity::decode(&value(&here, &humidity).await), Ok(Humidity::UNKNOWN));
        let sea = Pressure::decode(&value(&here, &pressure).await).unwrap();
        assert_eq!(sea.value(), Some(101_325.0));
        let mut values = here.subscribe(&temperature).await.unwrap();
        let cold = Temperature::from_value(-4.25).unwrap().encode();
        let gatt = device.host().gatt();
        gatt.write(&TEMPERATURE, &cold).unwrap();
        assert_eq!(gatt.notify_all(&TEMPERATURE, &cold).await, Ok(1));
        let mut buffer = [0; 2];
        assert_eq!(values.next(&mut buffer).await, Ok(2));
        assert_eq!(Temperature::decode(&buffer).unwrap().value(), Some(-4.25));
        assert_eq!(value(&here, &temperature).await, cold);
    });
}

#[test]
fn nordic_uart_carries_bytes_both_ways() {
    with_device(145, async |_device, mut there, here| {
        let service = here.service(nordic_uart::SERVICE).await.unwrap();
        let rx = service.characteristic(nordic_uart::RX).await.unwrap();
        let tx = service.characteristic(nordic_uart::TX).await.unwrap();
        let client = async {
            let mut received = here.subscribe(&tx).await.unwrap();
            here.write_without_response(&rx, b"hello").await.unwrap();
            here.write(&rx, b"world").await.unwrap();
            let mut buffer = [0; 20];
            assert_eq!(received.next(&mut buffer).await, Ok(4));
            assert_eq!(&buffer[..4], b"back");
        };
        let device = async {
            accept(&mut there, &UART_RX, b"hello").await;
            accept(&mut there, &UART_RX, b"world").await;
            there.notify(&UART_TX, b"back").await.unwrap();
        };
        join(client, device).await;
    });
}

#[test]
fn hid_needs_encryption_and_carries_reports() {
    with_device(146, async |device, mut there, here| {
        let information = find(&here, hid::SERVICE, 0x2a4a).await;
        assert_eq!(
            value(&here, &information).await,
            [0x11, 0x01, 0, 1],
            "the client paired for that"
        );
        let map = find(&here, hid::SERVICE, 0x2a4b).await;
        assert_eq!(value(&here, &map).await.len(), 7);
        let mode = find(&here, hid::SERVICE, 0x2a4e).await;
        assert_eq!(value(&here, &mode).await, [1]);
        let suspend = find(&here, hid::SERVICE, 0x2a4c).await;
        here.write_without_response(&suspend, &[0]).await.unwrap();
        accept(&mut there, &SUSPEND, &[0]).await;

        // Each report has its reference.
        let mut reports = Vec::new();
        let mut characteristics = here.service(hid::SERVICE).await.unwrap().characteristics();
        while let Some(c) = characteristics.next().await.unwrap() {
            if c.uuid() != Uuid::new_16(0x2a4d) {
                continue;
            }
            let mut descriptors = c.descriptors();
            while let Some(descriptor) = descriptors.next().await.unwrap() {
                if descriptor.uuid() == Uuid::new_16(0x2908) {
                    let mut reference = [0; 2];
                    assert_eq!(here.read(&descriptor, &mut reference).await, Ok(2));
                    reports.push((reference, c));
                }
            }
        }
        let [([1, 1], keys), ([1, 2], lamps), ([2, 3], setting)] = reports[..] else {
            panic!("{reports:?}")
        };
        let gatt = device.host().gatt();
        let mut values = here.subscribe(&keys).await.unwrap();
        assert_eq!(gatt.notify_all(&KEYS, &[0, 0, 4, 0, 0, 0, 0, 0]).await, Ok(1));
        let mut buffer = [0; 8];
        assert_eq!((values.next(&mut buffer).await, buffer[2]), (Ok(8), 4));
        here.write_without_response(&lamps, &[2]).await.unwrap();
        here.write(&setting, &[3, 4]).await.unwrap();
        assert_eq!(gatt.read(&LAMPS, &mut buffer), Ok(1));
        assert_eq!((buffer[0], gatt.read(&SETTING, &mut buffer)), (2, Ok(2)));
        assert_eq!(buffer[..2], [3, 4]);
    });
}

/// Waits for this write to a characteristic that the application holds, and accepts it.
async fn accept(link: &mut Connection<'_>, of: &'static Characteristic, value: &[u8]) {
    loop {
        match link.next().await {
            Event::Write(request) if request.is(of) => {
                assert_eq!(request.value(), value);
                return request.accept();
            }
            Event::Disconnected(reason) => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}
