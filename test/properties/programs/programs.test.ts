import { describe, expect, it } from "vitest";
import { engine } from "../../../ts/engine/engine.js";
import * as ops from "../../../ts/ops/all.js";
import { opRows } from "../../ops/rows/index.js";
import { bitsOf, checkRefusals, runWatched } from "./check.js";
import { generate } from "./generate.js";
import { statements } from "./program.js";

/** Runs a check on programs of many seeds; a failure names its own. */
function eachSeed(from: number, count: number, check: (seed: number) => void): void {
  for (let seed = from; seed < from + count; seed++) {
    try {
      check(seed);
    } catch (cause) {
      throw new Error(`program ${seed}: ${String(cause)}`, { cause });
    }
  }
}

describe("random programs", () => {
  it("use every op", () => {
    expect(Object.keys(opRows).sort()).toEqual(Object.keys(ops).sort());
    const used = new Set<string>();
    const done = new Set<string>();
    for (let seed = 1; seed <= 150; seed++) {
      for (const statement of statements(generate(seed).body)) {
        done.add(statement.do);
        if (statement.do === "apply") used.add(statement.op);
      }
    }
    expect([...used].sort()).toEqual(Object.keys(ops).sort());
    expect(done.size).toBe(15);
  });

  it("compute the same bits again, in memory that no two tensors share", () => {
    eachSeed(1, 120, (seed) => {
      const program = generate(seed);
      expect(bitsOf(runWatched(program).events)).toEqual(bitsOf(runWatched(program).events));
    });
  });

  it("compute the same bits with every tile of the matrix product", () => {
    const { kernels, tile } = engine();
    const chosen = kernels.tile();
    const tiles = Array.from({ length: kernels.tile_count() }, (_, i) => i);
    const others = tiles.filter((i) => i !== chosen && kernels.tile_columns(i) === tile.current.columns);
    eachSeed(1000, 60, (seed) => {
      const program = generate(seed);
      const expected = bitsOf(runWatched(program).events);
      for (const other of others) {
        kernels.set_tile(other);
        expect(bitsOf(runWatched(program).events)).toEqual(expected);
      }
      kernels.set_tile(chosen);
    });
  });

  it("survive that any request for memory is refused", () => {
    let refused = 0;
    eachSeed(2000, 40, (seed) => {
      const program = generate(seed, { statements: 14 });
      refused += checkRefusals(program, bitsOf(runWatched(program).events), 25).refused;
    });
    expect(refused).toBeGreaterThan(400);
  });

  it("with numbers that are no ordinary ones break nothing", () => {
    eachSeed(3000, 60, (seed) => {
      const program = generate(seed, { wild: true });
      expect(bitsOf(runWatched(program).events)).toEqual(bitsOf(runWatched(program).events));
    });
  });
});
