use bindrune_hci::Status;

/// A ticket for what was asked; its answer is found with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Asked(pub(crate) u32);

/// Something that several callers may ask for. Those who ask before it begins share one answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<T> {
    /// The number of the last one that was asked for.
    number: u32,
    /// The number of what was answered, and the answer: a value, or else why there is none.
    done: u32,
    value: Option<T>,
    status: Status,
    is_done: bool,
    /// What was asked for last has not begun.
    wanted: bool,
    /// What was asked for last runs, or the one before where the last has not begun.
    running: bool,
}

impl<T: Copy> Call<T> {
    /// Nothing was asked for. All octets are zero.
    pub(crate) const IDLE: Self = Self {
        number: 0,
        done: 0,
        value: None,
        status: Status::SUCCESS,
        is_done: false,
        wanted: false,
        running: false,
    };

    pub(crate) const fn ask(&mut self) -> Asked {
        if !self.wanted {
            self.wanted = true;
            self.number = self.number.wrapping_add(1);
        }
        Asked(self.number)
    }

    pub(crate) const fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// What is wanted begins.
    pub(crate) const fn start(&mut self) {
        (self.wanted, self.running) = (false, true);
    }

    /// What runs has ended.
    pub(crate) const fn finish(&mut self, result: Result<T, Status>) {
        let number = self.number.wrapping_sub(self.wanted as u32);
        let ran = core::mem::replace(&mut self.running, false);
        // What was asked for later may have been refused meanwhile, which answers both.
        if ran && !(self.is_done && self.done == number) {
            self.answered(number, result);
        }
    }

    /// What is wanted cannot be had.
    pub(crate) const fn refuse(&mut self, status: Status) {
        if self.wanted {
            self.wanted = false;
            self.answered(self.number, Err(status));
        }
    }

    const fn answered(&mut self, number: u32, result: Result<T, Status>) {
        (self.done, self.is_done) = (number, true);
        (self.value, self.status) = match result {
            Ok(value) => (Some(value), Status::SUCCESS),
            Err(status) => (None, status),
        };
    }

    /// The answer to what was asked, or to something asked later.
    pub(crate) fn answer(&self, asked: Asked) -> Option<Result<T, Status>> {
        let result = self.value.ok_or(self.status);
        let answered = self.done.wrapping_sub(asked.0) <= u32::MAX / 2;
        (self.is_done && answered).then_some(result)
    }
}
