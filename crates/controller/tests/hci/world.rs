//! Ports and time, as an asynchronous host sees them.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bindrune_controller::{ControllerConfig, Port, PortReader, PortWriter, Unplugged, World};
use embassy_time::{Duration, Instant};
use embedded_io_async::{Read, Write};
use hex_literal::hex;

use crate::bench::MS;

const RESET: [u8; 4] = hex!("01 030c 00");
const RESET_COMPLETE: [u8; 7] = hex!("04 0e 04 01 030c 00");

async fn reset(reader: &mut PortReader, writer: &mut PortWriter) {
    writer.write_all(&RESET).await.unwrap();
    let mut event = [0; 7];
    reader.read_exact(&mut event).await.unwrap();
    assert_eq!(event, RESET_COMPLETE);
}

#[test]
fn time_jumps_to_the_next_deadline() {
    let world = World::new(1);
    let clock = world.clock();
    let mut port = world.add(ControllerConfig::new().command_latency(MS(3)));
    world.block_on(async {
        let (reader, writer) = port.halves();
        reset(reader, writer).await;
        assert_eq!(clock.now(), Instant::from_millis(3));
        clock.sleep(Duration::from_secs(3000)).await;
    });
    assert_eq!(world.now().as_millis(), 3_000_003);
}

#[test]
fn a_packet_may_be_read_in_parts_and_packets_together() {
    let world = World::new(1);
    let mut port = world.add(ControllerConfig::new());
    world.block_on(async {
        let (reader, writer) = port.halves();
        writer.write_all(&RESET).await.unwrap();
        let mut buffer = [0; 16];
        assert_eq!(reader.read(&mut buffer[..3]).await, Ok(3));
        assert_eq!(reader.read(&mut buffer[3..]).await, Ok(4));
        assert_eq!(buffer[..7], RESET_COMPLETE);
        assert_eq!(reader.read(&mut []).await, Ok(0));
        writer.write_all(&hex!("02 0000 0100 00" "07")).await.unwrap();
        assert_eq!(reader.read(&mut buffer).await, Ok(4));
        assert_eq!(buffer[..4], hex!("04 10 01 fe"));
    });
}

#[test]
fn an_endless_wait_is_an_error_with_a_reason() {
    let world = World::new(1);
    let (mut reader, _writer) = world.add(ControllerConfig::new()).split();
    let stuck = world.try_block_on(async { reader.read(&mut [0; 8]).await }).unwrap_err();
    assert_eq!(
        stuck.to_string(),
        "virtual time 0 µs: no further event is possible; sleeping tasks: 0; controllers whose port is being \
         read: [0]; the air: 0 links; #0: 0 links"
    );
    world.set_limit(Duration::from_secs(5));
    let sleep = async { world.clock().sleep(Duration::from_secs(6)).await };
    let stuck = world.try_block_on(sleep).unwrap_err().to_string();
    assert!(stuck.contains("limit") && stuck.contains("Host::sleep"), "{stuck}");
    let spin = std::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    assert!(world.try_block_on(spin).unwrap_err().to_string().contains("endlessly"));
}

#[test]
fn unplugging_ends_reading_and_writing() {
    let world = World::new(1);
    let port = world.add(ControllerConfig::new());
    let id = port.id();
    let (mut reader, mut writer) = port.split();
    world.block_on(async { writer.write_all(&RESET).await }).unwrap();
    let wakes = Arc::new(Count::default());
    let waker = Waker::from(wakes.clone());
    {
        let mut buffer = [0; 8];
        let mut read = pin!(reader.read_exact(&mut buffer));
        let mut cx = Context::from_waker(&waker);
        assert!(std::future::Future::poll(read.as_mut(), &mut cx).is_pending());
        world.unplug(id);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    }
    assert_eq!(world.block_on(reader.read(&mut [0; 8])), Err(Unplugged));
    assert_eq!(world.block_on(writer.write(&RESET)), Err(Unplugged));
    let mut port = world.plug(id);
    let (reader, writer) = port.halves();
    world.block_on(reset(reader, writer));
    let newer = world.plug(id);
    assert_eq!(world.block_on(writer.write(&RESET)), Err(Unplugged), "only one port can be in use");
    drop(newer);
}

#[derive(Default)]
struct Count(AtomicU32);

impl std::task::Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_world_can_be_driven_by_a_clock_of_the_callers() {
    let world = World::new(1);
    let mut port = world.add(ControllerConfig::new());
    let (reader, writer) = port.halves();
    let mut session = pin!(reset(reader, writer));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(session.as_mut().poll(&mut cx).is_pending());
    let next = world.drive(Instant::from_micros(10)).unwrap();
    assert_eq!(next, Instant::from_micros(500));
    assert!(session.as_mut().poll(&mut cx).is_pending());
    assert_eq!(world.drive(next), None);
    assert!(session.as_mut().poll(&mut cx).is_ready());
}

#[test]
fn in_real_time_the_world_runs_by_itself() {
    let world = World::new(1);
    let mut port = world.add(ControllerConfig::new());
    let real_time = world.spawn_real_time();
    let (reader, writer) = port.halves();
    world.block_on(reset(reader, writer));
    let now = world.now();
    assert!(now >= Instant::from_micros(500));
    world.block_on(world.clock().sleep(MS(2)));
    assert!(world.now() >= now + MS(2));
    drop(real_time);
}

#[test]
fn ports_and_worlds_may_go_to_other_threads() {
    fn is_send<T: Send + Sync>() {}
    is_send::<World>();
    is_send::<Port>();
    is_send::<bindrune_controller::VirtualClock>();
}

/// Ten bits for each octet: four of a command, seven of its answer, and 500 µs in between.
#[test]
fn a_serial_line_takes_its_time() {
    for (baud, micros) in [(Some(9600), 4167 + 500 + 7292), (None, 500)] {
        let world = World::new(1);
        let (mut reader, mut writer) = world.add(ControllerConfig::new()).split_over_line(baud);
        world.block_on(async {
            writer.write_all(&[0x01, 0x03, 0x0c, 0x00]).await.unwrap();
            let mut event = [0; 7];
            reader.read_exact(&mut event).await.unwrap();
            assert_eq!(event, [0x04, 0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00]);
        });
        let took = world.now().as_micros();
        assert!(took.abs_diff(micros) <= 2, "{baud:?}: {took}, not {micros}");
    }
}
