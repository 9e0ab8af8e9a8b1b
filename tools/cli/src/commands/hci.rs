//! `hci`: sends one raw command.

use bindrune::Status;
use serde::Serialize;

use crate::{
    cli::{self, Globals},
    failure::{Doing as _, Failure},
    output::{Output, Record},
    paint::Paint,
    parse::{Value, hex},
    session::{self, Setup},
};

/// Longest return parameters. [Vol 4] Part E, 5.4.4
const LONGEST: usize = 255;

/// The answer to a command.
#[derive(Clone, Debug, Serialize)]
struct Answer {
    opcode: u16,
    status: Option<u8>,
    /// The status in words.
    result: String,
    parameters: String,
}

impl Record for Answer {
    fn human(&self, paint: Paint) -> String {
        let status = self.status.map_or_else(|| "--".to_owned(), |status| format!("{status:02x}"));
        let painted =
            if self.status == Some(0) { paint.green(&status) } else { paint.red(&status) };
        let Self { opcode, result, parameters, .. } = self;
        format!(" {opcode:#06x}  {painted} {result}  {parameters}").trim_end().to_owned()
    }
}

pub(super) async fn run(globals: &Globals, out: Output, options: cli::Hci) -> Result<(), Failure> {
    let cli::Hci { opcode, parameters } = options;
    let parameters = parameters.map(|Value(octets)| octets).unwrap_or_default();
    session::run(globals, Setup::central(), async |host| {
        let mut returned = [0; LONGEST];
        let doing = format!("sending {opcode:?}");
        let len = host.raw_command(opcode, &parameters, &mut returned).await.doing(&doing)?;
        let (status, rest) = match returned.get(..len) {
            Some([status, rest @ ..]) => (Some(*status), rest),
            Some([]) | None => (None, &[][..]),
        };
        let result = status.map_or_else(|| "no status".into(), |s| Status(s).to_string());
        out.record(&Answer { opcode: opcode.0, status, result, parameters: hex(rest) })?;
        match status.filter(|&status| status != 0) {
            None => Ok(()),
            Some(status) => {
                Err(Failure::failed(format!("the controller refused: {}", Status(status))))
            }
        }
    })
    .await
}
