import type { Engine } from "../../engine/running.js";
import { MemoryError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { readRequiredJson } from "../../io/model-source.js";
import { estimateMemory } from "../../models/estimate-memory.js";
import { microBatches } from "../../train/step.js";
import type { Task } from "../../train/task.js";
import { roomOfStep } from "../../train/step-room.js";
import { sizeOf } from "../../values/shape.js";
import type { JobModel } from "../sources/job-sources.js";
import type { JobWords } from "../job-events.js";
import type { TaskModel, TokenizedExample } from "../task-definition.js";
import type { MemoryNeed } from "./job-needs.js";

const FLOAT = 4;

/** Bytes for people. */
export const bytesInWords = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/**
 * Bytes that training adds to an encoder once it is loaded: copies of its weights in the order that gradients read. Throws
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

/** What decides how much memory a step takes. */
interface StepSettings {
  readonly accumulate: number;
  readonly batchSize: number;
  readonly checkpointing: boolean;
}

/** What is trained, and its largest micro-batch with settings. */
export interface SteppedTask extends Pick<Task<never>, "graph" | "params"> {
  readonly largest: (settings: StepSettings) => { readonly tokens: number; readonly bytes: number };
  /** Bytes that measuring takes. */
  readonly measuring: number;
}

/** Tokens of some examples together. */
export const tokensIn = (examples: readonly TokenizedExample[]): number =>
  examples.reduce((sum, { ids }) => sum + ids.length, 0);

/** Training a model on batches, whose largest part decides the memory. */
export function steppedOn<X extends TokenizedExample>(
  model: Pick<TaskModel<never, X>, "graph" | "params" | "stepMemory" | "measuringMemory">,
  batches: readonly (readonly X[])[],
  measured: readonly X[] = [],
): SteppedTask {
  return {
    graph: model.graph,
    params: () => model.params(),
    measuring: model.measuringMemory?.(measured) ?? 0,
    largest({ accumulate, checkpointing }) {
      const task = model.stepMemory(checkpointing);
      let [tokens, bytes] = [0, 0];
      for (const batch of batches)
        for (const part of microBatches(batch, accumulate)) {
          tokens = Math.max(tokens, tokensIn(part));
          bytes = Math.max(bytes, task.memory!(part));
        }
      return { tokens, bytes };
    },
  };
}

/** Bytes that the largest step takes on the tape, as `fit` reserves them, or measuring if that takes more. */
function stepMemory(task: SteppedTask, settings: StepSettings): number {
  const step = roomOfStep(task.graph, task.params(), task.largest(settings).bytes, settings.accumulate);
  return Math.max(step, task.measuring);
}

/** Numbers in some variables. */
export const numbersIn = (graph: Graph, variables: readonly NodeId[]): number =>
  variables.reduce((sum, id) => sum + sizeOf(graph.shape(id)), 0);

/**
 * What a run will take, and the bytes to reserve for its largest step. Throws `MemoryError`, with the settings that help, where there is
 * not as much.
 *
 * @param packed bytes of the copies of its weights that are still to be made
 */
export function memoryNeed(
  task: SteppedTask,
  settings: StepSettings,
  packed: number,
  words: JobWords,
): MemoryNeed & { readonly room: number } {
  const { used, maximum } = task.graph.engine.info.memory;
  /** With gradients and both moments. */
  const fixed = used + packed + 3 * FLOAT * numbersIn(task.graph, task.params());
  const need = (cut: Partial<StepSettings>) => fixed + stepMemory(task, { ...settings, ...cut });
  const room = stepMemory(task, settings);
  const needed = fixed + room;
  if (needed <= maximum) return { needed, maximum, room };
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
