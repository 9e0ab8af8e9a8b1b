//! Connect, pair, read, notify, 64 KiB through a channel in both directions: in both roles over each trait.

use bindrune_bt_hci::{
    bt_hci_0_8, bt_hci_0_8::bt_hci::transport::SerialTransport as SerialTransport08, bt_hci_0_10,
    bt_hci_0_11, transport_0_1,
};
use bindrune_bt_hci_tests::{Direct, Pair};
use bindrune_controller::Port;
use bt_hci_serial::SerialTransport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;

/// Share of lost packets, in percent.
const LOSSES: [u8; 2] = [0, 5];

/// Returns a driver with the `Transport` of bt-hci-transport 0.1.
fn serial(
    port: Port,
) -> SerialTransport<NoopRawMutex, bindrune_controller::PortReader, bindrune_controller::PortWriter>
{
    let (reader, writer) = port.split();
    SerialTransport::new(reader, writer)
}

/// Runs both hosts over the driver that `drive` creates from a port.
fn both(seed: u64, drive: impl AsyncFn(&bindrune::Host, Port, &Pair) -> String) {
    for loss in LOSSES {
        let (pair, [lock, phone]) = Pair::new(seed, loss);
        pair.run(drive(&pair.lock, lock, &pair), drive(&pair.phone, phone, &pair));
        for id in pair.ids {
            let violations = pair.world.violations(id);
            assert!(violations.is_none(), "{violations}");
        }
    }
}

#[test]
fn over_a_transport_of_0_1() {
    both(1, async |host, port, pair| {
        let driver = serial(port);
        let (rx, tx) = transport_0_1::split(&driver);
        host.run_with(rx, tx, pair.platform()).await.to_string()
    });
}

#[test]
fn over_a_transport_of_bt_hci_0_8() {
    both(2, async |host, port, pair| {
        let (reader, writer) = port.split();
        let driver = SerialTransport08::<NoopRawMutex, _, _>::new(reader, writer);
        let (rx, tx) = bt_hci_0_8::split(&driver);
        host.run_with(rx, tx, pair.platform()).await.to_string()
    });
}

#[test]
fn over_the_external_controller_of_bt_hci_0_10() {
    use bt_hci_0_10::{
        Described, Legacy, ParameterRequests, PrivateAddresses, Typed,
        bt_hci::controller::ExternalController,
    };
    // That version writes a wrong length of advertising data if its commands are written asynchronously.
    type Set = (Legacy, Described, PrivateAddresses, ParameterRequests);
    both(3, async |host, port, pair| {
        let controller = ExternalController::<_, 4>::new(serial(port));
        let mut adapter = Typed::<_>::new(&controller);
        let end = adapter.run::<Set, _>(|rx, tx| host.run_with(rx, tx, pair.platform())).await;
        end.to_string()
    });
}

#[test]
fn over_the_external_controller_of_bt_hci_0_11() {
    use bt_hci_0_11::{
        Described, ExtendedAdvertise, ExtendedCentral, Legacy, P256, ParameterRequests,
        PrivateAddresses, Typed, bt_hci::controller::ExternalController,
    };
    type Central = (ExtendedCentral, PrivateAddresses, ParameterRequests, P256);
    type Set = (Legacy, Described, ExtendedAdvertise, Central);
    both(4, async |host, port, pair| {
        let controller = ExternalController::<_, 4>::new(serial(port));
        let mut adapter = Typed::<_>::new(&controller);
        let end = adapter.run::<Set, _>(|rx, tx| host.run_with(rx, tx, pair.platform())).await;
        end.to_string()
    });
}

#[test]
fn over_a_controller_in_the_same_process() {
    use bt_hci_0_10::{Everything, Typed};
    both(5, async |host, port, pair| {
        let controller = Direct::new(port);
        let mut adapter = Typed::<_>::new(&controller);
        let end =
            adapter.run::<Everything, _>(|rx, tx| host.run_with(rx, tx, pair.platform())).await;
        end.to_string()
    });
}

#[test]
fn with_the_legacy_commands_alone() {
    use bt_hci_0_10::{Central, Peripheral, Typed};
    let (pair, [lock, phone]) = Pair::new(6, 0);
    let (lock, phone) = (Direct::new(lock), Direct::new(phone));
    let (mut one, mut other) = (Typed::<_>::new(&lock), Typed::<_>::new(&phone));
    pair.run(
        one.run::<Peripheral, _>(|rx, tx| pair.lock.run_with(rx, tx, pair.platform())),
        other.run::<Central, _>(|rx, tx| pair.phone.run_with(rx, tx, pair.platform())),
    );
}
