//! Pairing and encryption, and the questions of pairing to the application.

use core::task::Poll;

use bindrune_smp::{Answer, Config as PairingConfig, Keypress, PairingRequest as Asked};
use bindrune_wire::{Address, Level};

use crate::{
    Connection, Error, Host, LinkSecurity, Paired, PasskeyEntry,
    stack::{ClassicKey, PairingLink, PairingQuestion},
    waiters::{HostKey, Key, LinkKey},
};

/// Receives the questions of all pairings. While the application does not hold this, a pairing that needs a user is
/// refused with Pairing Not Supported (0x05).
///
/// ```
/// use bindrune::{Error, Host, Question};
///
/// /// Agrees to every pairing, and shows passkeys.
/// async fn agree(host: &Host) -> Result<(), Error> {
///     let mut requests = host.pairing_requests()?;
///     loop {
///         let mut request = requests.next().await;
///         match request.question() {
///             Question::Confirm => request.accept(),
///             Question::Display(passkey) => {
///                 println!("enter {passkey:06} on the other device");
///                 request.ended().await;
///             }
///             _ => request.reject(),
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping it refuses pairings that need a user"]
pub struct PairingRequests<'h> {
    host: &'h Host,
}

/// A question of one pairing. If it is dropped without a required answer, the answer is no.
#[derive(Debug)]
#[must_use = "dropping it answers with no"]
pub struct PairingRequest<'h> {
    host: &'h Host,
    link: PairingLink,
    serial: u32,
    question: Question,
    peer: Option<Address>,
    replaces: Option<Address>,
    open: bool,
}

/// What a pairing asks the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Question {
    /// Pair with this device? [`PairingRequest::accept`] or [`PairingRequest::reject`].
    Confirm,
    /// Do both devices show this number of six digits? [`PairingRequest::accept`] or [`PairingRequest::reject`].
    Compare(u32),
    /// Show this passkey of six digits until [`PairingRequest::ended`]; the user enters it on the other device. Needs
    /// no answer.
    Display(u32),
    /// Which passkey does the other device show? [`PairingRequest::passkey`].
    Input,
    /// Which out-of-band data came from the other device? [`PairingRequest::oob`] for LE Secure Connections, otherwise
    /// [`PairingRequest::temporary_key`]. Only LE asks; BR/EDR gets the data before, by `Classic::set_peer_oob`.
    Oob {
        /// LE Secure Connections.
        secure: bool,
    },
    /// Which PIN do both devices use? [`PairingRequest::pin`]. Only BR/EDR with old peers asks, if
    /// `ClassicConfig::legacy_pairing` allows it.
    Pin {
        /// Only a PIN of 16 digits achieves the required level.
        sixteen: bool,
    },
}

impl Host {
    /// Receives the questions of all pairings until the returned value is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if another one is held.
    pub fn pairing_requests(&self) -> Result<PairingRequests<'_>, Error> {
        self.with(|core| core.stack.listen_to_pairing())?;
        Ok(PairingRequests { host: self })
    }

    /// Changes what later pairings of all links offer and require; replaces
    /// [`Config::pairing`](crate::Config::pairing). Pairings in progress, existing bonds and links keep what they have.
    /// [`Self::reset`] restores the configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if LE Secure Connections are to be offered and the packets of [`crate::Resources`] are
    /// too short for their PDUs.
    pub fn set_pairing(&self, pairing: PairingConfig) -> Result<(), Error> {
        self.with(|core| core.stack.set_pairing(pairing))
    }
}

impl<'h> PairingRequests<'h> {
    /// Waits for the next question of any link.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> PairingRequest<'h> {
        let host = self.host;
        loop {
            let key = Key::Host(HostKey::Pairing);
            let next = host.wait(key, |core, _| core.stack.poll_question()).await;
            let Ok(PairingQuestion { link, serial, request }) = next else { continue };
            let names = host.with(|core| match link {
                PairingLink::Le(link) => {
                    let slot = core.stack.link(link).ok()?;
                    let peer = slot.protection.identity().unwrap_or_else(|| slot.control.peer());
                    Some((peer, slot.protection.replaces()))
                }
                PairingLink::Classic(link) => core.stack.classic_pairing_of(link),
            });
            let pin = match link {
                PairingLink::Le(_) => None,
                PairingLink::Classic(link) => host.with(|core| core.stack.classic_pin(link)),
            };
            let (peer, replaces) = names.unzip();
            let (question, open) = match request {
                Asked::Confirm => (Question::Confirm, true),
                Asked::Compare(number) => (Question::Compare(number), true),
                Asked::Display(passkey) => (Question::Display(passkey), false),
                Asked::Input => {
                    (pin.map_or(Question::Input, |sixteen| Question::Pin { sixteen }), true)
                }
                Asked::Oob { secure } => (Question::Oob { secure }, true),
            };
            let replaces = replaces.flatten();
            return PairingRequest { host, link, serial, question, peer, replaces, open };
        }
    }
}

impl Drop for PairingRequests<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.ignore_pairing());
    }
}

impl PairingRequest<'_> {
    /// Returns the question.
    #[must_use]
    pub const fn question(&self) -> Question {
        self.question
    }

    /// Returns the peer if the link is still up: its identity address if there is a bond, otherwise the address that it
    /// uses.
    #[must_use]
    pub const fn peer(&self) -> Option<Address> {
        self.peer
    }

    /// Returns the identity of the bond that this pairing replaces. If it differs from [`Self::peer`], the peer used a
    /// private address and only claims that identity: it may be a phone that was reset, or another device. See
    /// [`crate::RepeatPairing`].
    #[must_use]
    pub const fn replaces(&self) -> Option<Address> {
        self.replaces
    }

    /// Returns whether this is a question of `connection`.
    #[must_use]
    pub fn is_of(&self, connection: &Connection<'_>) -> bool {
        self.link == PairingLink::Le(connection.link())
    }

    /// Answers yes: pair, or the numbers are equal.
    pub fn accept(&mut self) {
        self.answer(Answer::Yes);
    }

    /// Answers no: the pairing ends.
    pub fn reject(&mut self) {
        self.answer(Answer::No);
    }

    /// Answers with the passkey that the other device shows, 0 to 999,999. Any other number ends the pairing.
    pub fn passkey(&mut self, passkey: u32) {
        self.answer(Answer::Passkey(passkey));
    }

    /// Answers with the PIN that both devices use, of 1 to 16 bytes. Any other length ends the pairing.
    pub fn pin(&mut self, pin: &[u8]) {
        if let PairingLink::Classic(link) = self.link
            && core::mem::take(&mut self.open)
        {
            let serial = self.serial;
            self.host.with(|core| core.stack.answer_classic_pin(link, serial, pin));
        }
    }

    /// Reports a keypress on this device to the other device, if both sides support it. At most 16 keypresses are
    /// queued; another one replaces the last.
    pub fn keypress(&mut self, keypress: Keypress) {
        let (link, serial) = (self.link, self.serial);
        self.host.with(|core| match link {
            PairingLink::Le(link) => core.stack.send_keypress(link, serial, keypress),
            PairingLink::Classic(link) => {
                core.stack.send_classic_keypress(link, serial, keypress);
            }
        });
    }

    /// Waits for a keypress on the other device, and returns the progress of its user; `None` after the end of the
    /// pairing. Keypresses are reported only if both sides set [`keypress`](crate::PairingConfig::keypress) in their
    /// [`crate::PairingConfig`]. Several keypresses can be reported as one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a report is taken only when the future is ready.
    pub async fn keypress_received(&self) -> Option<PasskeyEntry> {
        let (link, serial) = (self.link, self.serial);
        let entry = self.host.wait(key_of(link), |core, _| match link {
            PairingLink::Le(link) => core.stack.poll_entry(link, serial),
            PairingLink::Classic(link) => core.stack.poll_classic_entry(link, serial),
        });
        entry.await.unwrap_or(None)
    }

    /// Waits until the pairing has succeeded or failed. Then close the dialog with the user.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn ended(&self) {
        let (link, serial) = (self.link, self.serial);
        let over = self.host.wait(key_of(link), |core, _| match link {
            PairingLink::Le(link) => core.stack.poll_pairing_over(link, serial),
            PairingLink::Classic(link) => core.stack.poll_classic_pairing_over(link, serial),
        });
        let _over = over.await;
    }

    pub(super) fn answer(&mut self, answer: Answer) {
        if core::mem::take(&mut self.open) {
            let (link, serial) = (self.link, self.serial);
            self.host.with(|core| match link {
                PairingLink::Le(link) => core.stack.answer_pairing(link, serial, answer),
                PairingLink::Classic(link) => core.stack.answer_classic(link, serial, &answer),
            });
        }
    }
}

/// Returns what marks a change of a pairing.
fn key_of(link: PairingLink) -> Key {
    match link {
        PairingLink::Le(link) => Key::Link(link.index, LinkKey::Security),
        PairingLink::Classic(link) => ClassicKey::pairing(link),
    }
}

impl Drop for PairingRequest<'_> {
    fn drop(&mut self) {
        self.answer(Answer::No);
    }
}

impl Connection<'_> {
    /// Pairs with the peer again. A peripheral requests this from its central, and waits until the central has paired,
    /// or has encrypted the link with the key of the bond.
    ///
    /// # Errors
    ///
    /// [`Error::Pairing`] says which side ended the pairing and why. [`Error::BondsFull`], [`Error::BondKept`] or
    /// [`Error::BondStore`] if the bond cannot be kept. [`Error::Timeout`] if the central does nothing for 30 s, or if
    /// other links pair for that long and [`crate::Resources`] has no `PAIRINGS` left. [`Error::Busy`] while another
    /// pairing of this link is in progress.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the pairing.
    pub async fn pair(&self) -> Result<Paired, Error> {
        self.pair_for(Level::Open).await
    }

    /// Encrypts the link with the key of the bond; a peripheral requests this from its central. Does nothing if the
    /// link is already encrypted.
    ///
    /// # Errors
    ///
    /// [`Error::NotBonded`] without a bond, [`Error::OtherAddress`] if the bond belongs to another address of this
    /// device, [`Error::BondLost`] if the peer no longer has its key, [`Error::Encryption`] if encryption fails for
    /// another reason, [`Error::Timeout`] if the central does nothing for 30 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop it.
    pub async fn encrypt(&self) -> Result<LinkSecurity, Error> {
        let link = self.link();
        match self.host().with(|core| core.stack.request_encryption(link))? {
            None => self.security(),
            Some(attempts) => {
                self.wait(LinkKey::Security, |stack| stack.poll_encrypted(link, attempts)).await
            }
        }
    }

    /// Raises the link to a security level: encrypts it with the key of the bond if that suffices, otherwise pairs.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::encrypt`] and [`Self::pair`], and [`Error::Insecure`] if the achieved level is lower.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop a procedure that has begun.
    pub async fn secure(&self, level: Level) -> Result<LinkSecurity, Error> {
        let link = self.link();
        let now = self.security()?;
        if now.level >= level {
            return Ok(now);
        }
        let loaded = |core: &mut crate::core::Core| {
            core.stack.link(link)?;
            if core.stack.bonds_are_loaded() { Poll::Ready(Ok(())) } else { Poll::Pending }
        };
        self.host().wait(Key::Host(HostKey::Bonds), |core, _| loaded(core)).await?;
        if self.host().with(|core| core.stack.reachable(link))? >= level {
            self.encrypt().await?;
        } else {
            self.pair_for(level).await?;
        }
        let now = self.security()?;
        if now.level >= level { Ok(now) } else { Err(Error::Insecure { level: now.level }) }
    }

    /// Returns the security of the link.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn security(&self) -> Result<LinkSecurity, Error> {
        let link = self.link();
        self.host().with(|core| core.stack.link_security(link))
    }

    /// Sets whether the user allows the peer access that requires authorization. It holds for this link.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn authorize(&self, authorized: bool) -> Result<(), Error> {
        let link = self.link();
        self.host().with(|core| core.stack.authorize(link, authorized))
    }

    /// Returns the identity of a bonded peer: the bond has the peer's address, or its key resolves that address. The
    /// identity is proven only after the link is encrypted.
    #[must_use]
    pub fn identity(&self) -> Option<Address> {
        let link = self.link();
        self.host().with(|core| core.stack.link(link).ok()?.protection.identity())
    }

    async fn pair_for(&self, level: Level) -> Result<Paired, Error> {
        let link = self.link();
        let serial = self.host().with(|core| core.stack.request_pairing(link, level))?;
        self.wait(LinkKey::Security, |stack| stack.poll_paired(link, serial)).await
    }
}
