//! The build without threads: one piece after the other.

use super::Body;

/// Threads that take part, the calling one included.
pub fn threads() -> usize {
    1
}

/// Runs `body(0)`, …, `body(tasks - 1)` and returns when all are done.
pub fn run(tasks: usize, body: &dyn Body) {
    for task in 0..tasks {
        body.call(task);
    }
}
