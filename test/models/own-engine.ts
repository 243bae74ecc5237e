import { createEngine, type Engine, engineInfo } from "../../ts/index.js";

/** Another engine like the default one, to weigh memory in: other tests use the default one's too, and what they reserved stays. */
export function ownEngine(): Promise<Engine> {
  const { build, threads } = engineInfo();
  return createEngine({ build, threads });
}
