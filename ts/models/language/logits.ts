import type { AdapterChoice } from "../../adapters/adapter-set.js";
import type { CallAdapters } from "../../adapters/call-adapters.js";
import type { Tensor } from "../../values/tensor.js";
import { rowsAtOnce } from "../decoder/memory.js";
import { raggedBatch } from "../ragged-batch.js";
import type { LanguageModelParts } from "./load-language-model.js";
import { Gathered } from "../../graph/gathered.js";
import { inferring } from "../../graph/inferring.js";

/** Logits for the token after each token, `[tokens, vocabulary]`, on the host. Linear memory holds those of a few rows at a time. */
export async function logitsOf(
  { graph, model }: Pick<LanguageModelParts, "graph" | "model">,
  adapters: CallAdapters,
  ids: Int32Array,
): Promise<Tensor> {
  const { vocabularySize } = model.config;
  const data = new Float32Array(ids.length * vocabularySize);
  const batch = raggedBatch([ids]);
  const most = rowsAtOnce(model.config);
  const gathered = new Gathered(graph, data);
  inferring(graph, () => {
    const selection = adapters.selection([0], batch.offsets);
    const hidden = model.infer(batch, selection);
    for (let start = 0; start < ids.length; start += most)
      graph.step(() => {
        const rows = graph.slice(hidden, { dim: 0, start, end: Math.min(start + most, ids.length) });
        gathered.set(model.logits(rows, selection), start * vocabularySize);
      });
  });
  await gathered.end();
  return { shape: [ids.length, vocabularySize], data };
}

/** Options of `logits` and `score`. */
export interface LogitsOptions {
  /** Name of the adapter to apply, null for the base alone; default: the active one. */
  readonly adapter?: AdapterChoice;
  /** Cancels between two chunks: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}
