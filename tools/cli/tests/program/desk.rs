//! Controllers in this process, with properties that `bindrune controller` does not have.

use std::{net::TcpListener, thread, time::Duration};

use bindrune_controller::{ControllerConfig, ControllerId, World};
use embedded_io_async::{Read as _, Write as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::LocalSet,
};

/// Time without reception, in which a new link is given up.
const OUTAGE: Duration = Duration::from_millis(500);

/// Two controllers on one air, which serve until the tests end.
pub(crate) struct Desk {
    ports: [String; 2],
}

impl Desk {
    /// Controllers without an address of their own.
    pub(crate) fn nameless() -> Self {
        Self::start([(); 2].map(|()| ControllerConfig::new().no_public_address()), false)
    }

    /// Controllers that do not hear each other for a moment after the second one has connected the first time.
    pub(crate) fn flaky() -> Self {
        Self::start([(); 2].map(|()| ControllerConfig::new()), true)
    }

    /// The transports.
    pub(crate) fn ports(&self) -> [&str; 2] {
        self.ports.each_ref().map(String::as_str)
    }

    fn start(configs: [ControllerConfig; 2], flaky: bool) -> Self {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
        let ports = listeners
            .each_ref()
            .map(|listener| format!("tcp-client:{}", listener.local_addr().expect("an address")));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            LocalSet::new()
                .block_on(&runtime.expect("a runtime"), serve(configs, listeners, flaky));
        });
        Self { ports }
    }
}

async fn serve(configs: [ControllerConfig; 2], listeners: [TcpListener; 2], flaky: bool) {
    let world = World::new(31);
    let ids = configs.map(|config| world.add(config).id());
    let _time = world.spawn_real_time();
    let mut served = tokio::task::JoinSet::new();
    for (listener, id) in listeners.into_iter().zip(ids) {
        listener.set_nonblocking(true).expect("a listener");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let (world, flaky) = (world.clone(), (flaky && id == ids[1]).then_some(ids));
        served.spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a host");
                pump(&world, id, stream, flaky).await;
                world.unplug(id);
            }
        });
    }
    served.join_all().await;
}

async fn pump(
    world: &World,
    id: ControllerId,
    stream: TcpStream,
    mut flaky: Option<[ControllerId; 2]>,
) {
    let (mut from_host, mut to_host) = stream.into_split();
    let (mut from_controller, mut to_controller) = world.plug(id).split();
    let down = async {
        let mut block = vec![0; 4096];
        while let Ok(len @ 1..) = from_host.read(&mut block).await {
            to_controller.write_all(&block[..len]).await.expect("a controller");
        }
    };
    let up = async {
        let mut block = vec![0; 4096];
        loop {
            let len = from_controller.read(&mut block).await.expect("a controller");
            let connected = |event: &[u8]| matches!(event, [0x04, 0x3e, _, 0x01 | 0x0a | 0x29, 0]);
            if block[..len].windows(5).any(connected)
                && let Some([a, b]) = flaky.take()
            {
                world.set_reachable(a, b, false);
                let world = world.clone();
                tokio::task::spawn_local(async move {
                    tokio::time::sleep(OUTAGE).await;
                    world.set_reachable(a, b, true);
                });
            }
            if to_host.write_all(&block[..len]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = down => {}
        () = up => {}
    }
}
