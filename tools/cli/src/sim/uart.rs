//! A UART that echoes.

use bindrune::{Advertisement, Connection, Error, Event, Host};

use crate::{
    echo,
    services::{UART, UART_RX},
};

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().name("UART").service(UART);
    loop {
        serve(host.advertise(&advertisement).await?).await;
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "other events need no answer")]
async fn serve(mut connection: Connection<'static>) {
    loop {
        match connection.next().await {
            Event::Write(request) if request.is(&UART_RX) => {
                let value = echo::written(&request);
                request.accept();
                if let Err(error) = echo::uart(&connection, &value).await {
                    log::info!("UART: {error}");
                }
            }
            Event::Disconnected(_) => return,
            _ => {}
        }
    }
}
