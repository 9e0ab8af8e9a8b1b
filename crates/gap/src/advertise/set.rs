use bindrune_hci::{FilterPolicy, Status};
use bindrune_wire::{Address, AddressKind, Handle};
use embassy_time::{Duration, Instant};

use super::{AdvertisingEnd, News, SetId};
use crate::{
    Advertisement, AdvertisementKind, Channels, ControllerInfo, ExtendedPdus, TooLong,
    accept_list::ListState,
    adv_data::{LEGACY_DATA_MAX, lay_out},
    command::RETRY,
};

/// One advertising set: what is wished of it, and how far the controller is.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisingSet {
    wish: Option<Wish>,
    /// The next command on the way to the wish.
    step: Step,
    /// The wish changed while a command was out, whose answer is about the old one.
    changed: bool,
    /// The controller has this set (extended commands).
    exists: bool,
    /// Our address in the parameters that the controller has.
    own: Option<Address>,
    /// Advertising is on.
    pub(super) on: bool,
    /// What is on can be connected to.
    pub(super) connectable: bool,
    /// What is on serves only the accept list.
    pub(super) by_list: bool,
    /// The link that ended what was on, until the controller has told that the set is terminated.
    ended_by: Option<Handle>,
    /// When the wish's time is over.
    deadline: Option<Instant>,
    /// When turning off may be tried again.
    retry_at: Option<Instant>,
    /// Started, or ended.
    news: Option<News>,
    /// The link that this set made, where that became known later than the link.
    made: Option<(Handle, bool)>,
}

/// How to advertise; the data lies in the set's memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) kind: AdvertisementKind,
    pub(super) interval: (Duration, Duration),
    pub(super) timeout: Option<Duration>,
    pub(super) channels: Channels,
    pub(super) filter: FilterPolicy,
    pub(super) extended: Option<ExtendedPdus>,
    /// Where the scan response begins in the set's memory.
    pub(super) split: usize,
    /// Octets of advertising data and of scan response.
    pub(super) len: (usize, usize),
}

/// A command of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Turn off.
    Off,
    /// Delete what the controller has, so that new parameters may be of another kind.
    Remove,
    Parameters,
    Address,
    /// Advertising data from this octet on.
    Data(usize),
    /// Scan response from this octet on.
    Response(usize),
    On,
}

impl AdvertisingSet {
    /// A set of which nothing is wished.
    pub const EMPTY: Self = Self {
        wish: None,
        step: Step::Remove,
        changed: false,
        exists: false,
        own: None,
        on: false,
        connectable: false,
        by_list: false,
        ended_by: None,
        deadline: None,
        retry_at: None,
        news: None,
        made: None,
    };

    pub(super) const fn restart(&mut self) {
        *self = Self { wish: self.wish, deadline: self.deadline, news: self.news, ..Self::EMPTY };
    }

    pub(super) const fn is_wished(&self) -> bool {
        self.wish.is_some()
    }

    pub(super) const fn is_free(&self) -> bool {
        self.wish.is_none() && self.news.is_none() && self.made.is_none()
    }

    /// Takes a wish in place of the one before. `sent`: a command of this set is out.
    pub(super) fn wish(
        &mut self,
        ad: &Advertisement<'_>,
        data: &mut [u8],
        sent: bool,
    ) -> Result<(), TooLong> {
        self.withdraw(sent);
        let split = match (ad.extended, ad.kind) {
            (None, _) => LEGACY_DATA_MAX.min(data.len()),
            (Some(_), AdvertisementKind::Scannable) => 0,
            (Some(_), _) => data.len(),
        };
        let (first, second) = data.split_at_mut_checked(split).unwrap_or_default();
        let len = lay_out(ad, first, second)?;
        self.wish = Some(Wish {
            kind: ad.kind,
            interval: ad.interval,
            timeout: ad.timeout,
            channels: ad.channels,
            filter: ad.filter,
            extended: ad.extended,
            split,
            len,
        });
        Ok(())
    }

    pub(super) const fn withdraw(&mut self, sent: bool) {
        self.wish = None;
        self.news = None;
        self.deadline = None;
        self.stale(sent);
    }

    const fn stale(&mut self, sent: bool) {
        self.step = Step::Remove;
        self.changed = sent;
    }

    /// The command that is missing, where there is one that may be sent now; only to turn off while `hold`.
    pub(super) fn next(
        &mut self,
        id: SetId,
        info: &ControllerInfo,
        (list, hold): (ListState, bool),
    ) -> Option<Step> {
        let own = info.own_address();
        if self.own != Some(own) && self.step != Step::Remove {
            self.step = Step::Parameters;
        }
        let fits = self.wish.is_some() && self.step == Step::On;
        if self.on {
            let off = !fits || hold || (self.by_list && list != ListState::Current);
            return (off && self.retry_at.is_none()).then_some(Step::Off);
        }
        let wish = self.wish.filter(|_| !hold)?;
        if let Err(status) = wish.check(id, info, list) {
            self.fail(status);
            return None;
        }
        let held = wish.uses_list() && list == ListState::Held;
        loop {
            let applies = match self.step {
                Step::Off => false,
                Step::Remove => info.extended && self.exists,
                Step::Parameters => true,
                Step::Address => info.extended && own.kind() == AddressKind::Random,
                Step::Data(_) => wish.has_data(),
                Step::Response(_) => wish.has_response(),
                Step::On => return (!held).then_some(Step::On),
            };
            if applies {
                if self.step == Step::Parameters {
                    self.own = Some(own);
                }
                return Some(self.step);
            }
            self.step = self.step.following();
        }
    }

    pub(super) const fn wished(&self) -> Option<&Wish> {
        self.wish.as_ref()
    }

    /// The answer to a command of this set.
    pub(super) fn answered(&mut self, now: Instant, step: Step, status: Status) {
        let changed = core::mem::take(&mut self.changed);
        match step {
            Step::Off => {
                if status.is_success() || status == Status::UNKNOWN_ADVERTISING_SET {
                    self.on = false;
                } else {
                    self.retry_at = now.checked_add(RETRY);
                }
                return;
            }
            Step::Remove => self.exists = false,
            Step::Parameters => self.exists |= status.is_success(),
            Step::On if status.is_success() => self.turned_on(now, changed),
            Step::Address | Step::Data(_) | Step::Response(_) | Step::On => {}
        }
        if changed {
            return;
        }
        if status.is_success() || step == Step::Remove {
            self.step = self.after(step);
        } else {
            self.fail(status);
        }
    }

    /// The controller said that advertising is on: with the wish of now, or with one that was changed since.
    fn turned_on(&mut self, now: Instant, changed: bool) {
        self.on = true;
        self.retry_at = None;
        if let Some(wish) = &self.wish
            && !changed
        {
            let end = || wish.timeout.and_then(|timeout| now.checked_add(timeout));
            self.deadline = self.deadline.or_else(end);
            self.news = Some(News::Started);
        }
    }

    /// Notes what is about to be turned on.
    pub(super) const fn turning_on(&mut self) {
        if let Some(wish) = &self.wish {
            self.connectable = wish.is_connectable();
            self.by_list = wish.uses_list();
        }
    }

    /// The step after one that succeeded.
    fn after(&self, step: Step) -> Step {
        let len = self.wish.map_or((0, 0), |wish| wish.len);
        match step {
            Step::Data(from) if Step::end(from, len.0) < len.0 => {
                Step::Data(Step::end(from, len.0))
            }
            Step::Response(from) if Step::end(from, len.1) < len.1 => {
                Step::Response(Step::end(from, len.1))
            }
            Step::On => Step::On,
            Step::Off
            | Step::Remove
            | Step::Parameters
            | Step::Address
            | Step::Data(_)
            | Step::Response(_) => step.following(),
        }
    }

    fn fail(&mut self, status: Status) {
        self.end(AdvertisingEnd::Failed(status));
    }

    const fn end(&mut self, end: AdvertisingEnd) {
        self.withdraw(false);
        self.news = Some(News::Ended(end));
    }

    /// This set made a link. True where it was wished.
    pub(super) fn linked(&mut self, handle: Handle) -> bool {
        self.on = false;
        self.ended_by = Some(handle);
        let wanted = self.wish.is_some_and(|wish| wish.is_connectable());
        if wanted {
            self.withdraw(false);
        }
        wanted
    }

    /// A link that is not kept came up: the controller has turned the set off, and it is still requested.
    pub(super) const fn refused(&mut self, handle: Handle) {
        self.on = false;
        self.ended_by = Some(handle);
    }

    /// The controller turned this set off.
    pub(super) fn terminated(&mut self, status: Status, handle: Option<Handle>) {
        if status.is_success() {
            let known = self.ended_by.take();
            if self.on
                && let Some(handle) = handle.filter(|_| known != handle)
            {
                let wanted = self.linked(handle);
                self.ended_by = None;
                self.made = Some((handle, wanted));
            }
        } else if self.on {
            self.on = false;
            if self.wish.is_some() && self.step == Step::On {
                self.end(AdvertisingEnd::Timeout);
            }
        }
    }

    pub(super) fn poll_news(&mut self) -> Option<News> {
        let made = self.made.take().map(|(handle, wanted)| News::Linked { handle, wanted });
        made.or_else(|| self.news.take())
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.deadline.into_iter().chain(self.retry_at).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, sent: bool) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
        }
        if self.deadline.is_some_and(|at| at <= now) {
            self.end(AdvertisingEnd::Timeout);
            self.changed = sent;
        }
    }
}

impl Wish {
    pub(super) const fn is_connectable(&self) -> bool {
        matches!(self.kind, AdvertisementKind::Connectable | AdvertisementKind::Directed { .. })
    }

    pub(super) const fn is_high_duty(&self) -> bool {
        matches!(self.kind, AdvertisementKind::Directed { high_duty: true, .. })
    }

    /// Whom to serve: directed advertising names its peer itself.
    pub(super) const fn filter(&self) -> FilterPolicy {
        match self.kind {
            AdvertisementKind::Directed { .. } => FilterPolicy::ALL,
            AdvertisementKind::Connectable
            | AdvertisementKind::Scannable
            | AdvertisementKind::NonConnectable => self.filter,
        }
    }

    pub(super) const fn uses_list(&self) -> bool {
        !matches!(self.filter(), FilterPolicy::ALL)
    }

    /// True where the PDUs have advertising data.
    const fn has_data(&self) -> bool {
        match (self.kind, self.extended.is_some()) {
            (AdvertisementKind::Directed { .. }, extended) => extended && self.len.0 > 0,
            (AdvertisementKind::Scannable, true) => false,
            _ => true,
        }
    }

    /// True where the PDUs have a scan response.
    const fn has_response(&self) -> bool {
        matches!(
            (self.kind, self.extended.is_some()),
            (AdvertisementKind::Scannable, _) | (AdvertisementKind::Connectable, false)
        )
    }

    /// What this controller cannot do at all.
    fn check(&self, id: SetId, info: &ControllerInfo, list: ListState) -> Result<(), Status> {
        let (data, response) = self.len;
        if let ListState::Failed(status) = list
            && self.uses_list()
        {
            Err(status)
        } else if id.0 >= info.advertising_sets {
            Err(Status::LIMIT_REACHED)
        } else if self.extended.is_some() && (!info.extended || self.is_high_duty()) {
            Err(Status::UNSUPPORTED_FEATURE)
        } else if data.max(response) > usize::from(info.max_advertising_data) {
            Err(Status::MEMORY_CAPACITY_EXCEEDED)
        } else {
            Ok(())
        }
    }
}

impl Step {
    /// The longest fragment of data in one command. [Vol 4] Part E, 7.8.54
    const FRAGMENT: usize = bindrune_hci::cmd::le::EXTENDED_FRAGMENT_MAX;

    const fn following(self) -> Self {
        match self {
            Self::Off | Self::Remove => Self::Parameters,
            Self::Parameters => Self::Address,
            Self::Address => Self::Data(0),
            Self::Data(_) => Self::Response(0),
            Self::Response(_) | Self::On => Self::On,
        }
    }

    /// Where the fragment that begins at `from` ends.
    pub(super) fn end(from: usize, len: usize) -> usize {
        from.saturating_add(Self::FRAGMENT).min(len)
    }
}
