import { engine } from "../../../ts/engine/engine.js";
import type { Graph } from "../../../ts/index.js";
import { unused } from "../../graph/unused.js";

interface Taken {
  readonly start: number;
  readonly end: number;
  readonly elements: number;
}

/**
 * Follows every block that a graph's tape hands out, and throws where one overlaps another that is still in use, or where
 * what is given back was not in use: two live tensors would share memory. Put it on before anything else.
 */
export function watchArena(graph: Graph): void {
  const { arena } = graph;
  const taken = new Map<number, Taken>();
  /** What was taken when each open step began, by its mark, and when the running method did. */
  const steps: Map<number, Taken>[] = [];
  let before: Map<number, Taken> | undefined;
  const original = {
    allocate: arena.allocate.bind(arena),
    release: arena.release.bind(arena),
    mark: arena.mark.bind(arena),
    rewind: arena.rewind.bind(arena),
    begin: arena.begin.bind(arena),
    rollback: arena.rollback.bind(arena),
  };
  const put = (from: Map<number, Taken>) => {
    taken.clear();
    for (const [start, block] of from) taken.set(start, block);
  };
  arena.allocate = (elements) => {
    const start = original.allocate(elements);
    const end = start + Math.max(4 * elements, 1);
    for (const other of taken.values()) {
      if (start < other.end && other.start < end)
        throw new Error(`block ${start}–${end} overlaps ${other.start}–${other.end}`);
    }
    if (end > engine().heap.reserved) throw new Error(`block ${start}–${end} ends outside memory`);
    taken.set(start, { start, end, elements });
    return start;
  };
  arena.release = (pointer, elements) => {
    if (taken.get(pointer)?.elements !== elements) throw new Error(`block ${pointer} of ${elements} is not in use`);
    taken.delete(pointer);
    original.release(pointer, elements);
  };
  arena.mark = () => {
    const mark = original.mark();
    steps[mark] = new Map(taken);
    return mark;
  };
  arena.rewind = (mark) => {
    original.rewind(mark);
    // What an outer step gave back in an inner one stays given back.
    const outer = steps[mark]!;
    steps.length = mark;
    put(new Map([...outer].filter(([start]) => taken.has(start))));
  };
  arena.begin = () => {
    before = new Map(taken);
    original.begin();
  };
  arena.rollback = () => {
    original.rollback();
    put(before!);
  };
}

/** Throws where something that a graph can still read lies in memory that may be handed out again, or outside all blocks. */
export function checkLive(graph: Graph): void {
  const blocks = unused(graph.arena);
  for (const { id, value, gradient, gradientMemory, frozen } of graph.nodes) {
    const pointers = [value.pointer, gradient, gradientMemory].map((pointer) => ({ pointer, bytes: 4 * value.size }));
    for (const pointer of frozen?.owned ?? []) pointers.push({ pointer, bytes: 4 });
    for (const { pointer, bytes } of pointers) {
      const free = blocks.find(({ start, size }) => pointer < start + size && start < pointer + bytes);
      if (pointer !== 0 && bytes > 0 && free)
        throw new Error(`node ${id} at ${pointer} lies in free memory at ${free.start}`);
    }
  }
}
