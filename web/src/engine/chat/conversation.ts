import { effect, signal } from "@preact/signals";
import type { RemoteSession } from "lowrank/worker";
import { ADAPTER, adapter, ensureAdapter } from "./adapter.js";
import { type Loaded, load, loaded } from "./language-model.js";

/** Which model answers: without or with the adapter. */
export const sides = ["base", "adapted"] as const;
export type Side = (typeof sides)[number];

export interface Answer {
  readonly text: string;
  readonly state: "waiting" | "writing" | "done" | "stopped" | "cut";
  /** Tokens per second, once there are enough to measure. */
  readonly speed: number | null;
}

export interface Turn {
  readonly said: string;
  readonly answers: Partial<Readonly<Record<Side, Answer>>>;
}

/** Settings of the answers. */
export interface Manner {
  readonly instructions: string;
  readonly temperature: number;
  readonly maxTokens: number;
}

export const turns = signal<readonly Turn[]>([]);
export const manner = signal<Manner>({ instructions: "", temperature: 0, maxTokens: 256 });
/** Whether the model also answers without the adapter. */
export const beside = signal(true);
export const answering = signal(false);
export const talkProblem = signal<unknown>(null);
/** Whether an error means that the conversation is longer than the model's context. */
export const isTooLong = (error: unknown): boolean =>
  (error as Error).name === "ConfigError" && /positions/.test((error as Error).message);

let stopping: AbortController | null = null;
/** The session of each side. They belong to one model. */
const sessions = new Map<Side, Promise<RemoteSession>>();
let spoken: string | null = null;
effect(() => {
  const name = loaded.value?.kept.name ?? null;
  // Another model does not have this conversation's sessions.
  if (name !== null && name !== spoken) {
    spoken = name;
    turns.value = [];
    talkProblem.value = null;
  }
  void adapter.value;
  // Sessions hold memory in the worker until they are disposed.
  for (const session of sessions.values()) void session.then((held) => held.dispose()).catch(() => undefined);
  sessions.clear();
});

/** The sides that answer. */
export const asked = (): readonly Side[] => (adapter.value === null ? ["base"] : beside.value ? sides : ["adapted"]);

export function newConversation(): void {
  stop();
  turns.value = [];
  talkProblem.value = null;
}

export const stop = () => stopping?.abort();

/** The conversation from one side's view. If a side did not answer a turn, the other side's answer is used. */
function promptOf({ converses }: Loaded, side: Side, before: readonly Turn[], said: string) {
  if (!converses) return said;
  const { instructions } = manner.value;
  const other = side === "base" ? "adapted" : "base";
  const history = before.flatMap(({ said, answers }) => [
    { role: "user", content: said },
    { role: "assistant", content: (answers[side] ?? answers[other])?.text ?? "" },
  ]);
  const system = instructions.trim() === "" ? [] : [{ role: "system", content: instructions }];
  return [...system, ...history, { role: "user", content: said }];
}

function note(place: number, side: Side, change: Partial<Answer>): void {
  turns.value = turns.value.map((turn, i) => {
    const before = turn.answers[side];
    return i !== place || before === undefined
      ? turn
      : { ...turn, answers: { ...turn.answers, [side]: { ...before, ...change } } };
  });
}

/** Seconds before a speed is shown. */
const SETTLED = 0.3;

async function answer(now: Loaded, side: Side, before: readonly Turn[], said: string, signal: AbortSignal) {
  const place = before.length;
  if (!sessions.has(side)) sessions.set(side, now.model.session());
  const session = await sessions.get(side)!;
  const { temperature, maxTokens } = manner.value;
  // If the context is shorter than the longest answer, half of it is left for the question.
  const most = Math.min(maxTokens, Math.max(now.model.maxTokens >> 1, 1));
  const options = {
    signal,
    maxTokens: most,
    temperature,
    seed: place,
    repetitionPenalty: 1.1,
    logProbabilities: false,
  };
  const choice = side === "base" ? null : ADAPTER;
  let text = "";
  let count = 0;
  let began = 0;
  let end: string | null = null;
  for await (const token of session.generateTokens(promptOf(now, side, before, said), {
    ...options,
    adapter: choice,
  })) {
    text += token.text;
    end = token.end;
    count += 1;
    if (count === 1) began = performance.now();
    const seconds = (performance.now() - began) / 1000;
    const speed = seconds > SETTLED ? (count - 1) / seconds : null;
    note(place, side, { text, state: "writing", ...(speed !== null && { speed }) });
  }
  note(place, side, { state: end === "max-tokens" || end === "context" ? "cut" : "done" });
}

/** Sends a message. The sides answer independently. */
export async function say(said: string): Promise<void> {
  const now = loaded.value;
  if (now === null || answering.value || said.trim() === "") return;
  answering.value = true;
  talkProblem.value = null;
  stopping = new AbortController();
  const { signal } = stopping;
  const before = turns.value;
  const waiting: Answer = { text: "", state: "waiting", speed: null };
  const who = asked();
  turns.value = [...before, { said, answers: Object.fromEntries(who.map((side) => [side, waiting])) }];
  try {
    await ensureAdapter(now.model);
    const ended = await Promise.allSettled(who.map((side) => answer(now, side, before, said, signal)));
    const failed = ended.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  } catch (error) {
    // A model that was closed counts as stopped.
    if (signal.aborted || loaded.value !== now) for (const side of who) leave(before.length, side);
    else {
      talkProblem.value = error;
      // The message stays in the field. A turn without an answer would be wrong in the next prompt.
      turns.value = before;
      if ((error as Error).name === "WorkerLostError") await again(now);
    }
  } finally {
    answering.value = false;
  }
}

function leave(place: number, side: Side): void {
  const state = turns.value[place]?.answers[side]?.state;
  if (state === "waiting" || state === "writing") note(place, side, { state: "stopped" });
}

/** A browser may end a worker. The model is loaded into a new one. */
async function again(lost: Loaded): Promise<void> {
  loaded.value = null;
  loaded.value = await load(lost.kept).catch((error: unknown) => ((talkProblem.value = error), null));
}
