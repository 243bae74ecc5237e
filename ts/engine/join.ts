import { ConfigError } from "../errors/errors.js";
import type { Wanted } from "./options.js";
import { MOST_THREADS, ONE_CORE } from "./pool.js";
import type { Engine } from "./running.js";

/** Compares a call's options, except "auto", with the running engine. Throws `ConfigError`. */
export function join({ running }: Engine, wanted: Wanted, remedy = "call `createEngine`"): void {
  const { adapter, build, threads, threadsRefused, tile, maximumMemory, failed } = running;
  const [has, wants]: [string[], string[]] = [[], []];
  const [asks, runs] = [{}, {}] as Record<string, unknown>[];
  const hold = (name: keyof Wanted, own: unknown, same: boolean) => {
    const { [name]: asked = "auto" } = wanted;
    if (asked === "auto" || same) return;
    has.push(`${name} ${JSON.stringify(own)}`);
    wants.push(`${name} ${JSON.stringify(asked)}`);
    [asks![name], runs![name]] = [asked, own];
  };
  const asked = wanted.threads === "auto" ? threads : Math.min(wanted.threads, MOST_THREADS);
  hold("device", adapter ? "webgpu" : "wasm", (wanted.device === "webgpu") === (adapter !== undefined));
  hold("build", build, wanted.build === build);
  // By its source text: a function literal in a call is a new object each time.
  const elsewhere = failed !== null && wanted.worker !== undefined && String(wanted.worker) !== String(failed.worker);
  // More threads would have been refused at the start too, but perhaps not from another file.
  const refused = threadsRefused !== null && threadsRefused !== ONE_CORE && !elsewhere;
  hold("threads", threads, asked === threads || (refused && asked > threads));
  hold("tile", tile.current, wanted.tile !== "auto" && tile.allows(wanted.tile));
  hold("maximumMemory", maximumMemory, wanted.maximumMemory === maximumMemory);
  if (wants.length > 0) {
    throw new ConfigError(`init: the engine already runs with ${has.join(", ")}; for ${wants.join(", ")}, ${remedy}`, {
      op: "init",
      expected: runs,
      value: asks,
    });
  }
  if (wanted.tile !== "auto") tile.keep(wanted.tile);
}
