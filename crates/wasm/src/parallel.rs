//! Work sharing. A kernel is cut into `tasks` independent pieces; where the build has threads the pool takes them,
//! elsewhere they run one after the other. The cut depends on the thread count alone, so results are repeatable.

/// Threads that take part, the calling one included.
pub fn threads() -> usize {
    1
}

/// Runs `body(0)`, …, `body(tasks - 1)`, each once, in any order, and returns when all are done.
pub fn run(tasks: usize, body: &(dyn Fn(usize) + Sync)) {
    for task in 0..tasks {
        body(task);
    }
}

/// Cuts `0..n` into one contiguous range a thread, each at least `grain` long and, except the last, a multiple of
/// `align`, and runs `body(start, end)` on each.
pub fn ranges(n: usize, grain: usize, align: usize, body: &(dyn Fn(usize, usize) + Sync)) {
    let tasks = threads().min(n / grain.max(1)).max(1);
    let length = n.div_ceil(tasks).next_multiple_of(align);
    run(tasks, &|task| {
        let (start, end) = ((task * length).min(n), ((task + 1) * length).min(n));
        if start < end {
            body(start, end);
        }
    });
}

/// A pointer that the tasks of one `run` share. Each task touches only its own part of what lies behind it.
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
