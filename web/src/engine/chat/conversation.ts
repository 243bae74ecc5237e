import { effect, signal } from "@preact/signals";
import type { RemoteSession } from "lowrank/worker";
import { adapter, ensureAdapters, second, slots } from "./adapter.js";
import { answerOptions, manner, promptOf } from "./answer-options.js";
import { answering, stop, whileAnswering } from "./answering.js";
import { formOfAnswers, functionOptions } from "./format/answer-format.js";
import { type Loaded, load, loaded } from "./language-model.js";
import { teaching } from "./teach.js";
import { type Answer, awaitsResults, type Call, noStep, note, type Side, sides, turns } from "./turns.js";

/** Whether the model also answers without the adapter. */
export const beside = signal(true);
export const talkProblem = signal<unknown>(null);
/** Whether an error means that the conversation is longer than the model's context. */
export const isTooLong = (error: unknown): boolean =>
  (error as Error).name === "ConfigError" && /positions/.test((error as Error).message);

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
  void second.value;
  // Sessions hold memory in the worker until they are disposed.
  for (const session of sessions.values()) void session.then((held) => held.dispose()).catch(() => undefined);
  sessions.clear();
});

/** The sides that answer. */
const asked = (): readonly Side[] =>
  sides.filter((side) =>
    side === "base" ? adapter.value === null || beside.value : slots[side].adapter.value !== null,
  );

export function newConversation(): void {
  stop();
  turns.value = [];
  talkProblem.value = null;
}

/** Seconds before a speed is shown. */
const SETTLED = 0.3;

/** A call with a further piece of it. */
const extended = (call: Call | undefined, piece: { id?: string; name?: string; arguments: string }): Call => ({
  id: piece.id ?? call?.id ?? "",
  name: piece.name ?? call?.name ?? "",
  arguments: (call?.arguments ?? "") + piece.arguments,
  result: null,
});

/** Writes the last step of a side's answer to the last message. */
async function answer(now: Loaded, side: Side, signal: AbortSignal) {
  const all = turns.value;
  const place = all.length - 1;
  if (!sessions.has(side)) sessions.set(side, now.model.session());
  const session = await sessions.get(side)!;
  const { steps } = all[place]!.answers[side]!;
  const functions = functionOptions(now, steps.length === 1);
  const options = {
    ...answerOptions(now, side),
    signal,
    seed: place,
    // Names of functions and arguments are repeated on purpose.
    ...(functions !== null && { ...functions, repetitionPenalty: 1 }),
  };
  let text = "";
  const calls: Call[] = [];
  let count = 0;
  let began = 0;
  let end: string | null = null;
  for await (const token of session.generateTokens(promptOf(now, all, side), options)) {
    text += token.text;
    for (const piece of token.toolCalls ?? []) calls[piece.index] = extended(calls[piece.index], piece);
    end = token.end;
    count += 1;
    if (count === 1) began = performance.now();
    const seconds = (performance.now() - began) / 1000;
    const speed = seconds > SETTLED ? (count - 1) / seconds : null;
    const written = [...steps.slice(0, -1), { text, calls: [...calls] }];
    note(place, side, () => ({ steps: written, state: "writing", ...(speed !== null && { speed }) }));
  }
  note(place, side, () => ({ state: end === "max-tokens" || end === "context" ? "cut" : "done" }));
}

/** The sides answer the last message, independently. If none of it can be computed, `before` is as it was. */
const answerAll = (now: Loaded, who: readonly Side[], before: typeof turns.value): Promise<void> =>
  whileAnswering(async (signal) => {
    talkProblem.value = null;
    try {
      await ensureAdapters(now.model);
      const ended = await Promise.allSettled(who.map((side) => answer(now, side, signal)));
      const failed = ended.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    } catch (error) {
      // A model that was closed counts as stopped.
      if (signal.aborted || loaded.value !== now) for (const side of who) leave(turns.value.length - 1, side);
      else {
        talkProblem.value = error;
        // What was typed stays in its field. A turn without an answer would be wrong in the next prompt.
        turns.value = before;
        if ((error as Error).name === "WorkerLostError") await again(now);
      }
    }
  });

/** Sends a message. */
export async function say(said: string): Promise<void> {
  const now = loaded.value;
  if (now === null || answering.value || awaitsResults.value || said.trim() === "") return;
  const waiting = (side: Side): Answer => ({
    steps: [noStep],
    form: formOfAnswers.value,
    state: "waiting",
    speed: null,
    adapter: side === "base" ? null : slots[side].adapter.value!.name,
  });
  const before = turns.value;
  const who = asked();
  const { instructions } = manner.value;
  turns.value = [
    ...before,
    { said, instructions, answers: Object.fromEntries(who.map((side) => [side, waiting(side)])) },
  ];
  await answerAll(now, who, before);
}

/** Gives back the results of the calls of a side's answer to the last message, in their order. The side goes on. */
export async function giveResults(side: Side, results: readonly string[]): Promise<void> {
  const now = loaded.value;
  // While a training runs, the model is not there.
  if (now === null || answering.value || teaching.value !== null) return;
  const before = turns.value;
  note(before.length - 1, side, ({ steps }) => {
    const last = steps.at(-1)!;
    const calls = last.calls.map((call, i) => ({ ...call, result: results[i] ?? "" }));
    return { steps: [...steps.slice(0, -1), { ...last, calls }, noStep], state: "waiting" };
  });
  await answerAll(now, [side], before);
}

function leave(place: number, side: Side): void {
  note(place, side, ({ state }) => (state === "waiting" || state === "writing" ? { state: "stopped" } : {}));
}

/** A browser may end a worker. The model is loaded into a new one. */
async function again(lost: Loaded): Promise<void> {
  loaded.value = null;
  loaded.value = await load(lost.kept).catch((error: unknown) => ((talkProblem.value = error), null));
}
