import { afterAll, beforeAll } from "vitest";
import { engine, init } from "../../ts/engine/engine.js";
import type { InitOptions } from "../../ts/engine/options.js";

/** Runs a file's tests on an engine with other options; the one that they began with comes back after them. */
export function useBuild(options: InitOptions): void {
  const { build, threads } = engine().info;
  const restart = async (own: InitOptions) => {
    await engine().close();
    await init(own);
  };
  beforeAll(() => restart(options));
  afterAll(() => restart({ build, threads }));
}
