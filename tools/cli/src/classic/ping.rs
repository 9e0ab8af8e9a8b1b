//! `classic ping`: sends L2CAP echoes to a device, and measures the time there and back.

use std::time::Duration;

use bindrune::{ClassicConnection, Error};
use serde::Serialize;
use tokio::time;

use super::{Use, cli, find, session};
use crate::{
    cli::Globals,
    failure::{Doing as _, Failure},
    output::{Output, Record},
    paint::Paint,
};

/// One echo.
#[derive(Debug, Serialize)]
struct Echo {
    event: &'static str,
    number: u32,
    bytes: usize,
    /// `None` if the device did not answer in time.
    milliseconds: Option<f64>,
    equal: bool,
}

impl Record for Echo {
    fn human(&self, paint: Paint) -> String {
        let Self { number, bytes, equal, .. } = self;
        match self.milliseconds {
            None => format!(" {} {number}", paint.red("no answer")),
            Some(time) => {
                let other = if *equal { "" } else { "  (other data came back)" };
                format!(" {} {number}  {bytes} bytes  {time:.1} ms{other}", paint.green("echo"))
            }
        }
    }
}

/// All echoes.
#[derive(Debug, Serialize)]
struct Summary {
    event: &'static str,
    sent: u32,
    answered: u32,
    min_milliseconds: Option<f64>,
    mean_milliseconds: Option<f64>,
    max_milliseconds: Option<f64>,
}

impl Summary {
    fn new(sent: u32, times: &[f64]) -> Self {
        let answered = u32::try_from(times.len()).unwrap_or(u32::MAX);
        let sum: f64 = times.iter().sum();
        Self {
            event: "summary",
            sent,
            answered,
            min_milliseconds: times.iter().copied().reduce(f64::min),
            mean_milliseconds: (answered > 0).then(|| sum / f64::from(answered)),
            max_milliseconds: times.iter().copied().reduce(f64::max),
        }
    }
}

impl Record for Summary {
    fn human(&self, _: Paint) -> String {
        let Self { sent, answered, .. } = self;
        let times = (self.min_milliseconds, self.mean_milliseconds, self.max_milliseconds);
        let times = match times {
            (Some(min), Some(mean), Some(max)) => {
                format!("; least {min:.1} ms, mean {mean:.1} ms, most {max:.1} ms")
            }
            _ => String::new(),
        };
        format!(" {answered} of {sent} answered{times}")
    }
}

pub(super) async fn run(globals: &Globals, out: Output, ping: cli::Ping) -> Result<(), Failure> {
    session(globals, Use::central(), async |_, classic| {
        let link = find::connect(classic, &ping.target).await?;
        let mut times = Vec::new();
        for number in 1..=ping.count {
            if number > 1 {
                time::sleep(Duration::from_secs_f64(ping.interval)).await;
            }
            let echo = send(&link, &ping, number).await?;
            times.extend(echo.milliseconds);
            out.record(&echo)?;
        }
        out.record(&Summary::new(ping.count, &times))?;
        link.disconnect().await.doing("disconnecting")?;
        if times.is_empty() {
            return Err(Failure::timed_out("the device did not answer an echo").advise(
                "The link is up, so the device is in range; each device with BR/EDR must answer echoes.",
            ));
        }
        Ok(())
    })
    .await
}

/// Sends one echo, and waits for the answer.
async fn send(
    link: &ClassicConnection<'_>,
    ping: &cli::Ping,
    number: u32,
) -> Result<Echo, Failure> {
    let data: Vec<u8> = (0..ping.size).collect();
    let patience = Duration::from_secs_f64(ping.target.timeout);
    let answer = match time::timeout(patience, link.echo(&data)).await {
        Err(_) | Ok(Err(Error::Timeout)) => None,
        Ok(answer) => Some(answer.doing("sending an echo")?),
    };
    let milliseconds = answer.map(|echo| {
        let micros = u32::try_from(echo.round_trip.as_micros()).unwrap_or(u32::MAX);
        f64::from(micros) / 1000.0
    });
    let equal = answer.is_some_and(|echo| echo.is_equal);
    Ok(Echo { event: "echo", number, bytes: data.len(), milliseconds, equal })
}
