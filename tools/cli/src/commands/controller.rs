//! `controller`: serves virtual controllers to other hosts, over TCP, on one air.

pub(crate) mod cli;

use bindrune_controller::{ClassicConfig, ControllerConfig, ControllerId, World};
use embassy_time::Duration;
use embedded_io_async::{Read as _, Write as _};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{JoinSet, LocalSet},
};

use crate::{
    advice,
    failure::Failure,
    output::{Output, Record},
    paint::Paint,
    stop,
};

/// Bytes that are copied at once.
const BLOCK: usize = 16 * 1024;

/// An event of a controller.
#[derive(Clone, Debug, Serialize)]
struct Event {
    event: &'static str,
    controller: usize,
    #[serde(rename = "listen")]
    address: String,
}

impl Record for Event {
    fn human(&self, paint: Paint) -> String {
        let event = paint.green(&format!("{:<13}", self.event));
        format!(" {event} controller {} on {}", self.controller, self.address)
    }
}

pub(super) async fn run(out: Output, options: cli::Controller) -> Result<(), Failure> {
    let world = World::new(options.seed);
    world.set_loss(options.loss);
    let latency = Duration::from_micros(micros(options.latency)?);
    let mut listeners = Vec::new();
    for address in options.listen {
        let config = ControllerConfig::new()
            .command_latency(latency)
            .acl_buffers(options.acl_buffers.0, options.acl_buffers.1);
        let config = if options.classic { config.classic(ClassicConfig::new()) } else { config };
        let id = world.add(config).id();
        let listener = TcpListener::bind(&address).await.map_err(|error| {
            Failure::failed(format!("cannot listen on {address}: {error}"))
                .advise(advice::cannot_listen(error.kind()))
        })?;
        listeners.push((listener, id, address));
    }
    let _time = world.spawn_real_time();
    let local = LocalSet::new();
    let serve = local.run_until(async {
        let mut served = JoinSet::new();
        for (number, (listener, id, address)) in listeners.into_iter().enumerate() {
            let event = Event { event: "listening", controller: number.saturating_add(1), address };
            out.record(&event)?;
            let line = Line { world: world.clone(), id, baud: options.baud };
            served.spawn_local(serve(line, listener, out, event));
        }
        while let Some(end) = served.join_next().await {
            end.unwrap_or(Ok(()))?;
        }
        Ok(())
    });
    tokio::select! {
        end = serve => end,
        () = stop::requested() => Ok(()),
        () = stop::output_closed() => Ok(()),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range was checked"
)]
fn micros(milliseconds: f64) -> Result<u64, Failure> {
    if !(0.0..=10_000.0).contains(&milliseconds) {
        return Err(Failure::usage("--latency must be 0 to 10000 ms"));
    }
    Ok((milliseconds * 1000.0) as u64)
}

/// A controller, and the serial line in front of it.
struct Line {
    world: World,
    id: ControllerId,
    baud: Option<u32>,
}

/// Serves one host after another with one controller, and powers it off in between.
async fn serve(
    line: Line,
    listener: TcpListener,
    out: Output,
    event: Event,
) -> Result<(), Failure> {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => return Err(Failure::failed(format!("{}: {error}", event.address))),
        };
        out.record(&Event { event: "connected", ..event.clone() })?;
        if let Err(error) = pump(&line, stream).await {
            log::info!("{}: {error}", event.address);
        }
        line.world.unplug(line.id);
        out.record(&Event { event: "disconnected", ..event.clone() })?;
    }
}

/// Copies bytes in both directions until the host disconnects.
async fn pump(line: &Line, stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut from_host, mut to_host) = stream.into_split();
    let (mut from_controller, mut to_controller) =
        line.world.plug(line.id).split_over_line(line.baud);
    let down = async {
        let mut block = vec![0; BLOCK];
        loop {
            let octets = match from_host.read(&mut block).await? {
                0 => return Ok(()),
                len => block.get(..len).unwrap_or_default(),
            };
            to_controller.write_all(octets).await.map_err(std::io::Error::other)?;
        }
    };
    let up = async {
        let mut block = vec![0; BLOCK];
        loop {
            let len = from_controller.read(&mut block).await.map_err(std::io::Error::other)?;
            to_host.write_all(block.get(..len).unwrap_or_default()).await?;
        }
    };
    tokio::select! {
        end = down => end,
        end = up => end,
    }
}
