//! A fork-join pool on shared memory. The main thread publishes a job and works on it too; workers spin for a moment
//! after each job, so that the next kernel of a step finds them awake, and then sleep in `memory.atomic.wait32`.
//!
//! A job is a ticket: its generation and the next task in one 64-bit word. A task is claimed by compare-and-swap on that
//! word, which fails once the job is over; so a worker that wakes late can never touch a body that is gone, and nobody
//! has to wait for workers that got nothing to do.
//!
//! A worker that traps in a task says so (`worker_failed`) before it ends: the task counts as over, and the call whose
//! result it spoiled throws. The threads that are left share the work of later calls.

use core::arch::wasm32::{memory_atomic_notify, memory_atomic_wait32};
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use wasm_bindgen::prelude::wasm_bindgen;

type Body<'a> = dyn Fn(usize) + Sync + 'a;

static THREADS: AtomicUsize = AtomicUsize::new(1);
static BUSY: AtomicBool = AtomicBool::new(false);
/// Generation in the high half, next task in the low half; `CLOSED` there between two jobs.
static TICKET: AtomicU64 = AtomicU64::new(CLOSED);
const CLOSED: u64 = u32::MAX as u64;
static TASKS: AtomicU32 = AtomicU32::new(0);
/// Tasks of the job that are not finished.
static UNFINISHED: AtomicI32 = AtomicI32::new(0);
static CALLER_SLEEPS: AtomicBool = AtomicBool::new(false);
/// Whether the calling thread may block: a page's main thread may not.
static MAY_SLEEP: AtomicBool = AtomicBool::new(false);
/// The two words of `&Body`.
static BODY: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
/// Changes with every job; sleepers wait on it.
static BELL: AtomicI32 = AtomicI32::new(0);
static SLEEPERS: AtomicU32 = AtomicU32::new(0);
/// Whether a task of the job ended in a trap.
static FAILED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether this thread is in a task.
    static WORKING: Cell<bool> = const { Cell::new(false) };
}

#[link(wasm_import_module = "lowrank")]
unsafe extern "C" {
    /// Throws the error that tells of a task that ended in a trap.
    fn task_failed() -> !;
}

/// Looks at the ticket before a worker goes to sleep: some 50 µs.
const SPINS: u32 = 20_000;
/// Nanoseconds.
const LONGEST_SLEEP: i64 = 1_000_000;

/// Threads that take part, the calling one included.
pub fn threads() -> usize {
    THREADS.load(SeqCst)
}

/// Tells how many threads there are, once the workers run, and whether the caller of the kernels may block.
#[wasm_bindgen]
pub fn set_threads(threads: usize, may_sleep: bool) {
    THREADS.store(threads.max(1), SeqCst);
    MAY_SLEEP.store(may_sleep, SeqCst);
}

/// Runs `body(0)`, …, `body(tasks - 1)`, each once, on any thread, and returns when all are done. A `run` inside a task
/// stays on that task's thread.
pub fn run(tasks: usize, body: &Body<'_>) {
    if tasks <= 1 || threads() == 1 || BUSY.swap(true, SeqCst) {
        return (0..tasks).for_each(body);
    }
    // SAFETY: a fat reference is two words; they are read back as one below, while `body` is borrowed here.
    let words: [usize; 2] = unsafe { core::mem::transmute(body) };
    BODY[0].store(words[0], SeqCst);
    BODY[1].store(words[1], SeqCst);
    TASKS.store(tasks as u32, SeqCst);
    UNFINISHED.store(tasks as i32, SeqCst);
    let generation = (TICKET.load(SeqCst) >> 32) + 1;
    TICKET.store(generation << 32, SeqCst);
    BELL.fetch_add(1, SeqCst);
    if SLEEPERS.load(SeqCst) > 0 {
        // SAFETY: the address is that of an atomic in shared memory.
        unsafe { memory_atomic_notify(BELL.as_ptr(), tasks as u32 - 1) };
    }
    while work() {}
    await_workers();
    // Nothing can be claimed while the next job is being written.
    TICKET.store((generation << 32) | CLOSED, SeqCst);
    BUSY.store(false, SeqCst);
    if FAILED.swap(false, SeqCst) {
        // SAFETY: the job is over, and nothing on this stack needs to be dropped.
        unsafe { task_failed() }
    }
}

/// Returns when every task is done. Spins, since a kernel's parts end within microseconds of each other; where the system
/// has taken a worker's core away, a caller that may sleep gives up its own core too after a while.
fn await_workers() {
    let mut spins = 0;
    loop {
        let unfinished = UNFINISHED.load(SeqCst);
        if unfinished == 0 {
            return;
        }
        spins += 1;
        if spins < SPINS || !MAY_SLEEP.load(SeqCst) {
            core::hint::spin_loop();
            continue;
        }
        CALLER_SLEEPS.store(true, SeqCst);
        // SAFETY: the address is that of an atomic in shared memory. Returns at once where the count has changed.
        unsafe { memory_atomic_wait32(UNFINISHED.as_ptr(), unfinished, LONGEST_SLEEP) };
        CALLER_SLEEPS.store(false, SeqCst);
    }
}

/// Claims one task and does it; false where there is none.
fn work() -> bool {
    loop {
        let ticket = TICKET.load(SeqCst);
        let task = ticket as u32;
        let words = [BODY[0].load(SeqCst), BODY[1].load(SeqCst)];
        if task >= TASKS.load(SeqCst) {
            return false;
        }
        if TICKET.compare_exchange(ticket, ticket + 1, SeqCst, SeqCst).is_ok() {
            // SAFETY: the claim succeeded, so the job that the words were read in is not over, and its body is alive
            // until UNFINISHED reaches zero.
            let body: &Body<'_> = unsafe { core::mem::transmute(words) };
            WORKING.set(true);
            body(task as usize);
            finish_task();
            return true;
        }
    }
}

fn finish_task() {
    WORKING.set(false);
    UNFINISHED.fetch_sub(1, SeqCst);
    if CALLER_SLEEPS.load(SeqCst) {
        // SAFETY: the address is that of an atomic in shared memory.
        unsafe { memory_atomic_notify(UNFINISHED.as_ptr(), 1) };
    }
}

/// A worker whose `worker_loop` threw calls this as its last. Its caller would else wait for the task for ever.
#[wasm_bindgen]
pub fn worker_failed() {
    if WORKING.get() {
        FAILED.store(true, SeqCst);
        finish_task();
    }
}

/// What a worker thread does, for ever.
#[wasm_bindgen]
pub fn worker_loop() {
    let mut spins = 0;
    loop {
        let bell = BELL.load(SeqCst);
        if work() {
            spins = 0;
        } else if spins < SPINS {
            spins += 1;
            core::hint::spin_loop();
        } else {
            SLEEPERS.fetch_add(1, SeqCst);
            // SAFETY: as above; returns at once where the bell has rung since it was looked at.
            unsafe { memory_atomic_wait32(BELL.as_ptr(), bell, -1) };
            SLEEPERS.fetch_sub(1, SeqCst);
            spins = 0;
        }
    }
}
