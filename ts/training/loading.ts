import { initialized } from "../engine/engine.js";
import type { Engine } from "../engine/running.js";
import { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { orAborted, throwIfAborted } from "../waiting/abort.js";
import { nextTask } from "../waiting/next-task.js";
import { checkModelFits } from "./estimate/memory-need.js";
import { inWords } from "./in-words.js";
import { type HashedModel, hashModel } from "./sources/hashed-model.js";
import { sha256 } from "./sources/sha256.js";
import type { SharedSettings } from "./spec/training-settings.js";
import type { RunContext, TaskBase } from "./task-definition.js";

/** Between two pieces of work that hold everything up: hears a signal that came meanwhile. Throws `AbortError` then. */
export async function hear(signal: AbortSignal | undefined): Promise<void> {
  await nextTask();
  throwIfAborted(signal);
}

/** The engine that a spec asks for. Held by the run from here on, whatever becomes of the default engine. */
export async function runEngine(
  { build, threads }: Pick<SharedSettings, "build" | "threads">,
  { signal }: RunContext,
): Promise<Engine> {
  const engine = await orAborted(() => initialized({ build, threads }), signal);
  await hear(signal);
  return engine;
}

/** The model that a spec names, hashed; tells how far it has come in and where it was. @param more as `hashModel` has it */
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
 * Loads the encoder of a run. Throws as `SentenceEncoder.load`, in the caller's words, and `AbortError`.
 *
 * Where a known model's modules cut texts that its files alone do not, the hash of the model says so: a run that began before they
 * were known goes on as it began.
 */
export async function loadEncoder(
  { model, hash }: HashedModel,
  { seed, maxTokens }: Pick<SharedSettings, "seed" | "maxTokens">,
  engine: Engine,
  { signal, words, began }: RunContext,
): Promise<{ readonly encoder: SentenceEncoder; readonly modelHash: string }> {
  await hear(signal);
  const options = { engine, seed, signal, ...(maxTokens === null ? {} : { maxTokens }) };
  const encoder = await SentenceEncoder.load(model, options, null, began?.modelHash !== hash).catch(
    (error: unknown) => {
      throw inWords(error, words);
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

/** Tokens that are kept from one use of a text to the next: 64 MB of them at most. */
const REMEMBERED = 2 ** 24;

/** Loads the encoder of a run. Throws `MemoryError` before that where memory is too small; else as `loadEncoder`. */
export async function encoderBase(
  hashed: HashedModel,
  settings: Pick<SharedSettings, "seed" | "maxTokens">,
  engine: Engine,
  context: RunContext,
): Promise<EncoderBase> {
  const packed = await checkModelFits(hashed.model, engine);
  const { encoder, modelHash } = await loadEncoder(hashed, settings, engine, context);
  // Equal texts are tokenized once, and what looks at texts by themselves reads the same tokens.
  encoder.tokenizer.remember(REMEMBERED);
  const { graph, hiddenSize } = encoder;
  const { layers } = encoder.model.config;
  return { encoder, graph, modelHash, layers, hiddenSize, packed, dispose: () => encoder.dispose() };
}
