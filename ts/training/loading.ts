import { withOptionName } from "./spec/option-names.js";
import type { Engine } from "../engine/running.js";
import type { WantedHead } from "../models/sentence/load-encoder.js";
import { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { throwIfAborted } from "../waiting/abort.js";
import { nextTask } from "../waiting/next-task.js";
import { checkModelFits } from "./estimate/memory-need.js";
import { type HashedModel, hashModel } from "./sources/hashed-model.js";
import { sha256 } from "../io/sha256.js";
import type { SharedSettings } from "./spec/shared-fields.js";
import type { RunContext, TaskBase } from "./task-definition.js";

/** Called between two pieces of blocking work: lets a waiting abort through, and throws `AbortError` then. */
export async function hear(signal: AbortSignal | undefined): Promise<void> {
  await nextTask();
  throwIfAborted(signal);
}

/** The model that a spec names, hashed; reports progress and origin. @param more as in `hashModel` */
export async function runModel(
  { model }: Pick<SharedSettings, "model">,
  { sources, emit, signal }: RunContext,
  more: readonly string[] = [],
): Promise<HashedModel> {
  const found = await sources.findModel(model, {
    signal,
    onDownload: ({ file, received, total }) => emit({ type: "download", file, received, total }),
  });
  emit({ type: "model", name: found.name, origin: found.origin });
  return hashModel(found, signal, more);
}

/**
 * Loads the encoder of a run. Throws as `SentenceEncoder.load`, with the caller's names of settings, and `AbortError`.
 *
 * A known model may have a shorter maximum length than its files say. The model's hash records this, so that a run from before the model
 * was known continues unchanged.
 *
 * @param wanted the head that the caller loads beside it
 */
async function loadEncoder(
  { model, hash }: HashedModel,
  { seed, maxTokens }: Pick<SharedSettings, "seed" | "maxTokens">,
  engine: Engine,
  { signal, optionNames, began }: RunContext,
  wanted: WantedHead | null = null,
): Promise<{ readonly encoder: SentenceEncoder; readonly modelHash: string }> {
  await hear(signal);
  const options = { engine, seed, signal, ...(maxTokens === null ? {} : { maxTokens }) };
  const encoder = await SentenceEncoder.load(model, options, wanted, began?.modelHash !== hash).catch(
    (error: unknown) => {
      throw withOptionName(error, optionNames);
    },
  );
  try {
    await hear(signal);
    const { tokenizer, formerMaxTokens } = encoder;
    const cut = tokenizer.maxTokens < formerMaxTokens ? `${hash} max_seq_length ${tokenizer.maxTokens}\n` : null;
    return { encoder, modelHash: cut === null ? hash : await sha256(new TextEncoder().encode(cut)) };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** An encoder that a run starts from. */
export interface EncoderBase extends TaskBase {
  readonly encoder: SentenceEncoder;
}

/** The most tokens to cache: 64 MB. */
const REMEMBERED = 2 ** 24;

/** Loads the encoder of a run. Throws `MemoryError` before loading if memory is too small; otherwise as `loadEncoder`, with its parameters. */
export async function encoderBase(
  hashed: HashedModel,
  settings: Pick<SharedSettings, "seed" | "maxTokens">,
  engine: Engine,
  context: RunContext,
  wanted: WantedHead | null = null,
): Promise<EncoderBase> {
  const packed = await checkModelFits(hashed.model, engine);
  const { encoder, modelHash } = await loadEncoder(hashed, settings, engine, context, wanted);
  // Equal texts are tokenized once; the check of the data uses the same tokens.
  encoder.tokenizer.remember(REMEMBERED);
  const { graph, hiddenSize } = encoder;
  const { maxTokens } = encoder.tokenizer;
  const { layers } = encoder.model.config;
  return { encoder, graph, modelHash, layers, hiddenSize, maxTokens, packed, dispose: () => encoder.dispose() };
}
