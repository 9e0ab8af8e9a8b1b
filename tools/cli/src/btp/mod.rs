//! `btp`: a tester drives this host by the Bluetooth tester protocol, as auto-pts does for the PTS.

mod advertise;
mod attributes;
mod channels;
pub(crate) mod cli;
mod client;
mod connect;
mod discover;
mod gap;
mod links;
mod pairing;
mod server;
mod settings;
mod socket;
mod table;
mod tester;

use std::rc::Rc;

use bindrune::{ClientSecurity, Config, RepeatPairing};
use bindrune_btp::{Decoder, Event, NO_CONTROLLER, Packet, base};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::{Notify, mpsc},
    task::spawn_local,
};

use crate::{
    bonds::Keep,
    cli::Globals,
    failure::Failure,
    output::{Output, Record},
    paint::Paint,
    session::{self, Setup},
};
use pairing::Pairing;
use socket::{Source, Stream};
use tester::Tester;

/// Packets that wait until the tester reads them. If it does not, the host's tasks wait.
const QUEUE: usize = 256;
/// Bytes that are read at once.
const BLOCK: usize = 4096;

/// An event of the program.
#[derive(Clone, Debug, Serialize)]
struct Happened {
    event: &'static str,
    tester: String,
}

impl Record for Happened {
    fn human(&self, paint: Paint) -> String {
        format!(" {} {}", paint.green(self.event), self.tester)
    }
}

/// Serves testers: one that connects after the other, or the one that we connect to.
pub(crate) async fn run(globals: &Globals, out: Output, options: cli::Btp) -> Result<(), Failure> {
    let power = Rc::new(Notify::new());
    let setup = Setup {
        config: config(),
        keep: Keep::Nothing,
        endless: true,
        power: Some(Rc::clone(&power)),
        ..Setup::central()
    };
    session::run(globals, setup, async |host| {
        let mut source = Source::open(&options).await?;
        let say = |event, source: &Source| {
            out.record(&Happened { event, tester: source.name().to_owned() })
        };
        if source.listens() {
            say("listening", &source)?;
        }
        let mut questions = host.pairing_requests().map_err(|error| {
            Failure::failed(format!("pairing questions cannot be answered: {error}"))
        })?;
        while let Some(stream) = source.next().await? {
            say("tester connected", &source)?;
            let (sender, receiver) = mpsc::channel(QUEUE);
            let tester = Tester::new(host, sender, Rc::clone(&power), options.ask_channels).await?;
            tokio::select! {
                end = serve(&tester, stream, receiver) => if let Err(error) = end {
                    log::info!("the connection to the tester ended: {error}");
                },
                () = tester.attend(&mut questions) => {}
            }
            tester.reset().await;
            tester.end_tasks().await;
            say("tester disconnected", &source)?;
        }
        Ok(())
    })
    .await
}

/// The host's configuration: a tester decides what is secured and exchanged, so the host does nothing of that by
/// itself.
const fn config() -> Config {
    session::config("bindrune")
        .advertising_bytes(512)
        .exchange_mtu(false)
        .client_security(ClientSecurity::Report)
        .repeat_pairing(RepeatPairing::Accept)
        .pairing(Pairing::DEFAULT.config())
}

/// Answers one tester until it disconnects.
async fn serve(
    tester: &Rc<Tester>,
    stream: Stream,
    mut packets: mpsc::Receiver<Packet>,
) -> std::io::Result<()> {
    let (mut rx, mut tx) = stream;
    let mut writer = spawn_local(async move {
        while let Some(packet) = packets.recv().await {
            tx.write_all(&packet.bytes()).await?;
            tx.flush().await?;
        }
        std::io::Result::Ok(())
    });
    let read = async {
        tester.send(Event::from(base::Event::IutReady {}).packet(NO_CONTROLLER)).await;
        let (mut decoder, mut block) = (Decoder::new(), vec![0; BLOCK]);
        loop {
            match rx.read(&mut block).await? {
                0 => return Ok(()),
                len => decoder.push(block.get(..len).unwrap_or_default()),
            }
            while let Some(frame) = decoder.next_frame() {
                tester.send(tester.answer(frame).await).await;
            }
        }
    };
    let end = tokio::select! {
        end = read => end,
        end = &mut writer => return end.unwrap_or(Ok(())),
    };
    writer.abort();
    end
}
