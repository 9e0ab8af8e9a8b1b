//! Bonds in flash memory.

#[cfg(test)]
#[cfg(feature = "std")]
mod tests;

use core::{fmt, ops::Range};

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::{
    cache::{Cache, Uncached},
    map::{MapConfig, MapStorage},
};
use zeroize::Zeroize;

use super::{
    BondStore, Loaded, RecordId,
    store::{ID_OCTETS, RECORD_MAX},
};

/// Keeps bonds in a part of a flash memory, in the layout of the crate `sequential-storage`: changes are appended, and
/// pages are erased in turn, so that they wear evenly.
///
/// The memory contains the keys in clear. Removed or replaced records stay in it until their page is erased. Before you
/// give a device away, call [`FlashStore::erase`].
///
/// ```
/// use bindrune::{FlashStore, Host, Platform};
/// use embedded_storage_async::nor_flash::NorFlash;
///
/// /// Runs a host with its bonds in the last two pages of a flash memory of 1 MiB.
/// async fn run<F, R, W>(host: &Host, flash: F, rx: R, tx: W)
/// where
///     F: NorFlash,
///     R: embedded_io_async::Read,
///     W: embedded_io_async::Write<Error = R::Error>,
/// {
///     let Ok(store) = FlashStore::new(flash, 0xf_e000..0x10_0000) else {
///         panic!("the range is not whole pages")
///     };
///     let _end = host.run_with(rx, tx, Platform::new().store(store)).await;
/// }
/// ```
pub struct FlashStore<F: NorFlash> {
    map: Map<F>,
    /// Records have numbers below this one.
    slots: u8,
    buffer: Buffer,
}

type Map<F> = MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>;

/// As long and as aligned as the longest item of any memory.
#[repr(align(32))]
struct Buffer([u8; BUFFER]);

const ITEM: usize = 1 + ID_OCTETS + RECORD_MAX;
const BUFFER: usize = ITEM.next_multiple_of(LONGEST_WORD);
const LONGEST_WORD: usize = 32;

/// What is wrong with bonds in flash memory, and what to do about it. `E` is the error of the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FlashStoreError<E> {
    /// The memory failed.
    Flash(E),
    /// The part of the memory does not begin or end at a page, has less than two pages, or has no room for one bond.
    Range,
    /// There is no room for another bond.
    Full,
    /// The memory holds other data, or is damaged beyond repair.
    Corrupted,
    /// A newer version of this program wrote the record to replace.
    NewerRecord,
    /// The record is longer than [`BondStore::MAX`].
    TooLong,
}

impl<E: fmt::Debug> fmt::Display for FlashStoreError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(error) => write!(f, "the flash memory failed: {error:?}"),
            Self::Range => f.write_str(
                "the part of the flash memory for bonds must be at least two whole pages, with room for a bond",
            ),
            Self::Full => f.write_str(
                "the flash memory has no room for another bond; remove one, or give the bonds more pages",
            ),
            Self::Corrupted => f.write_str(
                "the flash memory holds other data, or damaged bonds; erase that part to start with no bonds",
            ),
            Self::NewerRecord => f.write_str(
                "a newer version wrote that bond; it was not changed; use that version, or remove the bond first",
            ),
            Self::TooLong => f.write_str("the record is longer than any bond is"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for FlashStoreError<E> {}

impl<E> From<sequential_storage::Error<E>> for FlashStoreError<E> {
    fn from(error: sequential_storage::Error<E>) -> Self {
        use sequential_storage::Error;
        match error {
            Error::Storage { value, .. } => Self::Flash(value),
            Error::FullStorage => Self::Full,
            Error::ItemTooBig => Self::Range,
            Error::BufferTooBig | Error::BufferTooSmall(_) => Self::TooLong,
            Error::Corrupted { .. } | Error::LogicBug { .. } | Error::SerializationError(_) => {
                Self::Corrupted
            }
            // Errors that a later version of the crate may add.
            _ => Self::Corrupted,
        }
    }
}

impl<F: NorFlash> FlashStore<F> {
    /// Opens the bonds in `range`, in bytes from the start of the memory: at least two pages, which nothing else uses.
    ///
    /// # Errors
    ///
    /// [`FlashStoreError::Range`] if the store cannot use the range.
    pub fn new(flash: F, range: Range<u32>) -> Result<Self, FlashStoreError<F::Error>> {
        let slots = slots::<F>(&range).ok_or(FlashStoreError::Range)?;
        let config = MapConfig::try_new(range).map_err(|_| FlashStoreError::Range)?;
        let map = MapStorage::new(flash, config, Cache::new_uncached());
        Ok(Self { map, slots, buffer: Buffer([0; BUFFER]) })
    }

    /// Returns how many records fit. One of them is this device's own.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.slots as usize
    }

    /// Erases the whole range, including records that were removed before.
    ///
    /// # Errors
    ///
    /// [`FlashStoreError`] if the flash memory fails.
    pub async fn erase(&mut self) -> Result<(), FlashStoreError<F::Error>> {
        Ok(self.map.erase_all().await?)
    }

    /// Returns the memory.
    #[must_use]
    pub fn into_inner(self) -> F {
        self.map.destroy().0
    }

    async fn fetch(&mut self, slot: u8) -> Result<Fetched<'_>, FlashStoreError<F::Error>> {
        let item: Option<&[u8]> = self.map.fetch_item(&mut self.buffer.0, &slot).await?;
        Ok(match item {
            None | Some([]) => Fetched::Free,
            Some(item) => {
                let known = item.split_first_chunk().and_then(|(id, record)| {
                    Some(Fetched::Record(RecordId::from_octets(*id)?, record))
                });
                known.unwrap_or(Fetched::Unknown)
            }
        })
    }

    /// Returns where the record is, or where there is room for it.
    async fn find(&mut self, wanted: RecordId) -> Result<Found, FlashStoreError<F::Error>> {
        let mut free = None;
        for slot in 0..self.slots {
            match self.fetch(slot).await? {
                Fetched::Record(id, _) if id == wanted => return Ok(Found::At(slot)),
                Fetched::Free => free = free.or(Some(slot)),
                Fetched::Record(..) | Fetched::Unknown => {}
            }
        }
        Ok(free.map_or(Found::NoRoom, Found::Room))
    }

    async fn put(&mut self, slot: u8, item: &[u8]) -> Result<(), FlashStoreError<F::Error>> {
        let result = self.map.store_item(&mut self.buffer.0, &slot, &item).await;
        self.buffer.0.zeroize();
        Ok(result?)
    }

    async fn put_record(
        &mut self,
        id: RecordId,
        record: &[u8],
    ) -> Result<(), FlashStoreError<F::Error>> {
        let mut item = zeroize::Zeroizing::new([0; ID_OCTETS + RECORD_MAX]);
        let len = ID_OCTETS.saturating_add(record.len());
        let octets = id.octets().into_iter().chain(record.iter().copied());
        item.iter_mut().zip(octets).for_each(|(to, octet)| *to = octet);
        let item = item.get(..len).ok_or(FlashStoreError::TooLong)?;
        let slot = match self.find(id).await? {
            Found::NoRoom => return Err(FlashStoreError::Full),
            Found::Room(slot) => slot,
            Found::At(slot) => {
                if let Fetched::Record(_, old) = self.fetch(slot).await? {
                    if id.is_newer(old) {
                        return Err(FlashStoreError::NewerRecord);
                    }
                    if old == record {
                        return Ok(());
                    }
                }
                slot
            }
        };
        self.put(slot, item).await
    }

    async fn load_all(
        &mut self,
        mut each: impl FnMut(RecordId, &[u8]),
    ) -> Result<Loaded, FlashStoreError<F::Error>> {
        let mut loaded = Loaded::default();
        for slot in 0..self.slots {
            match self.fetch(slot).await? {
                Fetched::Free => {}
                Fetched::Unknown => loaded.damaged = loaded.damaged.saturating_add(1),
                Fetched::Record(id, record) => {
                    each(id, record);
                    loaded.records = loaded.records.saturating_add(1);
                }
            }
        }
        Ok(loaded)
    }
}

impl<F: NorFlash> BondStore for FlashStore<F> {
    type Error = FlashStoreError<F::Error>;

    async fn load(
        &mut self,
        each: impl FnMut(RecordId, &[u8]),
    ) -> Result<Loaded, FlashStoreError<F::Error>> {
        let result = self.load_all(each).await;
        self.buffer.0.zeroize();
        result
    }

    async fn store(
        &mut self,
        id: RecordId,
        record: &[u8],
    ) -> Result<(), FlashStoreError<F::Error>> {
        let result = self.put_record(id, record).await;
        self.buffer.0.zeroize();
        result
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), FlashStoreError<F::Error>> {
        let found = self.find(id).await;
        self.buffer.0.zeroize();
        match found? {
            Found::At(slot) => self.put(slot, &[]).await,
            Found::Room(_) | Found::NoRoom => Ok(()),
        }
    }
}

impl<F: NorFlash> fmt::Debug for FlashStore<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlashStore").field("slots", &self.slots).finish_non_exhaustive()
    }
}

enum Fetched<'a> {
    Free,
    /// Its id is unknown to this version.
    Unknown,
    Record(RecordId, &'a [u8]),
}

enum Found {
    At(u8),
    Room(u8),
    NoRoom,
}

/// How many of the longest records fit. One page stays empty, and so does a quarter of the places, because a change
/// erases more in a fuller memory.
fn slots<F: NorFlash>(range: &Range<u32>) -> Option<u8> {
    let word = F::WRITE_SIZE.max(F::READ_SIZE);
    if word > LONGEST_WORD || word == 0 || F::ERASE_SIZE == 0 {
        return None;
    }
    let overhead = usize::try_from(Map::<F>::item_overhead_size()).ok()?;
    let item = overhead.checked_add(ITEM.checked_next_multiple_of(word)?)?;
    let page = F::ERASE_SIZE.checked_sub(word.checked_mul(2)?)?;
    let octets = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
    let pages = octets.checked_div(F::ERASE_SIZE)?;
    let places = page.checked_div(item)?.checked_mul(pages.checked_sub(1)?)?;
    let slots = places.checked_sub((places / 4).max(1)).filter(|slots| *slots > 0)?;
    Some(u8::try_from(slots).unwrap_or(u8::MAX))
}
