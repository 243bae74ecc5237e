import { createEngine, Graph, tensor } from "../../../../ts/index.js";
import type { Call } from "../refusals.js";

/** Calls of engines that answer later. Engines and graphs are a call's own. */
export const engineCalls = {
  createEngine: [
    {
      args: () => [{ build: "simd", threads: 1, maximumMemory: 2 ** 25, tile: { rows: 4, columns: 8 } }],
      run: async (_, options) => {
        // Many threads are right too, and tested elsewhere.
        if ((options as { threads?: unknown } | undefined)?.threads === 2 ** 31) return;
        await (await createEngine(options)).close();
      },
    },
  ],
  close: [
    {
      args: () => ["nothing"],
      run: async (_, argument) => {
        const engine = await createEngine({ build: "simd", threads: 1 });
        await (engine.close as (argument: unknown) => Promise<void>)(argument);
      },
    },
  ],
  read: [
    {
      args: () => [0],
      run: async (_, id) => {
        using graph = new Graph();
        graph.variable(tensor([1], [1]));
        await graph.read(id);
      },
    },
  ],
} satisfies Record<string, Call[]>;
