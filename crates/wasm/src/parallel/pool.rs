//! A fork-join pool on shared memory. The main thread publishes a job and works on it too; workers spin for a moment
//! after each job, so that the next kernel of a step finds them awake, and then sleep in `memory.atomic.wait32`.
//!
//! A job is a ticket: its generation and how many tasks are claimed in one 64-bit word. A task is claimed by compare-and-swap
//! on that word, which fails once the job is over; so a worker that wakes late can never touch a body that is gone, and
//! nobody has to wait for workers that got nothing to do. The caller claims from the first task on, workers from the last one
//! back: of two threads each gets the part that it had in the kernel before, whose results are in its own cache.
//!
//! No death of a thread leaves a caller waiting, and each makes the call whose result it spoiled throw; the threads that
//! are left share the work of later calls.
//! - A worker that traps in a task says so (`worker_failed`) before it ends: the task counts as over.
//! - A trap in the caller's own task is caught by JavaScript, which the caller goes through (`guarded_work`).
//! - A worker that is ended from outside says nothing. A caller that has waited for a while asks JavaScript which are gone
//!   (`lost_workers`); once no thread that is left is in a task, what is unfinished was theirs. Where JavaScript cannot know, it
//!   goes by how often it was asked while no task ended.
//! - Where JavaScript hears of the end beforehand (`retire_worker`), the worker claims nothing of any later job.

use super::Body;
use core::arch::wasm32::{memory_atomic_notify, memory_atomic_wait32};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use wasm_bindgen::prelude::wasm_bindgen;

static THREADS: AtomicUsize = AtomicUsize::new(1);
static BUSY: AtomicBool = AtomicBool::new(false);
/// Generation in the high half; in the low one how many tasks are claimed, of the first ones in the lower 16 bits, of the last
/// ones above. `CLOSED` there between two jobs.
static TICKET: AtomicU64 = AtomicU64::new(CLOSED);
const CLOSED: u64 = u32::MAX as u64;
/// One task more of the last ones.
const FROM_THE_LAST: u64 = 1 << 16;
static TASKS: AtomicU32 = AtomicU32::new(0);
/// Tasks of the job that are not finished.
static UNFINISHED: AtomicI32 = AtomicI32::new(0);
static CALLER_SLEEPS: AtomicBool = AtomicBool::new(false);
/// Whether the calling thread may block: a page's main thread may not.
static MAY_SLEEP: AtomicBool = AtomicBool::new(false);
/// The two words of `&dyn Body`.
static BODY: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
/// Changes with every job; sleepers wait on it.
static BELL: AtomicI32 = AtomicI32::new(0);
static SLEEPERS: AtomicU32 = AtomicU32::new(0);
/// Whether a task of the job ended in a trap.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Workers, a bit each, that are in a task or about to claim one.
static WORKING: AtomicU32 = AtomicU32::new(0);
/// Workers that may not claim any more.
static RETIRED: AtomicU32 = AtomicU32::new(0);

#[link(wasm_import_module = "lowrank")]
unsafe extern "C" {
    /// Throws the error that tells of a task that was not done.
    fn task_failed() -> !;
    /// Calls `work_as_caller`; false where that trapped.
    fn guarded_work() -> bool;
    /// The workers that are gone, a bit each; of those that are in a task, and of how many questions in a row since one ended.
    fn lost_workers(working: u32, silent: u32) -> u32;
}

/// Looks at the ticket before a worker goes to sleep: some 50 µs.
const SPINS: u32 = 20_000;
/// Nanoseconds.
const LONGEST_SLEEP: i64 = 1_000_000;
/// Sleeps (1 ms each) or, where the caller may not sleep, looks (some 50 ms) between two questions for lost workers.
const SLEEPS_TO_ASK: u32 = 50;
const SPINS_TO_ASK: u32 = 1_000 * SPINS;

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
pub fn run(tasks: usize, body: &dyn Body) {
    if tasks <= 1 || threads() == 1 || BUSY.swap(true, SeqCst) {
        return (0..tasks).for_each(|task| body.call(task));
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
    // SAFETY: JavaScript's side of these three is in ts/engine/instantiate.ts; they take and give numbers.
    while !unsafe { guarded_work() } {
        FAILED.store(true, SeqCst);
        finish_task(0);
    }
    await_workers();
    // Nothing can be claimed while the next job is being written.
    TICKET.store((generation << 32) | CLOSED, SeqCst);
    BUSY.store(false, SeqCst);
    if FAILED.swap(false, SeqCst) {
        // SAFETY: the job is over, and nothing on this stack needs to be dropped.
        unsafe { task_failed() }
    }
}

/// The caller's part of a job: tasks until there are none to claim.
#[wasm_bindgen]
pub fn work_as_caller() {
    while work(0) {}
}

/// Returns when every task is done. Spins, since a kernel's parts end within microseconds of each other; where the system
/// has occupied a worker's core, a caller that may sleep gives up its own core too after a while.
fn await_workers() {
    let may_sleep = MAY_SLEEP.load(SeqCst);
    let (mut spins, mut sleeps) = (0, 0);
    let (mut silent, mut before) = (0, 0);
    loop {
        let unfinished = UNFINISHED.load(SeqCst);
        if unfinished == 0 {
            return;
        }
        if spins < if may_sleep { SPINS } else { SPINS_TO_ASK } {
            spins += 1;
            core::hint::spin_loop();
            continue;
        }
        if may_sleep && sleeps < SLEEPS_TO_ASK {
            sleeps += 1;
            CALLER_SLEEPS.store(true, SeqCst);
            // SAFETY: the address is that of an atomic in shared memory. Returns at once where the count has changed.
            unsafe { memory_atomic_wait32(UNFINISHED.as_ptr(), unfinished, LONGEST_SLEEP) };
            CALLER_SLEEPS.store(false, SeqCst);
            continue;
        }
        (spins, sleeps) = (if may_sleep { spins } else { 0 }, 0);
        silent = if unfinished == before { silent + 1 } else { 0 };
        before = unfinished;
        let lost = unsafe { lost_workers(WORKING.load(SeqCst), silent) };
        // All tasks are claimed, and a bit of WORKING is set before a claim and cleared after the end of its task.
        if lost & WORKING.fetch_and(!lost, SeqCst) != 0 {
            FAILED.store(true, SeqCst);
        }
        if lost != 0 && WORKING.load(SeqCst) == 0 && UNFINISHED.load(SeqCst) > 0 {
            return;
        }
    }
}

fn first_ones(ticket: u64) -> u32 {
    u32::from(ticket as u16)
}

fn last_ones(ticket: u64) -> u32 {
    u32::from((ticket / FROM_THE_LAST) as u16)
}

/// Tasks of the job that are claimed; more than there can be where it is over.
fn claimed(ticket: u64) -> u32 {
    first_ones(ticket) + last_ones(ticket)
}

/// Claims one task and does it; false where there is none. `bit` is the worker's, 0 for the caller.
fn work(bit: u32) -> bool {
    // A look that writes nothing, for workers that spin.
    if claimed(TICKET.load(SeqCst)) >= TASKS.load(SeqCst) {
        return false;
    }
    WORKING.fetch_or(bit, SeqCst);
    loop {
        let ticket = TICKET.load(SeqCst);
        let words = [BODY[0].load(SeqCst), BODY[1].load(SeqCst)];
        // After the ticket: a task of a job that began after the retirement is never claimed.
        let tasks = TASKS.load(SeqCst);
        if claimed(ticket) >= tasks || RETIRED.load(SeqCst) & bit != 0 {
            WORKING.fetch_and(!bit, SeqCst);
            return false;
        }
        let (claim, task) =
            if bit == 0 { (1, first_ones(ticket)) } else { (FROM_THE_LAST, tasks - 1 - last_ones(ticket)) };
        if TICKET.compare_exchange(ticket, ticket + claim, SeqCst, SeqCst).is_ok() {
            // SAFETY: the claim succeeded, so the job that the words were read in is not over, and its body is alive
            // until UNFINISHED reaches zero or this thread is gone.
            let body: &dyn Body = unsafe { core::mem::transmute(words) };
            body.call(task as usize);
            finish_task(bit);
            return true;
        }
    }
}

fn finish_task(bit: u32) {
    UNFINISHED.fetch_sub(1, SeqCst);
    WORKING.fetch_and(!bit, SeqCst);
    if CALLER_SLEEPS.load(SeqCst) {
        // SAFETY: the address is that of an atomic in shared memory.
        unsafe { memory_atomic_notify(UNFINISHED.as_ptr(), 1) };
    }
}

/// A worker whose `worker_loop` threw calls this as its last. Its caller would else wait for the task for ever.
#[wasm_bindgen]
pub fn worker_failed(index: u32) {
    if WORKING.load(SeqCst) & (1 << index) != 0 {
        FAILED.store(true, SeqCst);
        finish_task(1 << index);
    }
}

/// Called between two kernels: a worker that is about to be ended takes no part in later ones.
#[wasm_bindgen]
pub fn retire_worker(index: u32) {
    RETIRED.fetch_or(1 << index, SeqCst);
}

/// The endless loop of worker `index`, 0 to 30.
#[wasm_bindgen]
pub fn worker_loop(index: u32) {
    let mut spins = 0;
    loop {
        let bell = BELL.load(SeqCst);
        if work(1 << index) {
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
