import { signal } from "@preact/signals";
import {
  CausalLanguageModel,
  clearCache,
  keepModel,
  keptModel,
  keptModels,
  type LowrankWorker,
  type RemoteLanguageModel,
  startWorker,
  type WorkerKeptModel,
} from "lowrank/worker";
import { keep, kept } from "../../state/view.js";
import { type Download, MODEL as ENCODER } from "../model.js";

/** The language model that is offered: small enough for a tab. */
const OFFERED = "SmolLM2-135M-Instruct-GGUF";
/** Where whoever serves the studio may have put it. */
const beside = `models/${OFFERED}/SmolLM2-135M-Instruct.Q4_1.gguf`;

/** A language model that is loaded. */
export interface Loaded {
  readonly kept: WorkerKeptModel;
  readonly model: RemoteLanguageModel;
  /** Null where it lives in the worker that all share. */
  readonly worker: LowrankWorker | null;
  /** Whether it knows turns of a conversation; else it continues a text. */
  readonly converses: boolean;
}

/** A language model that the browser has from an earlier visit. */
export interface KeptChoice {
  readonly name: string;
  readonly bytes: number;
}

export type Choice = string | readonly File[];

export const loaded = signal<Loaded | null>(null);
export const choices = signal<readonly KeptChoice[]>([]);
/** What goes on while a model is fetched and loaded; null where nothing does. */
export const opening = signal<{ readonly name: string; readonly download: Download | null } | null>(null);
export const openProblem = signal<unknown>(null);
let cancelling: AbortController | null = null;
const NOTE = "chat-kept";
/** Whether this browser may keep a language model: asking what is there starts a worker, with an engine, which a first visit does without. */
let mayBeThere = kept(NOTE) !== null;

/** What is there of earlier visits, but for the studio's own encoder. */
export async function findChoices(): Promise<void> {
  if (!mayBeThere) return;
  const found = await keptModels().catch(() => []);
  const whole = found.filter(({ name, complete }) => complete && name !== ENCODER);
  const last = kept("chat-model");
  const first = ({ name }: KeptChoice) => (name === last ? 0 : 1);
  choices.value = whole.map(({ name, bytes }) => ({ name, bytes })).sort((a, b) => first(a) - first(b));
}

/** Where the offered model is to be had, and what it is kept as. */
async function offeredPlace(): Promise<[place: string, name: string]> {
  const address = new URL(beside, document.baseURI).href;
  const answer = await fetch(address, { method: "HEAD" }).catch(() => null);
  const isThere = answer?.ok && !/html/.test(answer.headers.get("content-type") ?? "");
  return isThere ? [address, OFFERED] : [OFFERED, OFFERED];
}

/** Opens the model that is offered, one that was kept, an address, or picked files. */
export async function openModel(choice: Choice | null): Promise<void> {
  if (opening.value !== null) return;
  const called = choice === null ? OFFERED : typeof choice === "string" ? choice : (choice[0]?.name ?? "");
  opening.value = { name: called, download: null };
  openProblem.value = null;
  cancelling = new AbortController();
  const { signal } = cancelling;
  const onProgress = ({ file, done, total }: { file: string; done: number; total: number }) => {
    if (opening.value !== null) opening.value = { name: called, download: { file, received: done, total } };
  };
  let found: WorkerKeptModel | null = null;
  try {
    closeModel();
    mayBeThere = true;
    keep(NOTE, "yes");
    const there = await keptModel(called);
    const fetched = async () => {
      // A file by itself may be a zip.
      const own = typeof choice !== "string" && choice?.length === 1 ? choice[0]! : choice;
      const [place, name] = own === null ? await offeredPlace() : [own, undefined];
      return keepModel(place, { signal, onProgress, ...(name !== undefined && name !== place && { name }) });
    };
    found = there !== null && !(choice instanceof Array) ? there : await fetched();
    signal.throwIfAborted();
    loaded.value = await load(found, signal);
    keep("chat-model", found.name);
  } catch (error) {
    if (!signal.aborted) openProblem.value = error;
    // A file that is damaged would be found again by every later call.
    if (found !== null && (error as Error).name === "FormatError")
      await clearCache({ name: found.name }).catch(() => undefined);
  } finally {
    opening.value = null;
    void findChoices();
  }
}

export const cancelOpening = () => cancelling?.abort();

/** Loads a kept model into a worker of its own, whose memory is given back with it. */
export async function load(kept: WorkerKeptModel, signal?: AbortSignal): Promise<Loaded> {
  // What is kept in memory alone is where it was fetched.
  const worker = kept.storage === "opfs" ? await startWorker() : null;
  try {
    const options = { weights: "auto", ...(worker && { worker }), ...(signal && { signal }) } as const;
    const model = await CausalLanguageModel.load(kept, options);
    const converses = await model.applyChatTemplate([{ role: "user", content: "Hello" }]).then(
      () => true,
      () => false,
    );
    return { kept, model, worker, converses };
  } catch (error) {
    worker?.terminate();
    throw error;
  }
}

/** Gives the model's memory back. */
export function closeModel(): void {
  const now = loaded.value;
  loaded.value = null;
  if (now?.worker) now.worker.terminate();
  else void now?.model.dispose().catch(() => undefined);
}

/** Removes what the browser keeps of a model. */
export async function forgetChoice(name: string): Promise<void> {
  if (loaded.value?.kept.name === name) closeModel();
  await clearCache({ name });
  await findChoices();
}
