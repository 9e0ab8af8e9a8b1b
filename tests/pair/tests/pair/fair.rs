//! What one task sends without a pause does not stop what the others of its link send.

use core::{
    cell::Cell,
    pin::{Pin, pin},
};

use bindrune::{ChannelConfig, Cid, Config, Error, Event, Host, Psm, Resources};
use bindrune_controller::ControllerConfig;
use bindrune_pair::{Scene, Task};
use embassy_futures::{
    join::{join, join_array},
    poll_once,
};

use crate::table::{ALERT, BATTERY, COMMAND, LAB, LAMP, LEVEL, SERVICES, STREAM, find, subscribed};

/// Configuration of the host with little memory.
const SMALL_LAMP: Config = Config::new("fair lamp").services(SERVICES).prepare_bytes(600);

const PSM: Psm = Psm(0x81);
const OWN: Cid = Cid(0x3e);
const KINDS: [&str; 6] =
    ["reads of the peer", "own reads", "values", "indications", "PDUs", "SDUs"];

type Endless<'f> = Pin<Box<dyn Future<Output = ()> + 'f>>;

/// Returns a host with this many transmit packets.
fn host<const TX: usize>() -> Host {
    let memory = Box::leak(Box::new(Resources::<1, 1, 20, TX, 264, 4096>::new()));
    Host::new(memory, SMALL_LAMP).unwrap()
}

#[derive(Default)]
struct Counts([Cell<u32>; 6]);

impl Counts {
    fn add<T>(&self, kind: usize, result: Result<T, Error>) {
        result.unwrap();
        self.0[kind].set(self.0[kind].get() + 1);
    }
}

fn endless<'f>(mut once: impl AsyncFnMut() + 'f) -> Endless<'f> {
    Box::pin(async move {
        loop {
            once().await;
        }
    })
}

/// Does everything at once for 10 s, and returns how often each kind of [`KINDS`] succeeded. `apart`: in tasks with
/// wakers of their own.
fn everything_at_once(lamp: Host, buffers: u8, apart: bool) -> [u32; 6] {
    let scene = Scene::new(170);
    let controller = ControllerConfig::new().acl_buffers(251, buffers);
    let lamp = scene.device_of_on(controller.clone(), lamp, SMALL_LAMP);
    let phone = scene.device_on(controller, LAMP);
    let counts = Counts::default();
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let (level, far_level) =
            (find(&here, BATTERY, &LEVEL).await, find(&there, BATTERY, &LEVEL).await);
        let mut values = here.subscribe(&find(&here, LAB, &STREAM).await).await.unwrap();
        let mut alerts = here.subscribe(&find(&here, LAB, &ALERT).await).await.unwrap();
        subscribed(&mut there, &ALERT).await;
        let mut listener = phone.host().listen(PSM, ChannelConfig::DEFAULT).unwrap();
        let opened = there.open_channel(PSM, ChannelConfig::DEFAULT);
        let (far, near) = join(opened, listener.accept()).await;
        let (mut far, mut near) = (far.unwrap(), near.unwrap().1);
        let (mut sender, mut receiver) =
            (there.fixed_channel(OWN).unwrap(), here.fixed_channel(OWN).unwrap());
        let (here, there) = (&here, &there);
        let tasks: [Endless<'_>; 10] = [
            endless(async || there.notify(&STREAM, &[1; 200]).await.unwrap()),
            endless(async || counts.add(0, here.read(&level, &mut [0; 10]).await)),
            endless(async || counts.add(1, there.read(&far_level, &mut [0; 10]).await)),
            endless(async || counts.add(2, values.next(&mut [0; 200]).await)),
            endless(async || counts.add(3, there.indicate(&ALERT, &[1; 20]).await)),
            endless(async || assert_eq!(alerts.next(&mut [0; 20]).await, Ok(20))),
            endless(async || sender.send(&[1; 200]).await.unwrap()),
            endless(async || counts.add(4, receiver.recv(&mut [0; 200]).await)),
            endless(async || far.send(&[1; 240]).await.unwrap()),
            endless(async || counts.add(5, near.recv(&mut [0; 240]).await)),
        ];
        match apart {
            true => drop(scene.within(10_000, join_array(tasks.map(Task::new))).await),
            false => drop(scene.within(10_000, join_array(tasks)).await),
        }
    });
    counts.0.map(Cell::into_inner)
}

#[test]
fn no_task_stops_because_another_one_sends_without_a_pause() {
    let hosts: [(usize, fn() -> Host); 4] =
        [(2, host::<2>), (3, host::<3>), (4, host::<4>), (8, host::<8>)];
    for (buffers, least) in [(1, 4), (2, 10), (3, 400), (8, 300)] {
        for (packets, lamp) in hosts {
            for apart in [false, true] {
                let counts = everything_at_once(lamp(), buffers, apart);
                let of = format!("{buffers} buffers, {packets} packets, apart: {apart}");
                assert!(counts.iter().all(|count| *count >= least), "{of}: {counts:?} {KINDS:?}");
            }
        }
    }
}

/// Lets three tasks notify and write without an answer for 10 s. The third polls some of its futures once, and keeps
/// them for a second. Returns how often each succeeded.
fn one_kind(buffers: u8, apart: bool) -> [u32; 3] {
    let scene = Scene::new(171);
    let controller = ControllerConfig::new().acl_buffers(251, buffers);
    let lamp = scene.device_of_on(controller.clone(), host::<4>(), SMALL_LAMP);
    let phone = scene.device_on(controller, LAMP);
    let counts = Counts::default();
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let mut values = here.subscribe(&find(&here, LAB, &STREAM).await).await.unwrap();
        subscribed(&mut there, &STREAM).await;
        let command = find(&there, LAB, &COMMAND).await;
        let (there, mut events) = (&there, here.clone());
        let tasks: [Endless<'_>; 5] = [
            endless(async || counts.add(0, there.notify(&STREAM, &[1; 200]).await)),
            endless(async || counts.add(1, there.write_without_response(&command, &[1; 9]).await)),
            endless(async || {
                let mut held = pin!(there.notify(&STREAM, &[2; 200]));
                if poll_once(held.as_mut()).is_pending() {
                    scene.sleep(1000).await;
                    counts.add(2, held.await);
                }
            }),
            endless(async || assert!(values.next(&mut [0; 200]).await.is_ok())),
            endless(async || {
                if let Event::Write(request) = events.next().await {
                    request.accept();
                }
            }),
        ];
        match apart {
            true => drop(scene.within(10_000, join_array(tasks.map(Task::new))).await),
            false => drop(scene.within(10_000, join_array(tasks)).await),
        }
    });
    let [a, b, c, ..] = counts.0.map(Cell::into_inner);
    [a, b, c]
}

#[test]
fn tasks_of_one_kind_take_turns_and_wait_for_none_that_is_not_polled() {
    for (buffers, least) in [(1, 70), (3, 1000), (8, 1000)] {
        for apart in [false, true] {
            let [notified, written, held] = one_kind(buffers, apart);
            let counts =
                format!("{buffers} buffers, apart: {apart}: {notified}, {written}, {held}");
            assert!(notified >= least && notified.abs_diff(written) < 20, "{counts}");
            assert!((5..=12).contains(&held), "{counts}");
        }
    }
}
