import type { Tensor } from "../../../ts/index.js";
import type { IncomingContent } from "../src/objects/incoming.js";
import { packNpy } from "../src/objects/npy.js";
import type { AdapterShape, RoundSettings } from "../src/rounds/round-settings.js";
import type { SharedAdapter } from "../src/rounds/shared-adapter.js";

/** What determines the shared adapter of a small federation. */
export const shapeOf = (task: string, labels: readonly string[]): AdapterShape => ({
  task,
  taskSettings: {},
  labels,
  rank: 2,
  alpha: 4,
  targetModules: null,
  rslora: false,
  dropout: 0,
  seed: 0,
});

/** The settings of its first round. */
export const settingsOf = (shared: SharedAdapter, shape: AdapterShape): RoundSettings => ({
  ...shape,
  encoder: shared.encoder.fingerprint,
  maxTokens: shared.encoder.maxTokens,
  sharedA: shared.sharedA,
  round: 1,
  rounds: 2,
  freezeA: true,
  fitHead: true,
  epochs: 1,
  batchSize: 4,
  learningRate: 0.01,
  weightDecay: 0.01,
  maxGradNorm: 1,
  private: false,
  evaluate: true,
});

/** A server's message with arrays. */
export const contentOf = (arrays: ReadonlyMap<string, Tensor>): IncomingContent => ({
  config: new Map(),
  arrays: async () => new Map([...arrays].map(([name, tensor]) => [name, packNpy(tensor)])),
});
