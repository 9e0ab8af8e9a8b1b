//! `demo`: the tour.

mod pairing;
mod steps;

use std::time::Duration;

use bindrune::{Host, Phy, Phys};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    bonds::Keep,
    cli::Globals,
    failure::Failure,
    output::{Output, Record},
    paint::Paint,
    session::{self, Setup},
    table::{Column, Screen, fit},
};

/// One step of the tour, and its result.
#[derive(Clone, Debug, Serialize)]
struct Step {
    step: &'static str,
    ok: bool,
    seconds: f64,
    figures: String,
    #[serde(flatten)]
    numbers: serde_json::Map<String, serde_json::Value>,
}

impl Record for Step {
    /// Users see the table at the end.
    fn human(&self, _: Paint) -> String {
        String::new()
    }
}

/// Results of a step.
#[derive(Debug, Default)]
struct Figures {
    text: String,
    numbers: serde_json::Map<String, serde_json::Value>,
}

impl Figures {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    fn with(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.numbers.insert(key.into(), value.into());
        self
    }
}

pub(super) async fn run(globals: &Globals, out: Output) -> Result<(), Failure> {
    let company = pairing::Company::of(&globals.transport);
    let config = Setup::central().config.pairing(company.config());
    let setup = Setup { config, keep: Keep::Nothing, ..Setup::central() };
    session::run(globals, setup, async |host| {
        let mut tour = Tour { out, company, steps: Vec::new() };
        let end = tour.walk(host).await;
        out.text(&tour.table())?;
        end
    })
    .await
}

/// The steps so far.
struct Tour {
    out: Output,
    company: pairing::Company,
    steps: Vec<Step>,
}

impl Tour {
    async fn walk(&mut self, host: &'static Host) -> Result<(), Failure> {
        let out = self.out;
        self.step("controller", steps::controller(host, out)).await?;
        let devices = self.step("scan", steps::scan(host, out)).await?;
        let connection = self.step("connect", steps::connect(host, &devices)).await?;
        let updates = self.step("attributes", steps::attributes(&connection, out)).await?;
        self.step("notifications", steps::notifications(&connection, updates, out)).await?;
        self.step("pairing", self.company.pair(host, &connection, out)).await?;
        self.step("channel", steps::channel(host, &devices, connection, out)).await
    }

    /// Runs one step and stores its result.
    async fn step<T>(
        &mut self,
        step: &'static str,
        work: impl Future<Output = Result<(Figures, T), Failure>>,
    ) -> Result<T, Failure> {
        let paint = self.out.paint();
        self.out.text(&format!("{} {}", paint.cyan("==>"), paint.bold(step)))?;
        let began = Instant::now();
        let result = work.await;
        let (ok, figures, result) = match result {
            Ok((figures, value)) => (true, figures, Ok(value)),
            Err(failure) => (false, Figures::new(what(&failure)), Err(failure)),
        };
        let seconds = hundredths(began.elapsed());
        let step = Step { step, ok, seconds, figures: figures.text, numbers: figures.numbers };
        self.out.record(&step)?;
        self.steps.push(step);
        result
    }

    /// The summary.
    fn table(&self) -> String {
        let paint = self.out.paint();
        let row = |step: &Step| {
            let mark = if step.ok { "ok" } else { "failed" };
            let time = format!("{:.2} s", step.seconds);
            vec![step.step.to_owned(), mark.to_owned(), time, step.figures.clone()]
        };
        let rows: Vec<_> = self.steps.iter().map(row).collect();
        let width = if self.out.is_live() { Screen::size().0 } else { usize::MAX };
        let table = fit(self.out, &COLUMNS, &rows, width);
        let ok = self.steps.iter().all(|s| s.ok);
        let verdict = if ok { paint.green("everything works") } else { paint.red("a step failed") };
        format!("\n{table}\n\n {verdict}")
    }
}

const COLUMNS: [Column; 4] = [
    Column::new("STEP", 13, 0),
    Column::new("", 6, 1),
    Column::new("TIME", 6, 2),
    Column::new("FIGURES", 20, 3),
];

fn what(failure: &Failure) -> &str {
    match failure {
        Failure::Reported { what, .. } => what,
        Failure::BrokenPipe | Failure::Shown(_) => "the output is closed",
    }
}

fn hundredths(time: Duration) -> f64 {
    (time.as_secs_f64() * 100.0).round() / 100.0
}

/// Formats the PHYs of a link.
pub(crate) fn phy_name(phys: Phys) -> String {
    let name = |phy| match phy {
        Phy::LE_1M => "1M".to_owned(),
        Phy::LE_2M => "2M".to_owned(),
        Phy::CODED => "Coded".to_owned(),
        other => format!("{other:?}"),
    };
    if phys.tx == phys.rx { name(phys.tx) } else { format!("{}/{}", name(phys.tx), name(phys.rx)) }
}
