//! What crosses the border to C++: byte spans that are borrowed for one call, strings and id lists
//! that this side makes and frees, a status per call. Every entry runs inside `guard`, which turns
//! errors and panics into values; no exception or panic crosses.

mod grammar;
mod template;
mod tokenizer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use crate::error::{Error, Result};

/// Bytes of the caller, borrowed until the call returns. `data` is null for "not given", which
/// differs from empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SpyreTextSpan {
    pub data: *const u8,
    pub bytes: usize,
}

impl SpyreTextSpan {
    /// # Safety
    /// `data` is null or points to `bytes` readable bytes.
    unsafe fn get<'a>(&self) -> Option<&'a [u8]> {
        (!self.data.is_null()).then(|| unsafe { std::slice::from_raw_parts(self.data, self.bytes) })
    }

    /// # Safety
    /// As `get`. Errors: not UTF-8, naming `what` and the first bad byte.
    unsafe fn text<'a>(&self, what: &str) -> Result<&'a str> {
        let bytes = unsafe { self.get() }.unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|e| {
            let at = e.valid_up_to();
            Error::invalid(format!("{what}: wanted UTF-8, found a wrong byte at {at}"))
        })
    }
}

/// Bytes made by this side; give them back with `spyre_text_string_free`.
#[repr(C)]
pub struct SpyreTextString {
    pub data: *mut u8,
    pub bytes: usize,
}

impl SpyreTextString {
    fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let owned: Box<[u8]> = bytes.into().into_boxed_slice();
        let bytes = owned.len();
        SpyreTextString {
            data: Box::into_raw(owned).cast(),
            bytes,
        }
    }
}

/// Frees a string and empties it; an empty one is fine.
///
/// # Safety
/// `string` was filled by a function of this library, or holds a null pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_string_free(string: *mut SpyreTextString) {
    let string = unsafe { &mut *string };
    if !string.data.is_null() {
        let slice = std::ptr::slice_from_raw_parts_mut(string.data, string.bytes);
        drop(unsafe { Box::from_raw(slice) });
    }
    (string.data, string.bytes) = (null_mut(), 0);
}

/// Token ids made by this side, and for each the number of its text (0, in pairs also 1); give them
/// back with `spyre_text_ids_free`.
#[repr(C)]
pub struct SpyreTextIds {
    pub ids: *mut i32,
    pub type_ids: *mut i32,
    pub count: usize,
    /// As many there were before some were cut off.
    pub whole_count: usize,
}

impl SpyreTextIds {
    /// Ids of tokenizers are below 2^31: the loaders check it.
    fn new(ids: &[u32], type_ids: &[u32]) -> Self {
        let owned = |list: &[u32]| -> *mut i32 {
            let list: Box<[i32]> = list.iter().map(|&id| id as i32).collect();
            Box::into_raw(list).cast()
        };
        debug_assert_eq!(ids.len(), type_ids.len());
        SpyreTextIds {
            ids: owned(ids),
            type_ids: owned(type_ids),
            count: ids.len(),
            whole_count: ids.len(),
        }
    }
}

/// Frees a list and empties it; an empty one is fine.
///
/// # Safety
/// `ids` was filled by a function of this library, or holds null pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_ids_free(ids: *mut SpyreTextIds) {
    let list = unsafe { &mut *ids };
    for data in [list.ids, list.type_ids] {
        if !data.is_null() {
            let slice = std::ptr::slice_from_raw_parts_mut(data, list.count);
            drop(unsafe { Box::from_raw(slice) });
        }
    }
    (list.ids, list.type_ids) = (null_mut(), null_mut());
    (list.count, list.whole_count) = (0, 0);
}

/// Runs an entry. Answers 0 and stores the result in `out`, or the number of a Status and stores a
/// message in `error`; the other one is left as it was.
///
/// # Safety
/// `out` and `error` are valid for writes.
unsafe fn guard<T>(
    out: *mut T,
    error: *mut SpyreTextString,
    work: impl FnOnce() -> Result<T>,
) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::internal(panic_text(panic.as_ref()))));
    match result {
        Ok(value) => {
            unsafe { out.write(value) };
            0
        }
        Err(failure) => {
            unsafe { error.write(SpyreTextString::new(failure.message)) };
            failure.status as i32
        }
    }
}

/// What a caught panic said.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    format!("the text library failed: {said}")
}

/// # Safety
/// `ids` points to `count` readable numbers, or `count` is 0.
unsafe fn token_ids<'a>(ids: *const i32, count: usize) -> &'a [i32] {
    if count == 0 {
        return &[];
    }
    unsafe { std::slice::from_raw_parts(ids, count) }
}
