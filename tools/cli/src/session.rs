//! One host on one controller, for the duration of a command.

use std::{cell::Cell, fmt::Debug, future::Future, io, pin::Pin, time::Duration};

use bindrune::{
    ClassicConfig, Config, ControllerEvent, ControllerLoss, Error, Host, Opcode, Platform,
    RunError,
    transport::{serial::Serial, tcp},
};
use embedded_io_async::{Read, Write};
use tokio::{task::LocalSet, time};

use crate::{
    advice,
    bonds::{self, BondFile, Keep, Store},
    capture::Capture,
    cli::Globals,
    failure::Failure,
    memory,
    sim::{Neighbourhood, Phone, SerialBox, Visit},
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
    Config::new(name).scan_bytes(4096).advertising_bytes(124).prepare_bytes(1024).bonds(bonds::MOST)
}

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
    let Setup { config, phone, classic, keep, endless } = setup;
    let (classic, neighbour) = classic.map(|c| (c.config, SerialBox { visit: c.visit })).unzip();
    let host = memory::host(config, classic)?;
    let bonds = Bonds::open(globals, keep)?;
    let capture = globals.capture.as_deref().map(Capture::create).transpose()?;
    let (mut runner, _neighbourhood) =
        open(&globals.transport, host, capture, (phone, neighbour), bonds)?;
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
        () = stop_asked() => if endless { Ok(()) } else { Err(interrupted()) },
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

/// Tracks whether the controller is lost, and logs its return. If the controller no longer answers, ends a command that has an end of
/// its own; a command that runs until Ctrl-C waits for the controller.
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

/// Resolves when the user or the system ends the program.
async fn stop_asked() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The bonds of a session.
struct Bonds {
    /// Bonds of our host.
    store: Store,
    /// Folder for the bonds of the virtual devices.
    neighbours: Option<BondFile>,
}

impl Bonds {
    fn open(globals: &Globals, keep: Keep) -> Result<Self, Failure> {
        if keep == Keep::Nothing {
            return Ok(Self { store: Store::Nothing, neighbours: None });
        }
        let file = BondFile::of(globals)?;
        let store = file.open(keep)?;
        let neighbours = matches!(store, Store::File(_)).then_some(file);
        Ok(Self { store, neighbours })
    }
}

fn open(
    transport: &Transport,
    host: &'static Host,
    capture: Option<Capture>,
    (phone, neighbour): (Option<Phone>, Option<SerialBox>),
    bonds: Bonds,
) -> Result<(Runner, Option<Neighbourhood>), Failure> {
    let Bonds { store, neighbours } = bonds;
    let failed = |error: io::Error| advice::cannot_open(transport, &error);
    match transport {
        Transport::Sim => {
            let (neighbourhood, port) =
                Neighbourhood::start(phone, neighbour, neighbours.as_ref())?;
            let (rx, tx) = port.split();
            Ok((drive(host, rx, tx, capture, transport, store), Some(neighbourhood)))
        }
        Transport::Serial { path, baud, rtscts } => {
            let serial = Serial::new(path.as_str()).baud(*baud).flow_control(*rtscts);
            let (rx, tx) = serial.open().map_err(failed)?;
            Ok((drive(host, rx, tx, capture, transport, store), None))
        }
        Transport::TcpClient { address } => {
            let (rx, tx) = tcp::connect(address.as_str()).map_err(failed)?;
            Ok((drive(host, rx, tx, capture, transport, store), None))
        }
    }
}

fn drive<R, W>(
    host: &'static Host,
    rx: R,
    tx: W,
    capture: Option<Capture>,
    transport: &Transport,
    store: Store,
) -> Runner
where
    R: Read<Error: Debug> + 'static,
    W: Write<Error = R::Error> + 'static,
{
    let transport = transport.clone();
    let platform = Platform::new().store(store);
    Box::pin(async move {
        let error = match capture {
            Some(capture) => match capture.tap(rx, tx) {
                Ok((rx, tx)) => host.run_with(rx, tx, platform).await,
                Err(error) => return Failure::failed(format!("cannot write the capture: {error}")),
            },
            None => host.run_with(rx, tx, platform).await,
        };
        ended(&transport, &error)
    })
}

/// The reason why the host stopped.
fn ended<E: Debug>(transport: &Transport, error: &RunError<E>) -> Failure {
    let failure = Failure::no_controller(format!("the controller on {transport} is gone: {error}"));
    match error {
        RunError::Transport(_) | RunError::Closed => {
            failure.advise("Was it unplugged, or did its program end?")
        }
        RunError::Controller(_) | RunError::AlreadyRunning | RunError::ShutDown => failure,
    }
}
