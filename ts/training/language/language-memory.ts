import type { Engine } from "../../engine/running.js";
import { MemoryError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { inHuggingFaceLayout } from "../../models/gguf/index.js";
import { readRequiredJson } from "../../io/model-source.js";
import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { measuringMemory } from "../../models/language/training/measure.js";
import { batchOrder } from "../../train/batch-order.js";
import { microBatches } from "../../train/step.js";
import { roomOfStep } from "../../train/step-room.js";
import { breather } from "../../waiting/next-task.js";
import { bytesInWords, type MemoryNeed } from "../estimate/memory-need.js";
import type { JobContext } from "../job-task.js";
import type { JobModel } from "../sources/job-sources.js";
import type { LanguageSettings } from "../spec/language-settings.js";
import type { PreparedLanguage } from "./prepared-language.js";

const FLOAT = 4;
/** Steps that are looked at; those of a longer run are taken to be like them. */
const STEPS_MEASURED = 4096;

/** Throws `MemoryError` where the model alone does not fit, before it is loaded. */
export async function checkLanguageModelFits(
  source: JobModel,
  { weights: asked }: Pick<LanguageSettings, "weights">,
  { info }: Engine,
): Promise<void> {
  const { used, maximum } = info.memory;
  // What "auto" takes depends on the file: it is no less than that.
  const weights = asked === "auto" ? "q4" : asked;
  const config = await readRequiredJson(await inHuggingFaceLayout(source), "config.json");
  const { weights: bytes } = await CausalLanguageModel.estimateMemory(config, { tokens: 1, lora: null, weights });
  if (used + bytes <= maximum) return;
  throw new MemoryError(
    `model ${clip(source.name)}: its weights take ${bytesInWords(bytes)} of linear memory, ${bytesInWords(maximum - used)} of ` +
      `${bytesInWords(maximum)} are left: take a smaller model${weights === "q4" ? "" : ', or weights of fewer bits ("q8", "q4")'}`,
    { requested: bytes, used, maximum },
  );
}

/**
 * What a run will take, of which the step's room is reserved: what is in use by now, gradients and both moments, and the largest step or what measuring takes. Throws `MemoryError`, with the settings
 * that help, where there is not as much.
 */
export async function languageMemory(
  {
    model,
    task,
    fitting,
    learnt,
    held,
    checkpointing,
  }: Pick<PreparedLanguage, "model" | "task" | "fitting" | "learnt" | "held" | "checkpointing">,
  { batchSize, accumulate, seed, maxTokens }: LanguageSettings,
  { signal, words }: JobContext,
): Promise<MemoryNeed> {
  const { graph } = model;
  const { used, maximum } = graph.engine.info.memory;
  const params = task.params();
  const order = batchOrder(learnt.length, batchSize, seed, graph.engine);
  const breathe = breather(signal);
  let [largest, tokens] = [0, 0];
  for (let step = 0; step < Math.min(fitting.steps!, STEPS_MEASURED); step++) {
    await breathe();
    const batch = Array.from(order(step), (i) => learnt[i]!);
    for (const part of microBatches(batch, accumulate)) {
      largest = Math.max(largest, task.memory!(part));
      tokens = Math.max(tokens, part.reduce((sum, { ids }) => sum + ids.length, 0)); // prettier-ignore
    }
  }
  const numbers = params.reduce((sum, id) => sum + graph.value(id).data.length, 0);
  const room = Math.max(roomOfStep(graph, params, largest, accumulate), measuringMemory(model.model, held));
  const needed = used + 3 * FLOAT * numbers + room;
  if (needed <= maximum) {
    // In one piece, before other memory comes to lie behind a smaller one.
    graph.reserve(room);
    return { needed, maximum };
  }
  const { setting } = words;
  const again = checkpointing ? "" : `set ${setting("checkpointing")}, `;
  const parts = accumulate < batchSize ? `raise ${setting("accumulate")} for the same result, ` : "";
  const cut =
    maxTokens === null ? `cut texts with ${setting("maxTokens")}` : `lower ${setting("maxTokens")} (${maxTokens})`;
  throw new MemoryError(
    `the largest step, of ${tokens} tokens, takes ${bytesInWords(needed)} of linear memory with all else, ${bytesInWords(maximum)} can be ` +
      `had: ${again}${parts}or ${cut}`,
    { requested: needed, used, maximum },
  );
}
