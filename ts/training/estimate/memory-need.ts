import type { OptionNames } from "../spec/option-names.js";
import type { Engine } from "../../engine/running.js";
import { MemoryError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { readRequiredJson } from "../../io/model-source.js";
import { estimateMemory } from "../../models/estimate-memory.js";
import { microBatches, roomOfStep } from "../../train/step.js";
import type { Task } from "../../train/task.js";
import { sizeOf } from "../../values/tensor.js";
import type { JobModel } from "../sources/job-sources.js";
import type { TaskModel, TokenizedExample } from "../task-definition.js";
import type { MemoryNeed } from "../job-events.js";

const FLOAT = 4;

/** Bytes as text, such as "1.5 GB". */
export const bytesInWords = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/**
 * Bytes that training adds to a loaded encoder: copies of its weights in the order in which gradients read them. Throws `MemoryError`,
 * before the model is loaded, if its weights do not fit.
 */
export async function checkModelFits(model: JobModel, { info }: Engine): Promise<number> {
  const { used, maximum } = info.memory;
  const config = await readRequiredJson(model, "config.json");
  const { weights, packed, total } = await estimateMemory(config, { tokens: 1 });
  if (used + total <= maximum) return packed;
  throw new MemoryError(
    `model ${clip(model.name)}: training needs ${bytesInWords(weights + packed)} of linear memory for its weights, but ` +
      `${bytesInWords(maximum - used)} of ${bytesInWords(maximum)} are left: use a smaller model`,
    { requested: total, used, maximum },
  );
}

/** Settings that determine the memory of a step. */
interface StepSettings {
  readonly accumulate: number;
  readonly batchSize: number;
  readonly checkpointing: boolean;
}

/** Training, and its largest micro-batch with given settings. */
export interface SteppedTask extends Pick<Task<never>, "graph" | "params"> {
  readonly largest: (settings: StepSettings) => { readonly tokens: number; readonly bytes: number };
  /** Bytes for measuring. */
  readonly measuring: number;
}

/** Total tokens of some examples. */
export const tokensIn = (examples: readonly TokenizedExample[]): number =>
  examples.reduce((sum, { ids }) => sum + ids.length, 0);

/** Training on batches; the largest micro-batch determines the memory. */
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

/** Bytes of the largest step on the tape, as `fit` reserves them, or of measuring if that is more. */
function stepMemory(task: SteppedTask, settings: StepSettings): number {
  const step = roomOfStep(task.graph, task.params(), task.largest(settings).bytes, settings.accumulate);
  return Math.max(step, task.measuring);
}

/** Total size of some variables. */
export const numbersIn = (graph: Graph, variables: readonly NodeId[]): number =>
  variables.reduce((sum, id) => sum + sizeOf(graph.shape(id)), 0);

/**
 * The memory of a run, and the bytes to reserve for its largest step. Throws `MemoryError`, naming the settings that help, if there is not
 * enough.
 *
 * @param packed bytes of the copies of weights that are not made yet
 */
export function memoryNeed(
  task: SteppedTask,
  settings: StepSettings,
  packed: number,
  optionNames: OptionNames,
): MemoryNeed & { readonly room: number } {
  const { used, maximum } = task.graph.engine.info.memory;
  /** Bytes of weights, gradients and both moments. */
  const fixed = used + packed + 3 * FLOAT * numbersIn(task.graph, task.params());
  const need = (cut: Partial<StepSettings>) => fixed + stepMemory(task, { ...settings, ...cut });
  const room = stepMemory(task, settings);
  const needed = fixed + room;
  if (needed <= maximum) return { needed, maximum, room };
  const { batchSize } = settings;
  const parts = Array.from({ length: batchSize }, (_, i) => i + 1).find(
    (accumulate) => need({ accumulate }) <= maximum,
  );
  const again = need({ checkpointing: true }) <= maximum ? `set ${optionNames.setting("checkpointing")} or ` : "";
  const cut =
    parts === undefined
      ? ""
      : `${again}raise ${optionNames.setting("accumulate")} to ${parts} for the same result, or `;
  throw new MemoryError(
    `the largest step, of ${task.largest(settings).tokens} tokens, needs ${bytesInWords(needed)} of linear memory in all, but only ` +
      `${bytesInWords(maximum)} are available: ${cut}lower ${optionNames.setting("batchSize")} (${batchSize}) or ${optionNames.setting("maxTokens")}`,
    { requested: needed, used, maximum },
  );
}
