//! Raises the security of a link after a peer refused an operation as insecure.

use core::task::Poll;

use bindrune_att::ErrorCode;
use bindrune_wire::Level;

use crate::{
    Error, Host,
    stack::{LinkRef, SecurityRetry},
    waiters::{HostKey, Key, LinkKey},
};

/// Encrypts or pairs, as [`crate::Config::client_security`] says, after a peer refused with `code` an operation that
/// was requested on a link of level `level`.
///
/// # Errors
///
/// The error of the operation if no retry can help, or the reason why the link could not be secured.
pub(super) async fn make_safer(
    host: &Host,
    link: LinkRef,
    code: ErrorCode,
    level: Level,
) -> Result<(), Error> {
    let bonds = Key::Host(HostKey::Bonds);
    let security_retry =
        host.wait(bonds, |core, _| match core.stack.security_retry(link, code, level) {
            Ok(None) => Poll::Ready(Err(Error::Att(code))),
            Ok(Some(security_retry)) if core.stack.bonds_are_loaded() => {
                Poll::Ready(Ok(security_retry))
            }
            Ok(Some(_)) => Poll::Pending,
            Err(gone) => Poll::Ready(Err(gone)),
        });
    let key = Key::Link(link.index, LinkKey::Security);
    match security_retry.await? {
        SecurityRetry::Repeat => {}
        SecurityRetry::Encrypt => {
            if let Some(attempts) = host.with(|core| core.stack.request_encryption(link))? {
                host.wait(key, |core, _| core.stack.poll_encrypted(link, attempts)).await?;
            }
        }
        SecurityRetry::Pair(level) => {
            let serial = host.with(|core| core.stack.request_pairing(link, level))?;
            host.wait(key, |core, _| core.stack.poll_paired(link, serial)).await?;
        }
    }
    Ok(())
}
