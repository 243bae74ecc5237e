import { signal } from "@preact/signals";
import type { LowrankWorker, RemoteLanguageModel, WorkerCachedModel } from "lowrank/worker";
import { noShape } from "../../data/answers/fields.js";
import { toolOf } from "../../data/answers/functions.js";
import { keep, kept } from "../../state/view.js";
import { client } from "../client.js";
import { downloadClock } from "../download-clock.js";
import { encoders } from "../encoders.js";
import type { Download } from "../../state/download.js";
import { orRefused } from "../policy.js";

/** The suggested language model, small enough for a tab. */
const OFFERED = "SmolLM2-135M-Instruct-GGUF";
/** Path beside the Studio where its host may put the model. */
const beside = `models/${OFFERED}/SmolLM2-135M-Instruct.Q4_1.gguf`;

/** A loaded language model. */
export interface Loaded {
  readonly kept: WorkerCachedModel;
  readonly model: RemoteLanguageModel;
  /** Null if the model is in the shared worker. */
  readonly worker: LowrankWorker | null;
  /** Whether the model has a chat template; otherwise it continues a text. */
  readonly converses: boolean;
  /** Whether its chat template writes functions. */
  readonly writesTools: boolean;
}

/** A language model that an earlier visit cached. */
export interface KeptChoice {
  readonly name: string;
  readonly bytes: number;
}

export type Choice = string | readonly File[];

export const loaded = signal<Loaded | null>(null);
export const choices = signal<readonly KeptChoice[]>([]);
/** The model that is being downloaded or loaded; null if there is none. */
export const opening = signal<{ readonly name: string; readonly download: Download | null } | null>(null);
export const openProblem = signal<unknown>(null);
let cancelling: AbortController | null = null;
const NOTE = "chat-kept";
/** Whether this browser may have a cached language model. Listing them starts a worker with an engine, which a first visit does not need. */
let mayBeThere = kept(NOTE) !== null;

/** Lists the cached models of earlier visits, except the Studio's encoders. */
export async function findChoices(): Promise<void> {
  if (!mayBeThere) return;
  const found = await client()
    .then(({ cachedModels }) => cachedModels())
    .catch(() => []);
  const own = Object.values(encoders).map(({ name }): string => name);
  const whole = found.filter(({ name, complete }) => complete && !own.includes(name));
  const last = kept("chat-model");
  const first = ({ name }: KeptChoice) => (name === last ? 0 : 1);
  choices.value = whole.map(({ name, bytes }) => ({ name, bytes })).sort((a, b) => first(a) - first(b));
}

/** The address of the suggested model, and its name in the cache. */
async function offeredPlace(): Promise<[place: string, name: string]> {
  const address = new URL(beside, document.baseURI).href;
  const answer = await fetch(address, { method: "HEAD" }).catch(() => null);
  const isThere = answer?.ok && !/html/.test(answer.headers.get("content-type") ?? "");
  return isThere ? [address, OFFERED] : [OFFERED, OFFERED];
}

/** Opens the suggested model (null), a cached one, an address, or picked files. */
export async function openModel(choice: Choice | null): Promise<void> {
  if (opening.value !== null) return;
  const called = choice === null ? OFFERED : typeof choice === "string" ? choice : (choice[0]?.name ?? "");
  opening.value = { name: called, download: null };
  openProblem.value = null;
  cancelling = new AbortController();
  const { signal } = cancelling;
  const secondsLeft = downloadClock();
  const onProgress = ({ file, done, total }: { file: string; done: number; total: number }) => {
    const download = { file, received: done, total, secondsLeft: secondsLeft(file, done, total) };
    if (opening.value !== null) opening.value = { name: called, download };
  };
  let found: WorkerCachedModel | null = null;
  try {
    closeModel();
    mayBeThere = true;
    keep(NOTE, "yes");
    const { cachedModel, cacheModel } = await client();
    const there = await cachedModel(called);
    const fetched = async () => {
      // A single file may be a zip.
      const own = typeof choice !== "string" && choice?.length === 1 ? choice[0]! : choice;
      const [place, name] = own === null ? await offeredPlace() : [own, undefined];
      return cacheModel(place, { signal, onProgress, ...(name !== undefined && name !== place && { name }) });
    };
    found = there !== null && !(choice instanceof Array) ? there : await fetched();
    signal.throwIfAborted();
    loaded.value = await load(found, signal);
    keep("chat-model", found.name);
  } catch (error) {
    if (!signal.aborted) openProblem.value = typeof choice === "string" ? await orRefused(error, choice) : error;
    // Otherwise every later call would find the damaged file again.
    if (found !== null && (error as Error).name === "FormatError")
      await (await client()).clearCache({ name: found.name }).catch(() => undefined);
  } finally {
    opening.value = null;
    void findChoices();
  }
}

export const cancelOpening = () => cancelling?.abort();

/** A function that shows whether a template writes functions. */
const PROBE = toolOf({ name: "probe", description: "", parameters: noShape });

/** Loads a cached model into its own worker. Ending the worker frees the memory. */
export async function load(kept: WorkerCachedModel, signal?: AbortSignal): Promise<Loaded> {
  const { CausalLanguageModel, startWorker } = await client();
  // A model that is cached only in memory exists only in the worker that downloaded it.
  const worker = kept.storage === "opfs" ? await startWorker() : null;
  try {
    const options = { weights: "auto", ...(worker && { worker }), ...(signal && { signal }) } as const;
    const model = await CausalLanguageModel.load(kept, options);
    const writes = (options: object) =>
      model.applyChatTemplate([{ role: "user", content: "Hello" }], options).then(
        () => true,
        () => false,
      );
    const converses = await writes({});
    const writesTools = converses && (await writes({ tools: [PROBE] }));
    return { kept, model, worker, converses, writesTools };
  } catch (error) {
    worker?.terminate();
    throw error;
  }
}

/** Frees the model's memory. */
export function closeModel(): void {
  const now = loaded.value;
  loaded.value = null;
  if (now?.worker) now.worker.terminate();
  else void now?.model.dispose().catch(() => undefined);
}

/** Removes a model from the cache. */
export async function forgetChoice(name: string): Promise<void> {
  if (loaded.value?.kept.name === name) closeModel();
  await (await client()).clearCache({ name });
  await findChoices();
}
