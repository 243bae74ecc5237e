import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "../../../ts/engine/memory/heap.js";
import { LowrankError, MemoryError } from "../../../ts/index.js";

const PAGE = 65_536;
const heapOf = (pages: number, maximum: number) => new Heap(new WebAssembly.Memory({ initial: pages }), maximum);
const rounded = (bytes: number) => Math.max(64, Math.ceil(bytes / 64) * 64);

/** Allocate so many bytes; release, lengthen or cut the so-manieth block that is in use. */
const actions = fc.array(
  fc.oneof(
    fc.record({ bytes: fc.oneof(fc.nat(500), fc.nat(200_000), fc.nat(3_000_000)) }),
    fc.record({ release: fc.nat(1000) }),
    fc.record({ extend: fc.nat(1000), by: fc.oneof(fc.nat(50), fc.nat(40_000)) }),
    fc.record({ shrink: fc.nat(1000), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  ),
  { maxLength: 60 },
);

describe("the heap", () => {
  it("keeps blocks apart and its books right in any order of allocations, releases and changes of length", () => {
    fc.assert(
      fc.property(actions, fc.integer({ min: 0, max: PAGE }), (sequence, odd) => {
        const maximum = 8 * 1024 * 1024 + odd;
        const heap = heapOf(2, maximum);
        const blocks = new Map<number, number>();
        let [used, peak] = [0, 0];
        for (const action of sequence) {
          if ("extend" in action || "shrink" in action) {
            const starts = [...blocks.keys()];
            if (starts.length === 0) continue;
            const start = starts[("extend" in action ? action.extend : action.shrink) % starts.length]!;
            const size = blocks.get(start)!;
            if ("extend" in action) {
              const by = 64 * action.by;
              const next = Math.min(...starts.filter((other) => other > start), Math.floor(maximum / PAGE) * PAGE);
              // Wherever it fits before the next block, and nowhere else.
              expect(heap.extend(start, by)).toBe(start + size + by <= next);
              if (start + size + by > next) continue;
              blocks.set(start, size + by);
            } else {
              blocks.set(start, 64 * Math.max(1, Math.floor((action.part * size) / 64)));
              heap.shrink(start, blocks.get(start)!);
            }
            used += blocks.get(start)! - size;
            peak = Math.max(peak, used);
          } else if ("release" in action) {
            const starts = [...blocks.keys()];
            if (starts.length === 0) continue;
            const start = starts[action.release % starts.length]!;
            heap.release(start);
            used -= blocks.get(start)!;
            blocks.delete(start);
            expect(() => heap.release(start)).toThrow(LowrankError);
          } else {
            const size = rounded(action.bytes);
            let start;
            try {
              start = heap.allocate(action.bytes);
            } catch (error) {
              expect(error).toBeInstanceOf(MemoryError);
              // It must have been impossible: no gap between the blocks is large enough.
              const ends = [...blocks].sort(([a], [b]) => a - b);
              const last = Math.floor(maximum / PAGE) * PAGE;
              let free = 2 * PAGE;
              for (const [from, length] of [...ends, [last, 0] as const]) {
                expect(from - free).toBeLessThan(size);
                free = from + length;
              }
              continue;
            }
            expect(start % 64).toBe(0);
            expect(start).toBeGreaterThanOrEqual(2 * PAGE);
            expect(start + size).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
            for (const [other, length] of blocks) expect(start + size <= other || other + length <= start).toBe(true);
            blocks.set(start, size);
            used += size;
            peak = Math.max(peak, used);
          }
          expect([heap.used, heap.peak]).toEqual([used, peak]);
          expect(heap.reserved).toBeLessThanOrEqual(maximum);
        }
        for (const start of blocks.keys()) heap.release(start);
        expect(heap.used).toBe(0);
        // Everything is one piece again.
        expect(heap.allocate(Math.floor(maximum / PAGE) * PAGE - 2 * PAGE)).toBe(2 * PAGE);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses to release what is not in use, and stays as it was", () => {
    const heap = heapOf(1, 4 * 1024 * 1024);
    const [a, b] = [heap.allocate(100), heap.allocate(100)];
    heap.release(a);
    for (const pointer of [a, b + 64, 0, -1, NaN, undefined as never]) {
      expect(() => heap.release(pointer)).toThrow(/no block in use/);
    }
    expect(heap.used).toBe(128);
    expect(heap.allocate(100)).toBe(a);
    expect(heap.allocate(100)).toBeGreaterThan(b);
  });

  it("uses memory up to the last page of its maximum", () => {
    const heap = heapOf(1, 3 * PAGE + 100);
    expect(heap.allocate(2 * PAGE)).toBe(PAGE);
    expect(() => heap.allocate(1)).toThrow(MemoryError);
    expect(() => heapOf(1, 3 * PAGE - 1).allocate(2 * PAGE)).toThrow(MemoryError);
  });

  it("survives a system that refuses to grow", () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1, maximum: 2 }), 64 * 1024 * 1024);
    expect(() => heap.allocate(2 * PAGE)).toThrow(MemoryError);
    expect(heap.used).toBe(0);
  });
});
