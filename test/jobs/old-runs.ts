import type { AnyJobResult, JobEvent, JobOptions, JobSources, RunStore } from "../../ts/jobs/index.js";
import { runJob } from "../../ts/jobs/run-job.js";
import type { AnyJobSpec } from "../../ts/tasks/index.js";
import * as language from "../tasks/language/tiny-language-job.js";
import * as texts from "./tiny-job.js";
import * as tokens from "../tasks/tokens/tiny-token-job.js";

const common = { model: "tiny", build: "simd", threads: 1, steps: 12, batchSize: 6, learningRate: 0.01 } as const;
const watched = { rank: 2, dropout: 0.1, evaluateEvery: 4, validationSplit: 0.2 } as const;

/** A run of each kind with everything random in it, as in test/golden/runs-before. */
export const oldRuns: Readonly<Record<string, { readonly spec: AnyJobSpec; readonly sources: JobSources }>> = {
  classify: {
    spec: {
      ...common,
      ...watched,
      data: "examples.csv",
      testSplit: 0.2,
      nearDuplicates: "apart",
      finalFit: false,
      calibrate: false,
    },
    sources: texts.sources,
  },
  tokens: {
    spec: { ...common, ...watched, task: "tokens", data: "names.conll", testSplit: 0.2 },
    sources: tokens.sources,
  },
  text: {
    spec: { ...common, ...watched, task: "text", data: "pairs.jsonl", targetModules: ["q_proj", "v_proj"], gguf: true },
    sources: language.sources,
  },
  chat: {
    spec: { ...common, ...watched, task: "chat", data: "chat.jsonl", targetModules: ["q_proj", "v_proj"] },
    sources: language.sources,
  },
};

/** Runs one of them; interrupted after so many steps, where that is given. */
export async function runOld(
  kind: string,
  store: RunStore,
  { until, ...options }: JobOptions & { readonly until?: number } = {},
): Promise<AnyJobResult | null> {
  const { spec, sources } = oldRuns[kind]!;
  const abort = new AbortController();
  const onProgress = (event: JobEvent) => {
    options.onProgress?.(event);
    if (until !== undefined && texts.afterStep(until)(event)) abort.abort();
  };
  return runJob(spec, store, {
    sources,
    ...options,
    signal: abort.signal,
    onProgress,
  }).catch((error: unknown) => {
    if (until === undefined) throw error;
    return null;
  });
}
