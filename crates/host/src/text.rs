//! Messages with numbers that the compiler can show.

/// A short text, built in a constant, where `fmt` is not available. Longer text is cut off.
pub(crate) struct Text {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl Text {
    const ROOM: usize = 256;

    pub(crate) const EMPTY: Self = Self { bytes: [0; Self::ROOM], len: 0 };

    #[must_use]
    pub(crate) const fn and(mut self, text: &str) -> Self {
        let mut rest = text.as_bytes();
        while let [first, more @ ..] = rest {
            self = self.byte(*first);
            rest = more;
        }
        self
    }

    #[must_use]
    pub(crate) const fn number(mut self, number: usize) -> Self {
        if let Some(tens @ 1..) = number.checked_div(10) {
            self = self.number(tens);
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is below 10")]
        self.byte(b'0'.saturating_add(number.wrapping_rem(10) as u8))
    }

    pub(crate) const fn as_str(&self) -> &str {
        // Only whole ASCII texts are appended.
        match self.bytes.split_at_checked(self.len) {
            Some((bytes, _)) => match core::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(_) => "",
            },
            None => "",
        }
    }

    const fn byte(mut self, byte: u8) -> Self {
        if let Some((_, [next, ..])) = self.bytes.split_at_mut_checked(self.len) {
            *next = byte;
            self.len = self.len.saturating_add(1);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn numbers_and_words() {
        for number in [0, 9, 10, 305, usize::MAX] {
            assert_eq!(Text::EMPTY.number(number).as_str(), number.to_string());
        }
        const TEXT: Text = Text::EMPTY.and("RX is ").number(5).and(", not ").number(70);
        assert_eq!(TEXT.as_str(), "RX is 5, not 70");
        let long = Text::EMPTY.and(&"x".repeat(Text::ROOM + 9));
        assert_eq!(long.as_str(), "x".repeat(Text::ROOM));
    }
}
