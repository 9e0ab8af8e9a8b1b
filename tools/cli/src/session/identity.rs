//! The address of a controller, before a host uses it.

use std::fmt::Debug;

use bindrune::{Address, AddressKind, BringUp, BringUpError, Opcode};
use embedded_io_async::{Read, Write};

use crate::{advice, failure::Failure, transport::Transport};

/// [Vol 4] Part E, 7.4.1
const READ_LOCAL_VERSION: Opcode = Opcode(0x1001);
/// [Vol 4] Part E, 7.4.6
const READ_BD_ADDR: Opcode = Opcode(0x1009);
/// Zephyr's vendor command, which the controllers of these companies have.
const READ_STATIC_ADDRESSES: Opcode = Opcode(0xfc09);
const NORDIC: u16 = 0x0059;
const ZEPHYR: u16 = 0x05f1;

/// Attempts to reset the controller, whose last packet of an earlier run may be cut off.
const RESETS: usize = 3;

/// Returns the controller's public address, otherwise its static one, otherwise `None`.
pub(super) async fn of_controller<R: Read<Error: Debug>, W: Write<Error = R::Error>>(
    rx: &mut R,
    tx: &mut W,
    transport: &Transport,
) -> Result<Option<Address>, Failure> {
    let mut chip = BringUp::new(rx, tx);
    let mut reset = chip.reset().await;
    for _ in 1..RESETS {
        if matches!(reset, Err(BringUpError::Framing(_))) {
            reset = chip.reset().await;
        }
    }
    reset.map_err(|error| refused(transport, &error))?;
    if let &[a, b, c, d, e, f, ..] = ask(&mut chip, READ_BD_ADDR, transport).await?
        && [a, b, c, d, e, f] != [0; 6]
    {
        return Ok(Some(Address::new(AddressKind::Public, [a, b, c, d, e, f])));
    }
    let company = match ask(&mut chip, READ_LOCAL_VERSION, transport).await? {
        &[_, _, _, _, low, high, ..] => u16::from_le_bytes([low, high]),
        _ => return Ok(None),
    };
    if !matches!(company, NORDIC | ZEPHYR) {
        return Ok(None);
    }
    let address = match ask(&mut chip, READ_STATIC_ADDRESSES, transport).await? {
        &[1..=u8::MAX, a, b, c, d, e, f, ..] => {
            Address::new(AddressKind::Random, [a, b, c, d, e, f])
        }
        _ => return Ok(None),
    };
    Ok(Some(address).filter(|address| address.is_static()))
}

/// Returns the answer of the controller; nothing if it refuses.
async fn ask<'c, R: Read<Error: Debug>, W: Write<Error = R::Error>>(
    chip: &'c mut BringUp<&mut R, &mut W>,
    opcode: Opcode,
    transport: &Transport,
) -> Result<&'c [u8], Failure> {
    match chip.command(opcode, &[]).await {
        Ok(returned) => Ok(returned),
        Err(BringUpError::Refused { .. } | BringUpError::Malformed(_)) => Ok(&[]),
        Err(error) => Err(refused(transport, &error)),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the rest is silence, or noise of a wrong rate")]
fn refused<E: Debug>(transport: &Transport, error: &BringUpError<E>) -> Failure {
    log::debug!("{error}");
    match error {
        BringUpError::Transport(_) | BringUpError::Closed => advice::gone(transport),
        _ => advice::no_answer(transport),
    }
}
