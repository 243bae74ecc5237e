/** How much training the user wants. */
export const efforts = ["quick", "normal", "thorough"] as const;
type Effort = (typeof efforts)[number];

/** What the user sets for the next training. */
export interface Settings {
  readonly effort: Effort;
  readonly rank: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** Default: the processor. */
  readonly device?: "wasm" | "webgpu";
}

export const defaults: Settings = {
  effort: "normal",
  rank: 8,
  learningRate: 1e-3,
  batchSize: 16,
  maxTokens: 128,
  seed: 0,
};
