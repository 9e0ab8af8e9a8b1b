//! Compares what the decoder of captures says about each packet with what tshark says: `agree FILE…`.

use std::{env, path::Path, process::ExitCode};

use bindrune_interop::check_agreement;

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in env::args_os().skip(1) {
        let path = Path::new(&file);
        match check_agreement(path) {
            Ok(packets) => println!("{}: {packets} packets agree", path.display()),
            Err(error) => {
                println!("{error:#}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
