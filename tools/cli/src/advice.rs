//! Advice for a missing controller.

use std::io;

use bindrune::ControllerLoss;

use crate::{failure::Failure, transport::Transport};

/// Describes a transport that could not be opened.
pub(crate) fn cannot_open(transport: &Transport, error: &io::Error) -> Failure {
    let failure = Failure::no_controller(format!("cannot open {transport}: {error}"));
    match transport {
        Transport::Sim => failure,
        Transport::Serial { path, .. } => match serial_advice(path, error.kind()) {
            Some(advice) => failure.advise(advice),
            None => failure,
        },
        Transport::TcpClient { address } => failure.advise(format!(
            "Does a controller listen there? `bindrune controller --listen tcp:PORT` serves one;\n\
             then use `-t tcp-client:{address}` with its port."
        )),
    }
}

fn serial_advice(path: &str, kind: io::ErrorKind) -> Option<String> {
    if kind == io::ErrorKind::NotFound {
        Some(
            "There is no such port. Is the device plugged in? Ports look like /dev/ttyACM0.".into(),
        )
    } else if kind == io::ErrorKind::PermissionDenied {
        Some(format!(
            "You have no permission for {path}. On Linux, join the group that owns it, then log in again:\n\
             sudo usermod -aG dialout \"$USER\""
        ))
    } else if kind == io::ErrorKind::ResourceBusy {
        Some("Another program has the port open.".into())
    } else {
        None
    }
}

/// Describes an open transport without a controller that answers.
pub(crate) fn no_answer(transport: &Transport) -> Failure {
    let failure =
        Failure::no_controller(format!("no answer to HCI Reset on {transport} within 2 s"));
    match transport {
        Transport::Sim => failure,
        Transport::Serial { path, baud, rtscts } => {
            let with = if *rtscts { "with" } else { "without" };
            let other_baud = if *baud == 115_200 { 1_000_000 } else { 115_200 };
            let other = if *rtscts { ",no-rtscts" } else { "" };
            failure.advise(format!(
                "The port opened, so it is the controller or the line: is it an H4 image (hci_uart), at {baud} baud, \
                 {with}\nRTS/CTS wired? Try `-t serial:{path},{other_baud}{other}`."
            ))
        }
        Transport::TcpClient { .. } => failure.advise(
            "The connection opened, so the program there is the cause: does it serve HCI over H4?",
        ),
    }
}

/// Describes a controller that was lost during a command.
pub(crate) fn lost(transport: &Transport, loss: ControllerLoss) -> Failure {
    Failure::no_controller(format!("the controller on {transport} was lost: {loss}")).advise(
        "It was reset, which ended every link and what was under way. Give the same command again. If this comes back,\n\
         look at the line (baud rate, RTS/CTS, cable, power); `--capture FILE` and `-v` show what happened before.",
    )
}

/// Describes a controller that stopped answering.
pub(crate) fn stopped(transport: &Transport) -> Failure {
    Failure::no_controller(format!("the controller on {transport} stopped answering")).advise(
        "It does not answer HCI Reset either. Does it have power, and does the program behind it still run? Unplug it and\n\
         plug it in again, or restart that program; then give the same command again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(failure: &Failure) -> String {
        match failure {
            Failure::Reported { what, advice, .. } => {
                format!("{what}\n{}", advice.as_deref().unwrap_or(""))
            }
            Failure::BrokenPipe => String::new(),
        }
    }

    #[test]
    fn a_silent_port_gets_the_advice_of_the_page() {
        let transport: Transport = "serial:/dev/ttyACM0".parse().unwrap();
        let text = text(&no_answer(&transport));
        assert!(text.starts_with("no answer to HCI Reset on /dev/ttyACM0 within 2 s"));
        assert!(text.contains("Try `-t serial:/dev/ttyACM0,115200,no-rtscts`."));
    }

    #[test]
    fn a_forbidden_port_names_the_group() {
        let transport: Transport = "serial:/dev/ttyACM0".parse().unwrap();
        let error = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(text(&cannot_open(&transport, &error)).contains("dialout"));
    }
}
