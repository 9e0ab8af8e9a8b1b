//! The lock of the host's state.

/// Guards a value for short, synchronous visits.
///
/// A mutex with `std`, a critical section with `sync`, otherwise a `RefCell`. Visits never nest.
#[derive(Debug)]
pub(crate) struct Lock<T>(Inner<T>);

#[cfg(feature = "std")]
type Inner<T> = std::sync::Mutex<T>;
#[cfg(all(feature = "sync", not(feature = "std")))]
type Inner<T> = critical_section::Mutex<core::cell::RefCell<T>>;
#[cfg(not(feature = "sync"))]
type Inner<T> = core::cell::RefCell<T>;

#[cfg(feature = "std")]
impl<T> Lock<T> {
    #[inline(always)]
    pub(crate) const fn new(value: T) -> Self {
        Self(Inner::new(value))
    }

    pub(crate) fn with<R>(&self, visit: impl FnOnce(&mut T) -> R) -> R {
        visit(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(all(feature = "sync", not(feature = "std")))]
impl<T> Lock<T> {
    #[inline(always)]
    pub(crate) const fn new(value: T) -> Self {
        Self(Inner::new(core::cell::RefCell::new(value)))
    }

    pub(crate) fn with<R>(&self, visit: impl FnOnce(&mut T) -> R) -> R {
        critical_section::with(|cs| visit(&mut self.0.borrow_ref_mut(cs)))
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().get_mut()
    }
}

#[cfg(not(feature = "sync"))]
impl<T> Lock<T> {
    #[inline(always)]
    pub(crate) const fn new(value: T) -> Self {
        Self(Inner::new(value))
    }

    pub(crate) fn with<R>(&self, visit: impl FnOnce(&mut T) -> R) -> R {
        visit(&mut self.0.borrow_mut())
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}
