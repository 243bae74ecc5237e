//! Work sharing. A kernel is cut into `tasks` independent pieces; where the build has threads the pool takes them,
//! elsewhere they run one after the other. The cut depends on the thread count alone, so results are repeatable.

pub mod grain;
#[cfg(target_feature = "atomics")]
mod pool;
#[cfg(target_feature = "atomics")]
mod stacks;
#[cfg(target_feature = "atomics")]
pub use pool::threads;

#[cfg(not(target_feature = "atomics"))]
mod single;
#[cfg(not(target_feature = "atomics"))]
use single as pool;
#[cfg(not(target_feature = "atomics"))]
pub use single::threads;

/// What a task runs. A trait of its own, for the table of a `dyn Fn` has each body a second time, as `FnOnce`.
trait Body: Sync {
    fn call(&self, task: usize);
}

impl<F: Fn(usize) + Sync> Body for F {
    fn call(&self, task: usize) {
        self(task)
    }
}

/// The same for a range.
trait RangeBody<R>: Sync {
    fn call(&self, start: usize, end: usize) -> R;
}

impl<R, F: Fn(usize, usize) -> R + Sync> RangeBody<R> for F {
    fn call(&self, start: usize, end: usize) -> R {
        self(start, end)
    }
}

/// Runs `body(0)`, …, `body(tasks - 1)` and returns when all are done.
pub fn run(tasks: usize, body: &(impl Fn(usize) + Sync)) {
    pool::run(tasks, body);
}

/// Cuts `0..n` into one contiguous range a thread, each at least `grain` long and, except the last, a multiple of
/// `align`, and runs `body(start, end)` on each.
pub fn ranges(n: usize, grain: usize, align: usize, body: &(impl Fn(usize, usize) + Sync)) {
    each_range(n, grain, align, body);
}

#[inline(never)]
fn each_range(n: usize, grain: usize, align: usize, body: &dyn RangeBody<()>) {
    let tasks = threads().min(n / grain.max(1)).max(1);
    let length = n.div_ceil(tasks).next_multiple_of(align);
    run(tasks, &|task: usize| {
        let (start, end) = ((task * length).min(n), ((task + 1) * length).min(n));
        if start < end {
            body.call(start, end);
        }
    });
}

/// Σ body(start, end) over pieces of `0..n`, at least `grain` long. The pieces depend on `n` alone and their sums are
/// added in order, so the result is the same for every thread count.
pub fn sum(n: usize, grain: usize, body: &(impl Fn(usize, usize) -> f64 + Sync)) -> f64 {
    sum_of_pieces(n, grain, body)
}

#[inline(never)]
fn sum_of_pieces(n: usize, grain: usize, body: &dyn RangeBody<f64>) -> f64 {
    const PIECES: usize = 64;
    let mut sums = [0.0; PIECES];
    let length = n.div_ceil(PIECES).max(grain).max(1);
    let shared = Shared::new(sums.as_mut_ptr());
    run(n.div_ceil(length), &|piece: usize| {
        let sum = body.call(piece * length, ((piece + 1) * length).min(n));
        // SAFETY: each task has its own element, and `run` returns after the last.
        unsafe { *shared.get().add(piece) = sum };
    });
    sums.iter().sum()
}

/// A pointer that the tasks of one `run` share. Each task touches only its own part of the memory.
#[derive(Clone, Copy)]
pub struct Shared<T>(T);

// SAFETY: the exports hand out disjoint ranges, which is what `ranges` cuts.
unsafe impl<T> Sync for Shared<T> {}

impl<T: Copy> Shared<T> {
    pub fn new(pointer: T) -> Self {
        Self(pointer)
    }

    pub fn get(&self) -> T {
        self.0
    }
}
