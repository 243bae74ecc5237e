import { initialized } from "../engine/engine.js";
import type { Engine } from "../engine/running.js";
import { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { orAborted, throwIfAborted } from "../waiting/abort.js";
import { nextTask } from "../waiting/next-task.js";
import { inWords } from "./in-words.js";
import type { JobContext } from "./job-task.js";
import { type HashedModel, hashModel } from "./sources/hashed-model.js";
import type { JobModel } from "./sources/job-sources.js";
import type { SharedSettings } from "./spec/training-settings.js";

/** Between two pieces of work that hold everything up: hears a signal that came meanwhile. Throws `AbortError` then. */
export async function hear(signal: AbortSignal | undefined): Promise<void> {
  await nextTask();
  throwIfAborted(signal);
}

/** The engine that a spec asks for. Held by the run from here on, whatever becomes of the default engine. */
export async function runEngine(
  { build, threads }: Pick<SharedSettings, "build" | "threads">,
  { signal }: JobContext,
): Promise<Engine> {
  const engine = await orAborted(() => initialized({ build, threads }), signal);
  await hear(signal);
  return engine;
}

/** The model that a spec names, hashed; tells how far it has come in and where it was. @param more as `hashModel` has it */
export async function runModel(
  { model }: Pick<SharedSettings, "model">,
  { sources, emit, signal }: JobContext,
  more: readonly string[] = [],
): Promise<HashedModel> {
  const found = await sources.findModel(model, {
    signal,
    onDownload: ({ file, received, total }) => emit({ type: "download", file, received, total }),
  });
  emit({ type: "model", name: found.name, origin: found.origin });
  return hashModel(found, signal, more);
}

/** Loads the encoder of a run. Throws as `SentenceEncoder.load`, in the caller's words, and `AbortError`. */
export async function loadEncoder(
  model: JobModel,
  { seed, maxTokens }: Pick<SharedSettings, "seed" | "maxTokens">,
  engine: Engine,
  { signal, words }: JobContext,
): Promise<SentenceEncoder> {
  await hear(signal);
  const encoder = await SentenceEncoder.load(model, {
    engine,
    seed,
    signal,
    ...(maxTokens === null ? {} : { maxTokens }),
  }).catch((error: unknown) => {
    throw inWords(error, words);
  });
  try {
    await hear(signal);
    return encoder;
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}
