use bindrune_hci::Status;

/// A ticket of a request, with which its answer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Asked(pub(crate) u16);

/// A request that several callers may make. Callers that request it before it starts share one
/// answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<T> {
    /// Number of the last request.
    number: u16,
    /// Number of the last answered request, and its answer: a value, or the error.
    done: u16,
    value: Option<T>,
    status: Status,
    is_done: bool,
    /// Whether the last request has not started.
    wanted: bool,
    /// Whether the last request runs, or the one before it if the last has not started.
    running: bool,
}

impl<T: Copy> Call<T> {
    /// No request. All octets are zero.
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

    /// Starts the wanted request.
    pub(crate) const fn start(&mut self) {
        (self.wanted, self.running) = (false, true);
    }

    /// Ends the running request.
    pub(crate) const fn finish(&mut self, result: Result<T, Status>) {
        let number = self.number.wrapping_sub(self.wanted as u16);
        let ran = core::mem::replace(&mut self.running, false);
        // A later request may have been refused meanwhile; that answers both.
        if ran && !(self.is_done && self.done == number) {
            self.answered(number, result);
        }
    }

    /// Refuses the wanted request.
    pub(crate) const fn refuse(&mut self, status: Status) {
        if self.wanted {
            self.wanted = false;
            self.answered(self.number, Err(status));
        }
    }

    const fn answered(&mut self, number: u16, result: Result<T, Status>) {
        (self.done, self.is_done) = (number, true);
        (self.value, self.status) = match result {
            Ok(value) => (Some(value), Status::SUCCESS),
            Err(status) => (None, status),
        };
    }

    /// Returns the answer to a request, or to a later one.
    pub(crate) fn answer(&self, asked: Asked) -> Option<Result<T, Status>> {
        let result = self.value.ok_or(self.status);
        let answered = self.done.wrapping_sub(asked.0) <= u16::MAX / 2;
        (self.is_done && answered).then_some(result)
    }
}
