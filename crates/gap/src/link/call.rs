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
    wanted: bool,
    running: Option<u32>,
    /// The number of what was answered, and the answer: a value, or else why there is none.
    done: Option<u32>,
    value: Option<T>,
    status: Status,
}

impl<T: Copy> Call<T> {
    /// Nothing was asked for. All octets are zero.
    pub(crate) const IDLE: Self = Self {
        number: 0,
        wanted: false,
        running: None,
        done: None,
        value: None,
        status: Status::SUCCESS,
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
        self.wanted = false;
        self.running = Some(self.number);
    }

    /// What runs has ended.
    pub(crate) const fn finish(&mut self, result: Result<T, Status>) {
        if let Some(number) = self.running.take() {
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
        self.done = Some(number);
        (self.value, self.status) = match result {
            Ok(value) => (Some(value), Status::SUCCESS),
            Err(status) => (None, status),
        };
    }

    /// The answer to what was asked, or to something asked later.
    pub(crate) fn answer(&self, asked: Asked) -> Option<Result<T, Status>> {
        let number = self.done?;
        let result = self.value.ok_or(self.status);
        (number.wrapping_sub(asked.0) <= u32::MAX / 2).then_some(result)
    }
}
