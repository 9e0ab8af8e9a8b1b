//! The step of the tour that pairs.

use std::io::{self, IsTerminal as _};

use bindrune::{Connection, Host, IoCapability, PairingConfig, Question};

use super::Figures;
use crate::{
    cli,
    failure::{Doing as _, Failure},
    output::{Output, Record as _},
    person::Person,
    security::{Report, digits},
    sim::screen,
    transport::Transport,
};

/// Compares the numbers of both sides.
#[derive(Clone, Copy, Debug)]
pub(super) enum Company {
    /// The tour itself, which sees the displays of the virtual devices.
    Sim,
    /// The user at the terminal.
    Person,
    /// There is no user.
    None,
}

impl Company {
    pub(super) fn of(transport: &Transport) -> Self {
        match transport {
            Transport::Sim => Self::Sim,
            Transport::Serial { .. } | Transport::TcpClient { .. } => {
                if io::stdin().is_terminal() {
                    Self::Person
                } else {
                    Self::None
                }
            }
        }
    }

    /// The tour keeps no bond.
    pub(super) const fn config(self) -> PairingConfig {
        let (io, mitm) = match self {
            Self::Sim | Self::Person => (IoCapability::DisplayYesNo, true),
            Self::None => (IoCapability::NoInputNoOutput, false),
        };
        PairingConfig { io, mitm, bonding: false, consent: false, ..PairingConfig::DEFAULT }
    }

    /// Pairs with the connected device.
    pub(super) async fn pair(
        self,
        host: &'static Host,
        connection: &Connection<'static>,
        out: Output,
    ) -> Result<(Figures, ()), Failure> {
        let paired = tokio::select! {
            paired = connection.pair() => paired.doing("pairing")?,
            end = self.answer(host, out) => return Err(end.err().unwrap_or_else(unanswered)),
        };
        let report = Report::new(&paired);
        out.text(&report.human(out.paint()))?;
        let figures = Figures::new(report.text());
        let value = serde_json::to_value(&report).map_err(io::Error::from)?;
        let keys = value.as_object().into_iter().flatten();
        Ok((keys.fold(figures, |figures, (key, value)| figures.with(key, value.clone())), ()))
    }

    async fn answer(self, host: &'static Host, out: Output) -> Result<(), Failure> {
        match self {
            Self::Sim => compare(host, out).await,
            Self::Person | Self::None => {
                Person::new(out, &cli::Pairing::DEFAULT, |peer| peer.to_string()).attend(host).await
            }
        }
    }
}

fn unanswered() -> Failure {
    Failure::failed("pairing questions are not answered")
}

/// Answers yes if the virtual device displays the same number.
async fn compare(host: &'static Host, out: Output) -> Result<(), Failure> {
    let mut requests = host.pairing_requests().doing("taking pairing questions")?;
    loop {
        let mut request = requests.next().await;
        let Question::Compare(ours) = request.question() else {
            request.reject();
            continue;
        };
        let theirs = tokio::select! {
            theirs = screen::theirs() => theirs,
            () = request.ended() => None,
        };
        if theirs == Some(ours) {
            out.text(&format!(" Both show {}.", digits(ours)))?;
            request.accept();
        } else {
            request.reject();
        }
    }
}
