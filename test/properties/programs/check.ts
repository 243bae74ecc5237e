import { engine } from "../../../ts/engine/engine.js";
import { type Graph, MemoryError } from "../../../ts/index.js";
import { refuseAllocation, stateOf } from "../../graph/allocations.js";
import type { Program } from "./program.js";
import { type Around, type Event, Run } from "./run.js";
import { checkLive, watchArena } from "./watch.js";

/**
 * Events with their bits, to compare runs. Every NaN counts as one: WebAssembly leaves its sign open, and V8's compilers
 * differ in it, so that it changes when a kernel is compiled anew in the middle of a program.
 */
export function bitsOf(events: readonly Event[]): string[] {
  const one = (bits: number) => ((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits);
  return events.map(({ what, id, tensor }) => {
    const bits = tensor && new Uint32Array(tensor.data.slice().buffer).map(one);
    return `${what} ${id} ${tensor?.shape.join("×") ?? "none"}: ${bits?.join(" ") ?? ""}`;
  });
}

/** Throws at the first event that differs. */
function expectSame(got: readonly Event[], expected: readonly string[], what: string): void {
  const bits = bitsOf(got);
  const at = expected.findIndex((event, i) => event !== bits[i]);
  if (at >= 0)
    throw new Error(`${what}: event ${at} is\n  ${bits[at]?.slice(0, 300)}, not\n  ${expected[at]!.slice(0, 300)}`);
  if (bits.length !== expected.length) throw new Error(`${what}: ${bits.length} events, not ${expected.length}`);
}

const live: Around = (graph, _statement, run) => {
  run();
  checkLive(graph);
};

/** Runs `body` with graphs of a program, disposes of them and throws unless the last byte came back. */
function withGraphs<T>(program: Program, body: (graphs: Graph[]) => T): T {
  const { used } = engine().heap;
  const graphs = Run.graphs(program);
  for (const graph of graphs) watchArena(graph);
  const result = body(graphs);
  for (const graph of graphs) graph.dispose();
  if (engine().heap.used !== used) throw new Error(`${engine().heap.used - used} bytes stay taken after dispose`);
  return result;
}

/** A plain run with every block watched. */
export function runWatched(program: Program): Run {
  return withGraphs(program, (graphs) => new Run(program, graphs, live).run());
}

/** Tries each statement until it is not refused any more, and throws where a refused one left something behind. */
const retrying: Around = (graph, statement, run) => {
  const before = stateOf(graph);
  try {
    run();
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    const [was, is] = [JSON.stringify(before), JSON.stringify(stateOf(graph))];
    if (was !== is)
      throw new Error(`a refused ${statement.do} left something behind:\n${was}\n${is}`, { cause: error });
    run();
  }
};

/** Where a program asks for memory; how many of these requests are refused, one a run. */
export interface Refusals {
  readonly requests: number;
  readonly refused: number;
}

/** Passes on what was thrown, unless it is what a refused request for memory throws. */
function expectRefusal(error: unknown): void {
  if (error === undefined || error instanceof MemoryError) return;
  throw error as unknown;
}

/**
 * Refuses a program's requests for memory, one a run, at most `limit` of them spread over all. Throws unless what was
 * refused left no trace; unless the program, going on after that, computes the same bits; and unless the same graphs, after
 * a run that broke off altogether, compute the same bits again.
 */
export function checkRefusals(program: Program, expected: readonly string[], limit: number): Refusals {
  const requests = withGraphs(program, (graphs) => {
    return refuseAllocation(graphs, -1, () => new Run(program, graphs).run()).allocations;
  });
  const step = Math.max(1, requests / limit);
  let refused = 0;
  for (let at = 0; at < requests; at += step) {
    const failing = Math.floor(at);
    withGraphs(program, (graphs) => {
      const run = new Run(program, graphs, retrying);
      const { error } = refuseAllocation(graphs, failing, () => run.run());
      // A scope cannot be tried again: its body ran already.
      expectRefusal(error);
      if (error === undefined) expectSame(run.events, expected, `request ${failing} refused, then granted`);
    });
    withGraphs(program, (graphs) => {
      const { error } = refuseAllocation(graphs, failing, () => new Run(program, graphs).run());
      expectRefusal(error);
      for (const graph of graphs) {
        graph.streamsDrawn = 0;
        graph.train();
        checkLive(graph);
      }
      expectSame(new Run(program, graphs).run().events, expected, `again after request ${failing} was refused`);
    });
    refused++;
  }
  return { requests, refused };
}
