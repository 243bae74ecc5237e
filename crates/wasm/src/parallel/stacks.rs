//! Memory for the threads' stacks, which wasm-bindgen's start routine asks for once a thread. Nothing else is allocated on this side, and
//! nothing is given back: with the standard library's allocator the binary would be 3 kB larger.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;
use core::ptr::{null_mut, with_exposed_provenance_mut};

/// Bytes of a page of linear memory, and more than any alignment.
const PAGE: usize = 65_536;

/// Each block is new pages, as the TypeScript side's heap takes them too.
struct Pages;

// SAFETY: no page is in two blocks.
unsafe impl GlobalAlloc for Pages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match memory_grow::<0>(layout.size().div_ceil(PAGE)) {
            usize::MAX => null_mut(),
            page => with_exposed_provenance_mut(page * PAGE),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static PAGES: Pages = Pages;
