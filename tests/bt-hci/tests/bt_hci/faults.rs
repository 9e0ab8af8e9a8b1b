//! Missing or wrong commands, drivers that fail, packets that do not fit, dropped runs.

use bindrune::{Advertisement, Config, Error as HostError, RunError};
use bindrune_bt_hci::{
    Error,
    bt_hci_0_10::{Commands, Described, Everything, Peripheral, Typed},
    transport_0_1,
};
use bindrune_bt_hci_tests::{Direct, Fault, Faulty, Pair, host, platform};
use bindrune_controller::{ControllerConfig, World};
use bt_hci_serial::SerialTransport;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_time::Duration;
use embedded_io_async::{Read, Write};

/// Writes H4 octets through an adapter, and returns the event that answers.
fn answers<S: Commands<Direct>>(commands: &[&[u8]]) -> Vec<Vec<u8>> {
    let world = World::new(1);
    let controller = Direct::new(world.add(ControllerConfig::new()));
    let mut adapter = Typed::<_>::new(&controller);
    world.block_on(adapter.run::<S, _>(|mut rx, mut tx| async move {
        let mut seen = Vec::new();
        for command in commands {
            tx.write_all(command).await.unwrap();
            tx.flush().await.unwrap();
            let mut event = [0; 264];
            let len = rx.read(&mut event).await.unwrap();
            seen.push(event[..len].to_vec());
        }
        seen
    }))
}

const RESET: &[u8] = &[1, 3, 0x0c, 0];
const READ_LOCAL_SUPPORTED_COMMANDS: &[u8] = &[1, 2, 0x10, 0];

#[test]
fn a_command_that_is_not_in_the_set_is_unknown() {
    // LE Read Local P-256 Public Key, LE Set Scan Enable, a vendor command, an unassigned opcode.
    for [low, high] in [[0x25, 0x20], [0x0c, 0x20], [0x09, 0xfc], [0xff, 0x0b]] {
        let seen = answers::<Peripheral>(&[RESET, &[1, low, high, 2, 0, 0]]);
        assert_eq!(seen[0], [4, 0x0e, 4, 1, 3, 0x0c, 0]);
        assert_eq!(seen[1], [4, 0x0f, 4, 1, 1, low, high], "{low:02x}{high:02x}");
    }
}

#[test]
fn parameters_that_are_not_those_of_the_command_are_refused() {
    // Set Event Mask without its mask, LE Set PHY with too many octets; an invalid boolean.
    let seen = answers::<Everything>(&[
        &[1, 1, 0x0c, 0],
        &[1, 0x32, 0x20, 8, 0x40, 0, 0, 1, 1, 0, 0, 0],
        &[1, 0x0a, 0x20, 1, 7],
        &[1, 0x41, 0x20, 3, 0, 0, 1],
        &[1, 0x43, 0x20, 10, 0, 0, 0, 1, 2, 3, 4, 5, 6, 1],
    ]);
    assert_eq!(seen[0], [4, 0x0e, 4, 1, 1, 0x0c, 0x12]);
    assert_eq!(seen[1], [4, 0x0f, 4, 0x12, 1, 0x32, 0x20]);
    assert_eq!(seen[2], [4, 0x0e, 4, 1, 0x0a, 0x20, 0x12]);
    assert_eq!(seen[3], [4, 0x0e, 4, 1, 0x41, 0x20, 0x12]);
    assert_eq!(seen[4], [4, 0x0f, 4, 0x12, 1, 0x43, 0x20]);
}

#[test]
fn refused_commands_are_answered_by_the_event_of_their_kind() {
    // LE Set Advertising Enable before its parameters are set is allowed; Disconnect and LE Set Data Length need a
    // link.
    let seen = answers::<Everything>(&[
        &[1, 6, 4, 3, 0x40, 0, 0x13],
        &[1, 0x22, 0x20, 6, 0x40, 0, 0xfb, 0, 0x48, 8],
    ]);
    assert_eq!(seen[0], [4, 0x0f, 4, 2, 1, 6, 4]);
    // The type does not contain the return parameters after the status.
    assert_eq!(seen[1], [4, 0x0e, 4, 1, 0x22, 0x20, 2]);
}

#[test]
fn commands_that_are_not_in_the_set_are_not_reported_as_supported() {
    let supports = |answer: &[u8], octet: usize, bit: u8| answer[7 + octet] & 1 << bit != 0;
    let [described, all, fewer] = [
        answers::<(Everything, Described)>(&[READ_LOCAL_SUPPORTED_COMMANDS]).remove(0),
        answers::<Everything>(&[READ_LOCAL_SUPPORTED_COMMANDS]).remove(0),
        answers::<Peripheral>(&[READ_LOCAL_SUPPORTED_COMMANDS]).remove(0),
    ];
    assert_eq!((described.len(), all.len(), fewer.len()), (71, 71, 71));
    // LE Read Supported States.
    assert!(supports(&described, 28, 3) && !supports(&all, 28, 3));
    assert!(supports(&described, 26, 3));
    // Reset and LE Set Advertising Enable are in both sets, LE Set Scan Enable and Host Buffer Size in one, P-256 in
    // none.
    assert!(supports(&all, 5, 7) && supports(&fewer, 5, 7));
    assert!(supports(&all, 26, 1) && supports(&fewer, 26, 1));
    assert!(supports(&all, 26, 3) && !supports(&fewer, 26, 3));
    assert!(supports(&all, 10, 6) && !supports(&fewer, 10, 6));
    assert!(!supports(&all, 34, 1) && !supports(&fewer, 34, 1));
}

#[test]
fn a_host_works_without_commands_that_are_not_in_the_set() {
    let (pair, [lock, _phone]) = Pair::new(2, 0);
    let controller = Direct::new(lock);
    let mut adapter = Typed::<_>::new(&controller);
    let run = adapter.run::<Peripheral, _>(|rx, tx| pair.lock.run_with(rx, tx, pair.platform()));
    let scan = async {
        pair.lock.controller().await.unwrap();
        let mut scanner = pair.lock.scan(&bindrune::Scan::passive()).unwrap();
        scanner.next(&mut [0; 64]).await.map(|_| ())
    };
    let Either::Second(result) = pair.world.block_on(select(run, scan)) else {
        panic!("the host ended")
    };
    assert!(matches!(result, Err(HostError::Unsupported | HostError::Controller(_))), "{result:?}");
    assert!(pair.world.violations(pair.ids[0]).is_none());
}

/// Runs a host on `controller` until it fails, and again without the fault until it is ready.
fn fails_once(fault: Fault, expected: Error<Faulty>) {
    let world = World::new(3);
    let (controller, host) =
        (Direct::new(world.add(ControllerConfig::new())), host(Config::new("Lamp")));
    let mut adapter = Typed::<_>::new(&controller);
    controller.set_fault(Some(fault));
    let run = adapter.run::<Everything, _>(|rx, tx| host.run_with(rx, tx, platform(world.clock())));
    let end = world.block_on(run);
    assert_eq!(end, RunError::Transport(expected), "{fault:?}");
    controller.set_fault(None);
    let run = adapter.run::<Everything, _>(|rx, tx| host.run_with(rx, tx, platform(world.clock())));
    match world.block_on(select(run, host.controller())) {
        Either::Second(ready) => assert!(ready.is_ok()),
        Either::First(end) => panic!("{fault:?}: {end}"),
    }
}

#[test]
fn an_error_of_the_driver_ends_the_run_and_the_next_one_works() {
    fails_once(Fault::Command, Error::Controller(Faulty(Fault::Command)));
}

/// Makes the lock fail once a link is up.
fn fails_with_a_link(fault: Fault, expected: Error<Faulty>) {
    let (pair, [lock, phone]) = Pair::new(4, 0);
    let controller = Direct::new(lock);
    let mut adapter = Typed::<_>::new(&controller);
    let run = adapter.run::<Everything, _>(|rx, tx| pair.lock.run_with(rx, tx, pair.platform()));
    let (rx, tx) = phone.split();
    let app = async {
        let peer = pair.lock.controller().await.unwrap().address;
        let advertisement = Advertisement::connectable();
        let links = join(pair.lock.advertise(&advertisement), pair.phone.connect(&peer));
        let (lock, _phone) = links.await;
        controller.set_fault(Some(fault));
        let _services = lock.unwrap().services().next().await.is_ok();
        core::future::pending::<()>().await;
    };
    let both = select(run, select(pair.phone.run_with(rx, tx, pair.platform()), app));
    let Either::First(end) = pair.world.block_on(both) else { panic!("the run did not end") };
    assert_eq!(end, RunError::Transport(expected), "{fault:?}");
}

#[test]
fn errors_of_reading_and_writing_are_those_of_the_transport() {
    fails_with_a_link(Fault::Write, Error::Controller(Faulty(Fault::Write)));
    fails_with_a_link(Fault::Read, Error::Controller(Faulty(Fault::Read)));
}

#[test]
fn a_packet_longer_than_the_buffer_is_an_error_with_both_lengths() {
    fails_with_a_link(Fault::Long, Error::TooLong { len: 300, max: 264 });
}

#[test]
fn a_transport_reports_a_packet_longer_than_its_buffer() {
    let world = World::new(5);
    let (reader, writer) = world.add(ControllerConfig::new()).split();
    let driver = SerialTransport::<NoopRawMutex, _, _>::new(reader, writer);
    let (mut rx, mut tx) = transport_0_1::split_with::<_, 32>(&driver);
    world.block_on(async {
        let mut event = [0; 32];
        // Its answer has 71 octets; the next one is found after it.
        tx.write_all(READ_LOCAL_SUPPORTED_COMMANDS).await.unwrap();
        let error = rx.read(&mut event).await;
        assert_eq!(error, Err(Error::TooLong { len: 71, max: 32 }));
        tx.write_all(RESET).await.unwrap();
        assert_eq!(rx.read(&mut event).await, Ok(7));
        assert_eq!(event[..7], [4, 0x0e, 4, 1, 3, 0x0c, 0]);
    });
}

#[test]
fn octets_are_read_and_written_in_any_parts() {
    let world = World::new(6);
    let (reader, writer) = world.add(ControllerConfig::new()).split();
    let driver = SerialTransport::<NoopRawMutex, _, _>::new(reader, writer);
    let (mut rx, mut tx) = transport_0_1::split(&driver);
    world.block_on(async {
        for octet in RESET {
            tx.write_all(&[*octet]).await.unwrap();
        }
        tx.flush().await.unwrap();
        let mut event = [0; 7];
        for place in event.chunks_mut(2) {
            rx.read_exact(place).await.unwrap();
        }
        assert_eq!(event, [4, 0x0e, 4, 1, 3, 0x0c, 0]);
        assert_eq!(tx.write_all(&[4, 0, 0]).await, Err(Error::Indicator(4)));
    });
}

#[test]
fn an_unplugged_controller_ends_the_run() {
    let (pair, [lock, _phone]) = Pair::new(7, 0);
    let (reader, writer) = lock.split();
    let driver = SerialTransport::<NoopRawMutex, _, _>::new(reader, writer);
    let (rx, tx) = transport_0_1::split(&driver);
    let unplug = async {
        pair.lock.controller().await.unwrap();
        pair.world.unplug(pair.ids[0]);
        core::future::pending::<()>().await;
    };
    let run = pair.lock.run_with(rx, tx, pair.platform());
    let Either::First(end) = pair.world.block_on(select(run, unplug)) else { panic!("no end") };
    assert!(matches!(end, RunError::Transport(Error::Controller(_))), "{end}");
}

/// A command that never ends does not block the Reset that follows it.
#[test]
fn a_command_that_hangs_is_given_up_for_the_reset() {
    let world = World::new(8);
    let (controller, host) =
        (Direct::new(world.add(ControllerConfig::new())), host(Config::new("Lamp")));
    let mut adapter = Typed::<_>::new(&controller);
    let run = adapter.run::<Everything, _>(|rx, tx| host.run_with(rx, tx, platform(world.clock())));
    let app = async {
        host.controller().await.unwrap();
        controller.set_fault(Some(Fault::Hang));
        let mut events = host.watch_controller();
        let advertisement = Advertisement::connectable();
        let advertise = select(host.advertise(&advertisement), async {
            let mut event = events.next().await;
            while matches!(event, bindrune::ControllerEvent::Ready) {
                event = events.next().await;
            }
            controller.set_fault(None);
            event
        });
        let Either::Second(lost) = advertise.await else { panic!("no link can be up") };
        assert!(matches!(lost, bindrune::ControllerEvent::Lost(_)), "{lost:?}");
        assert_eq!(events.next().await, bindrune::ControllerEvent::Ready);
        world.clock().sleep(Duration::from_secs(1)).await;
        assert_eq!(host.controller().await.map(|info| info.acl_len), Ok(251));
    };
    match world.block_on(select(run, app)) {
        Either::Second(()) => {}
        Either::First(end) => panic!("{end}"),
    }
}

/// Drops the run after each number of polls, and runs it again.
#[test]
fn a_dropped_run_may_be_called_again() {
    for polls in 1..60 {
        let world = World::new(9);
        let (controller, host) =
            (Direct::new(world.add(ControllerConfig::new())), host(Config::new("Lamp")));
        let mut adapter = Typed::<_>::new(&controller);
        let mut run = Box::pin(
            adapter.run::<Everything, _>(|rx, tx| host.run_with(rx, tx, platform(world.clock()))),
        );
        let mut left = polls;
        world.block_on(core::future::poll_fn(|cx| {
            left -= 1;
            let pending = run.as_mut().poll(cx).is_pending();
            assert!(pending);
            cx.waker().wake_by_ref();
            if left == 0 { core::task::Poll::Ready(()) } else { core::task::Poll::Pending }
        }));
        drop(run);
        let run =
            adapter.run::<Everything, _>(|rx, tx| host.run_with(rx, tx, platform(world.clock())));
        match world.block_on(select(run, host.controller())) {
            Either::Second(ready) => assert!(ready.is_ok(), "after {polls} polls"),
            Either::First(end) => panic!("after {polls} polls: {end}"),
        }
    }
}
