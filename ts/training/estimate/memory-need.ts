import type { Engine } from "../../engine/running.js";
import { MemoryError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { readRequiredJson } from "../../io/model-source.js";
import { estimateMemory } from "../../models/estimate-memory.js";
import type { TextClassifier } from "../../tasks/text-classifier.js";
import type { Task } from "../../train/task.js";
import { roomOfStep } from "../../train/step-room.js";
import { sizeOf } from "../../values/shape.js";
import type { JobModel } from "../sources/job-sources.js";
import type { JobWords } from "../job-events.js";
import type { TrainingSettings } from "../spec/training-settings.js";
import type { BatchTokens } from "./batch-tokens.js";

/** Linear memory in bytes. */
export interface MemoryNeed {
  /** What the run takes at most: model, adapter, head, optimizer and the largest step. */
  readonly needed: number;
  /** What there can be at most. */
  readonly maximum: number;
}

const FLOAT = 4;

/** Bytes for people. */
export const bytesInWords = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/**
 * Bytes that training adds to a model once it is loaded: copies of its weights in the order that gradients read. Throws
 * `MemoryError` where the model alone does not fit, before it is loaded.
 */
export async function checkModelFits(model: JobModel, { info }: Engine): Promise<number> {
  const { used, maximum } = info.memory;
  const { weights, packed, total } = estimateMemory(await readRequiredJson(model, "config.json"), { tokens: 1 });
  if (used + total <= maximum) return packed;
  throw new MemoryError(
    `model ${clip(model.name)}: training on it takes ${bytesInWords(weights + packed)} of linear memory for its weights alone, ` +
      `${bytesInWords(maximum - used)} of ${bytesInWords(maximum)} are left: take a smaller model`,
    { requested: total, used, maximum },
  );
}

type StepSettings = Pick<TrainingSettings, "accumulate" | "batchSize" | "checkpointing">;

/** What is trained, and its largest micro-batch with settings. */
export interface SteppedTask extends Pick<Task<never>, "graph" | "params"> {
  readonly largest: (settings: StepSettings) => { readonly tokens: number; readonly bytes: number };
}

/** Training a classifier of texts. */
export const steppedTexts = (classifier: TextClassifier, tokens: BatchTokens): SteppedTask => ({
  graph: classifier.graph,
  params: () => classifier.params(),
  largest({ accumulate, checkpointing }) {
    const most = tokens.largest(accumulate);
    // What a micro-batch takes depends on its tokens alone.
    return { tokens: most, bytes: classifier.memory([{ ids: new Int32Array(most), target: 0 }], { checkpointing }) };
  },
});

/** Bytes that the largest step takes on the tape, as `fit` reserves them. */
export function stepMemory(task: SteppedTask, settings: StepSettings): number {
  return roomOfStep(task.graph, task.params(), task.largest(settings).bytes, settings.accumulate);
}

/** Numbers that are trained. */
export const parametersOf = ({ graph, params }: Pick<SteppedTask, "graph" | "params">) =>
  params().reduce((sum, id) => sum + sizeOf(graph.shape(id)), 0);

/**
 * What a run will take. Throws `MemoryError`, with the settings that help, where there is not as much.
 *
 * @param packed bytes of the copies of its weights that are still to be made
 */
export function memoryNeed(task: SteppedTask, settings: StepSettings, packed: number, words: JobWords): MemoryNeed {
  const { used, maximum } = task.graph.engine.info.memory;
  /** With gradients and both moments. */
  const need = (cut: Partial<typeof settings>) =>
    used + packed + 3 * FLOAT * parametersOf(task) + stepMemory(task, { ...settings, ...cut });
  const needed = need({});
  if (needed <= maximum) return { needed, maximum };
  const { batchSize } = settings;
  const parts = Array.from({ length: batchSize }, (_, i) => i + 1).find(
    (accumulate) => need({ accumulate }) <= maximum,
  );
  const again = need({ checkpointing: true }) <= maximum ? `set ${words.setting("checkpointing")} or ` : "";
  const cut =
    parts === undefined ? "" : `${again}raise ${words.setting("accumulate")} to ${parts} for the same result, or `;
  throw new MemoryError(
    `the largest step, of ${task.largest(settings).tokens} tokens, takes ${bytesInWords(needed)} of linear memory with all else, ` +
      `${bytesInWords(maximum)} can be had: ${cut}lower ${words.setting("batchSize")} (${batchSize}) or ${words.setting("maxTokens")}`,
    { requested: needed, used, maximum },
  );
}
