import { checkOptions } from "../../arguments/options.js";
import { flag, isRecord, text, unexpected } from "../../arguments/settings.js";
import type { AdapterSet } from "../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { ConfigError } from "../../errors/errors.js";
import { checkSignal } from "../../waiting/abort.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import type { EncoderParts } from "./load-encoder.js";
import type { SavedEncoder } from "./folder-files.js";

/** Options of `SentenceEncoder.save`. */
export interface SaveEncoderOptions {
  /** The adapter to save; null for the base alone. Default: the active one. */
  readonly adapter?: string | null;
  /** Merge the adapter into the weights; default false: PEFT's files of the adapter in place of weights. */
  readonly merged?: boolean;
  /** Name or path of the base model as the readers of the folder have it. Default: the name that it was loaded by. */
  readonly base?: string;
  /** Scores by their measures' names, finite numbers, for the model card. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Cancels: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** What is saved of an encoder. */
type SavedParts = Pick<
  EncoderParts,
  "name" | "graph" | "layout" | "tokenizer" | "model" | "origin" | "head" | "fingerprint"
> & {
  readonly hiddenSize: number;
  readonly adapterSet: Pick<AdapterSet, "current" | "get">;
};

/** Writes sentence-transformers' folders. */
export const encoderSaver = /* @__PURE__ */ lazyChunk(async () => (await import("./save-encoder.js")).saveEncoder);

/** A copy of what is to be saved, before anything is awaited. Throws `ConfigError` for invalid options. */
export function takeSaved(encoder: SavedParts, options: SaveEncoderOptions): SavedEncoder {
  checkOptions("save", options, ["adapter", "merged", "base", "metrics", "signal"]);
  const { adapter, ...others } = options;
  if (encoder.head !== null)
    throw new ConfigError("save: this encoder's vectors go through a classifier's head: save the classifier", {
      op: "save",
      reason: "head",
    });
  const { adapterSet } = encoder;
  const found = adapter === undefined ? adapterSet.current : adapter === null ? null : adapterSet.get(adapter);
  return takeSavedBase(encoder, found, others);
}

/** Checks the saved base of a model that has an encoder. */
export function takeSavedBase(
  { name, graph, layout, tokenizer, model, hiddenSize: width, origin, fingerprint }: SavedParts,
  adapter: ModelAdapter | null,
  options: Omit<SaveEncoderOptions, "adapter">,
): SavedEncoder {
  const what = "save";
  const { merged = false, base = name, metrics = {}, signal } = options;
  flag(what, "merged", merged);
  text(what, "base", base);
  checkSignal(what, signal);
  if (!isRecord(metrics) || !Object.values(metrics).every(Number.isFinite))
    throw unexpected(what, "metrics", "finite numbers by name", metrics);
  return {
    ...origin,
    engine: graph.engine,
    base,
    fingerprint,
    layout,
    tokenizer,
    hiddenSize: model.config.hiddenSize,
    width,
    adapter: adapter && { name: adapter.name, file: adapter.toFile() },
    merged,
    metrics: { ...metrics },
    signal,
  };
}
