//! One host on one controller, for the duration of a command.

mod identity;

use std::{cell::Cell, fmt::Debug, future::Future, io, pin::Pin, rc::Rc, thread, time::Duration};

use bindrune::{
    ClassicConfig, Config, ControllerEvent, ControllerLoss, Error, Host, Opcode, Platform,
    RunError,
    transport::{serial::Serial, tcp},
};
use embedded_io_async::{Read, Write};
use tokio::{
    sync::{Notify, oneshot},
    task::{self, LocalSet},
    time,
};

use crate::{
    advice,
    bonds::{self, Keep, Place, Store},
    capture::Capture,
    cli::Globals,
    failure::Failure,
    memory, output,
    sim::{Neighbourhood, Phone, SerialBox, Visit},
    stop,
    transport::Transport,
};

/// Settings of a command's host.
pub(crate) struct Setup {
    /// The host's name, services and address.
    pub(crate) config: Config,
    /// What the virtual phone does with our advertisement; `None` if we do not advertise.
    pub(crate) phone: Option<Phone>,
    /// BR/EDR; `None` for LE alone.
    pub(crate) classic: Option<Classic>,
    /// How the command uses the bonds of earlier runs.
    pub(crate) keep: Keep,
    /// Whether Ctrl-C is the regular end of the command.
    pub(crate) endless: bool,
    /// Whether Ctrl-C ends one operation of the command, and not the command.
    pub(crate) has_operations: bool,
    /// Turns the controller on again after the command has shut it down; `None` if that ends the command.
    pub(crate) power: Option<Rc<Notify>>,
}

impl Setup {
    /// A host that only connects to other devices.
    pub(crate) const fn central() -> Self {
        Self {
            config: config("bindrune"),
            phone: None,
            classic: None,
            keep: Keep::Known,
            endless: false,
            has_operations: false,
            power: None,
        }
    }
}

/// Settings of BR/EDR of a command's host.
pub(crate) struct Classic {
    pub(crate) config: ClassicConfig,
    /// What the virtual device does with our PSM; `None` if we do not listen.
    pub(crate) visit: Option<Visit>,
}

/// The common configuration of the program's hosts.
pub(crate) const fn config(name: &'static str) -> Config {
    Config::new(name)
        .scan_bytes(4096)
        .advertising_bytes(ADVERTISING_BYTES)
        .prepare_bytes(1024)
        .bonds(bonds::MOST)
}

/// Bytes of a host for one advertisement.
pub(crate) const ADVERTISING_BYTES: usize = 124;

/// Time between two checks of the controller.
const PULSE: Duration = Duration::from_secs(5);

/// Drives a host; ends only if the controller is lost for good.
type Runner = Pin<Box<dyn Future<Output = Failure>>>;

/// Opens the controller, runs `work` with the host, and shuts the controller down, whatever the result of `work`.
pub(crate) async fn run(
    globals: &Globals,
    setup: Setup,
    work: impl AsyncFnOnce(&'static Host) -> Result<(), Failure>,
) -> Result<(), Failure> {
    LocalSet::new().run_until(session(globals, setup, work)).await
}

async fn session(
    globals: &Globals,
    setup: Setup,
    work: impl AsyncFnOnce(&'static Host) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Setup { config, phone, classic, keep, endless, has_operations, power } = setup;
    let _guarded = task::spawn_local(stop::guarded());
    output::detach(endless);
    let (classic, neighbour) = classic.map(|c| (c.config, SerialBox { visit: c.visit })).unzip();
    let host = memory::host(config, classic)?;
    let bonds = Bonds { place: Place::of(globals)?, keep, power };
    let capture = globals.capture.as_deref().map(Capture::create).transpose()?;
    let open = open(&globals.transport, host, capture, (phone, neighbour), &bonds);
    let (mut runner, _neighbourhood) = tokio::select! {
        opened = open => opened?,
        () = stop::requested() => return Err(interrupted()),
    };
    let work = async {
        ready(host, &globals.transport).await?;
        let lost = Cell::new(None);
        tokio::select! {
            biased;
            failure = watch(host, &globals.transport, endless, &lost) => Err(failure),
            () = pulse(host) => Ok(()),
            result = work(host) => result.map_err(|failure| match lost.get() {
                Some(loss) => advice::lost(&globals.transport, loss),
                None => failure,
            }),
        }
    };
    let result = tokio::select! {
        failure = &mut runner => return Err(failure),
        result = work => result,
        () = stop(has_operations) => if endless { Ok(()) } else { Err(interrupted()) },
        () = stop::output_closed(), if endless => Ok(()),
    };
    tokio::select! {
        failure = &mut runner => log::debug!("while closing: {failure:?}"),
        closed = host.shutdown() => {
            if let Err(error) = closed {
                log::info!("the controller may still be active: {error}");
            }
        }
    }
    result
}

/// Resolves when the user or the system ends the command.
async fn stop(has_operations: bool) {
    if has_operations { stop::terminated().await } else { stop::requested().await }
}

/// The user or the system ended the command.
fn interrupted() -> Failure {
    Failure::failed("interrupted")
        .advise("Links were closed, and unfinished operations were abandoned.")
}

/// Waits until the controller has answered, so that later failures have other causes.
async fn ready(host: &Host, transport: &Transport) -> Result<(), Failure> {
    match host.controller().await {
        Ok(_) => Ok(()),
        Err(Error::NoAnswer) => Err(advice::no_answer(transport)),
        Err(error) => {
            Err(Failure::no_controller(format!("the controller on {transport}: {error}")))
        }
    }
}

/// Tracks whether the controller is lost, and logs its return. If the controller no longer answers, ends a command that
/// has an end of its own; a command that runs until Ctrl-C waits for the controller.
async fn watch(
    host: &Host,
    transport: &Transport,
    endless: bool,
    lost: &Cell<Option<ControllerLoss>>,
) -> Failure {
    let mut watch = host.watch_controller();
    loop {
        match watch.next().await {
            ControllerEvent::Lost(loss) => lost.set(Some(loss)),
            ControllerEvent::Ready if lost.take().is_some() => {
                log::warn!("the controller on {transport} is back; requests continue");
            }
            ControllerEvent::Silent if !endless => return advice::stopped(transport),
            ControllerEvent::Ready | ControllerEvent::Silent | _ => {}
        }
    }
}

/// Sends a command every few seconds: otherwise the host would not notice an idle controller that stops.
async fn pulse(host: &Host) {
    let mut version = [0; 16];
    loop {
        time::sleep(PULSE).await;
        let _ = host.raw_command(READ_LOCAL_VERSION, &[], &mut version).await;
    }
}

/// [Vol 4] Part E, 7.4.1
const READ_LOCAL_VERSION: Opcode = Opcode(0x1001);

/// What a session keeps while its controller is off: bonds, and what turns it on again.
struct Bonds {
    place: Place,
    keep: Keep,
    power: Option<Rc<Notify>>,
}

async fn open(
    transport: &Transport,
    host: &'static Host,
    capture: Option<Capture>,
    (phone, neighbour): (Option<Phone>, Option<SerialBox>),
    bonds: &Bonds,
) -> Result<(Runner, Option<Neighbourhood>), Failure> {
    let failed = |error: io::Error| advice::cannot_open(transport, &error);
    match transport {
        Transport::Sim => {
            let file = bonds.place.file(None, transport);
            let theirs = (bonds.keep != Keep::Nothing).then_some(&file);
            let (neighbourhood, port) = Neighbourhood::start(phone, neighbour, theirs, bonds.keep)?;
            let (rx, tx) = port.split();
            let runner = tap(host, rx, tx, capture, transport, bonds).await?;
            Ok((runner, Some(neighbourhood)))
        }
        Transport::Serial { path, baud, rtscts } => {
            let serial = Serial::new(path.as_str()).baud(*baud).flow_control(*rtscts);
            let (rx, tx) = aside(move || serial.open()).await.map_err(failed)?;
            Ok((tap(host, rx, tx, capture, transport, bonds).await?, None))
        }
        Transport::TcpClient { address } => {
            let address = address.clone();
            let (rx, tx) = aside(move || tcp::connect(address)).await.map_err(failed)?;
            Ok((tap(host, rx, tx, capture, transport, bonds).await?, None))
        }
    }
}

/// Opens a port on a thread of its own, so that Ctrl-C ends the program also while the system takes its time.
async fn aside<T: Send + 'static>(
    open: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (give, opened) = oneshot::channel();
    thread::spawn(move || drop(give.send(open())));
    opened.await.unwrap_or_else(|_| Err(io::Error::other("the port was not opened")))
}

/// Puts the capture between the port and the host, if there is one.
async fn tap<R, W>(
    host: &'static Host,
    rx: R,
    tx: W,
    capture: Option<Capture>,
    transport: &Transport,
    bonds: &Bonds,
) -> Result<Runner, Failure>
where
    R: Read<Error: Debug> + 'static,
    W: Write<Error = R::Error> + 'static,
{
    let Some(capture) = capture else { return drive(host, rx, tx, transport, bonds).await };
    match capture.tap(rx, tx) {
        Ok((rx, tx)) => drive(host, rx, tx, transport, bonds).await,
        Err(error) => {
            Err(Failure::failed(format!("cannot write the capture: {error}"))
                .about_file(error.kind()))
        }
    }
}

/// Finds the bonds of the controller, and returns what drives the host.
async fn drive<R, W>(
    host: &'static Host,
    mut rx: R,
    mut tx: W,
    transport: &Transport,
    bonds: &Bonds,
) -> Result<Runner, Failure>
where
    R: Read<Error: Debug> + 'static,
    W: Write<Error = R::Error> + 'static,
{
    let own = match transport {
        Transport::Sim => None,
        Transport::Serial { .. } | Transport::TcpClient { .. } => {
            identity::of_controller(&mut rx, &mut tx, transport).await?
        }
    };
    let mut store = bonds.place.file(own, transport).open(bonds.keep)?;
    let (transport, power) = (transport.clone(), bonds.power.clone());
    Ok(Box::pin(async move {
        loop {
            let platform = Platform::new().store(store);
            let error = host.run_with(&mut rx, &mut tx, platform).await;
            let Some(power) = power.as_ref().filter(|_| matches!(error, RunError::ShutDown)) else {
                return ended(&transport, &error);
            };
            power.notified().await;
            // The host still has the bonds.
            store = Store::NOTHING;
        }
    }))
}

/// The reason why the host stopped.
fn ended<E: Debug>(transport: &Transport, error: &RunError<E>) -> Failure {
    match error {
        RunError::Transport(_) | RunError::Closed => {
            log::debug!("{error}");
            advice::gone(transport)
        }
        RunError::Controller(_) | RunError::AlreadyRunning | RunError::ShutDown => {
            Failure::no_controller(format!("the controller on {transport} is gone: {error}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_gone_is_named() {
        let transport: Transport = "serial:/dev/ttyACM0".parse().unwrap();
        for error in [RunError::Transport(io::ErrorKind::BrokenPipe), RunError::Closed] {
            let Failure::Reported { exit, what, advice } = ended(&transport, &error) else {
                panic!("no report")
            };
            assert_eq!((exit as u8, what.as_str()), (3, "the port /dev/ttyACM0 is gone"));
            assert!(advice.unwrap().contains("unplugged"));
        }
    }
}
