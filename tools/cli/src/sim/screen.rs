//! Displays of our side and of the virtual devices during pairing.

use std::sync::LazyLock;

use bindrune::{Host, PairingRequest, Question};
use tokio::sync::watch;

use crate::{output, security::digits};

static OURS: LazyLock<watch::Sender<Option<u32>>> = LazyLock::new(|| watch::Sender::new(None));
static THEIRS: LazyLock<watch::Sender<Option<u32>>> = LazyLock::new(|| watch::Sender::new(None));

/// Shows a passkey on our display.
pub(crate) fn show(number: u32) {
    OURS.send_replace(Some(number));
}

/// Waits for the number on a virtual device's display.
pub(crate) async fn theirs() -> Option<u32> {
    read(&THEIRS).await
}

async fn read(screen: &watch::Sender<Option<u32>>) -> Option<u32> {
    let mut screen = screen.subscribe();
    screen.wait_for(Option::is_some).await.ok().and_then(|number| *number)
}

/// Answers the questions of a virtual device's host, like its owner.
pub(super) async fn own(host: &'static Host, name: &str) {
    let Ok(mut requests) = host.pairing_requests() else { return };
    loop {
        answer(requests.next().await, name).await;
    }
}

async fn answer(mut request: PairingRequest<'_>, name: &str) {
    match request.question() {
        Question::Confirm => request.accept(),
        Question::Compare(number) => {
            display(name, number);
            request.accept();
        }
        Question::Display(number) => display(name, number),
        Question::Input => {
            let passkey = tokio::select! {
                passkey = read(&OURS) => passkey,
                () = request.ended() => None,
            };
            OURS.send_replace(None);
            match passkey {
                Some(passkey) => request.passkey(passkey),
                None => request.reject(),
            }
        }
        Question::Oob { .. } | Question::Pin { .. } => request.reject(),
    }
}

fn display(name: &str, number: u32) {
    THEIRS.send_replace(Some(number));
    output::diagnostic(&format!(" ({name} shows {})", digits(number)));
}
