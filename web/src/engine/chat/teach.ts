import type { LowrankWorker } from "lowrank/worker";
import type {
  LanguageJobResult,
  LanguageJobSpec,
  LanguageReport,
  PreferenceJobResult,
  PreferenceJobSpec,
  PreferenceMetrics,
} from "lowrank/jobs";
import { areEnough, type Conversations } from "../../data/examples.js";
import { type Client, client } from "../client.js";
import { storedTraining, type StoredRun } from "../stored-training.js";
import { runIn, storeOf, type SavedFiles } from "../stores.js";
import { ensureAdapters, slots } from "./adapter.js";
import { keepAdapter } from "./kept-adapters.js";
import { stop } from "./answering.js";
import { type Loaded, load, loaded, openProblem } from "./language-model.js";

/** A language model's training run, stored for the next visit. */
export interface Lesson extends StoredRun {
  readonly name: string;
  readonly model: string;
  readonly spec: LanguageJobSpec | PreferenceJobSpec;
  readonly data: Uint8Array;
  readonly rows: number;
  readonly result: LanguageReport["result"];
  /** Number of examples that the result is measured on; missing in lessons of earlier versions. */
  readonly measured?: number;
  /** Metrics of preferences, of the base model and the trained one; null if nothing was held out, and missing in lessons of earlier versions. */
  readonly preferences?: Readonly<Record<"before" | "after", PreferenceMetrics>> | null;
  readonly files: SavedFiles | null;
}

const training = storedTraining<Lesson>("lesson");
const { remember } = training;
export const { run: lesson, progress: teaching, problem: teachProblem } = training;
export const { find: findLesson, pause: pauseTeaching } = training;

const RESULTS = /^(adapter_config\.json|adapter_model\.safetensors|report\.json)$/;

export interface Effort {
  readonly steps: number;
  readonly batchSize: number;
}

/** Rows per step of the recommended training. */
const BATCH = 4;
/** Passes over the examples, and the fewest and most steps: the library's defaults. */
const [PASSES, LEAST, MOST] = [3, 50, 600];
/** The share of the examples that is set aside, and the most of them. */
const [SET_ASIDE, MOST_ASIDE] = [0.1, 200];

/** The recommended training on these examples: at most so many steps, in which each example is seen so many times. */
export function recommended(rows: readonly object[]): Effort & { readonly steps: number; readonly passes: number } {
  const aside = areEnough(rows) ? Math.min(Math.max(Math.round(SET_ASIDE * rows.length), 1), MOST_ASIDE) : 0;
  const trained = rows.length - aside;
  const steps = Math.min(Math.max(Math.round((PASSES * trained) / BATCH), LEAST), MOST);
  return { steps, batchSize: BATCH, passes: (steps * BATCH) / trained };
}

/** Trains an adapter on conversations and adds it to the model. */
export async function teach({ name, task, rows }: Conversations, { steps, batchSize }: Effort): Promise<void> {
  const now = loaded.value;
  if (now === null || teaching.value !== null) return;
  const before = lesson.value;
  // The next one takes its place.
  if (before?.status === "finished" && before.files !== null) await keepAdapter(before, before.files, name);
  if (before !== null) await (await storeOf(before.id)).discard().catch(() => undefined);
  const spec = {
    task,
    model: now.kept.name,
    data: "conversations.jsonl",
    batchSize,
    steps,
    ...(!areEnough(rows) && { validationSplit: 0 }),
  };
  const data = new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const id = `chat-${Date.now().toString(36)}`;
  const nothing = { training: [], validation: [], result: null, files: null };
  await goOn({ id, name, model: now.kept.name, spec, data, rows: rows.length, status: "training", ...nothing });
}

/** What was measured on examples that were set aside. */
function measuredOf(
  spec: Lesson["spec"],
  finished: LanguageJobResult | PreferenceJobResult,
): Pick<Lesson, "result" | "preferences" | "measured"> {
  const measured = finished.report.data.validation.examples;
  if (spec.task !== "preferences")
    return { result: (finished as LanguageJobResult).report.result, preferences: null, measured };
  const { result, metrics } = (finished as PreferenceJobResult).report;
  if (result === null) return { result: null, preferences: null };
  const after = Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value]));
  const preferences = { before: result.yardsticks.reference, after: after as PreferenceMetrics };
  return { result: null, preferences, measured };
}

/** Starts or continues the run. */
export async function goOn(given: Lesson): Promise<void> {
  const now = loaded.value;
  if (now === null || teaching.value !== null) return;
  stop();
  await training.start(given, async (started, signal) => {
    // The run loads its own model. Two models would need twice the memory.
    now.worker?.terminate();
    let worker: LowrankWorker | null = null;
    try {
      const { runJob, startWorker } = await client();
      if (now.worker !== null) worker = await startWorker();
      await remember(started);
      const job: Parameters<Client["runJob"]>[2] = {
        ...(worker && { worker }),
        signal,
        onProgress: training.hear,
        sources: {
          findModel: async () => now.kept as never,
          readData: async (name) => ({ name, bytes: given.data }),
          machine: () => ({ userAgent: navigator.userAgent }),
        },
      };
      const { result: finished, files } = await runIn(given.id, (store) =>
        runJob(given.spec as LanguageJobSpec, store, job),
      );
      const saved = Object.fromEntries(Object.entries(files).filter(([file]) => RESULTS.test(file)));
      await remember({ ...lesson.value!, status: "finished", ...measuredOf(given.spec, finished), files: saved });
    } catch (error) {
      if (!signal.aborted) teachProblem.value = error;
      await remember({ ...lesson.value!, status: "paused" });
    } finally {
      worker?.terminate();
      await back(now);
    }
  });
}

/** Loads the model again, with the trained adapter. */
async function back(before: Loaded): Promise<void> {
  try {
    const now = before.worker === null ? before : await load(before.kept);
    loaded.value = now;
    const trained = lesson.value;
    if (trained?.status === "finished" && trained.files !== null) {
      await slots.second.ensure(now.model);
      await slots.adapted.use({ id: trained.id, name: trained.name, files: trained.files });
    } else await ensureAdapters(now.model);
  } catch (error) {
    // Without a model, the page shows the choice of models, which also shows the error.
    loaded.value = null;
    openProblem.value = error;
  }
}
