import { ProgressQueue, type Progress } from "../protocol/progress-queue.js";
import type { Call, Crossing } from "./crossing.js";

/** What is no function goes as it is, for the call to refuse. */
type SentFunction = { readonly id: number } | { readonly other: unknown };

/**
 * A listener: told now and then, of values that replace each other only of the last, and never waited for. What it throws,
 * or rejects with, ends the call.
 */
export const told = (progress: Progress): Crossing => ({
  pack(value, scope): SentFunction {
    if (typeof value !== "function") return { other: value };
    const tell = (event: unknown) => {
      if (scope.failure !== null) return;
      try {
        const shown: unknown = value(event);
        Promise.resolve(shown).catch((error: unknown) => scope.fail(error));
      } catch (error) {
        scope.fail(error);
      }
    };
    const queue = new ProgressQueue(tell, progress, scope.side.pace());
    scope.queues.push(queue);
    return { id: scope.expose(null, (event) => queue.push(event)) };
  },
  unpack(wire, scope) {
    const sent = wire as SentFunction;
    if (!("id" in sent)) return sent.other;
    const queue = new ProgressQueue((event) => scope.side.tell(sent.id, event), progress, scope.side.pace());
    scope.queues.push(queue);
    return (event: unknown) => queue.push(event);
  },
});

/** A function that is called over there and waited for here. Only what a promise may be given for can be one. */
export const asked = (call: Call): Crossing => ({
  pack: (value, scope): SentFunction =>
    typeof value === "function" ? { id: scope.expose(call, (...args) => value(...args) as unknown) } : { other: value },
  unpack(wire, scope) {
    const sent = wire as SentFunction;
    if (!("id" in sent)) return sent.other;
    return (...args: unknown[]) => scope.side.ask(sent.id, call, args, scope);
  },
});

/** A function to be called at the end; where the worker dies, at once: what it gives up would else be held for ever. */
export const release: Crossing = {
  pack(value, scope): SentFunction {
    if (typeof value !== "function") return { other: value };
    const { root } = scope;
    const run = () => {
      root.abandoned.delete(run);
      return value() as unknown;
    };
    root.abandoned.add(run);
    // Whoever asked for it is gone already.
    if (root.ended) void (async () => run())().catch(() => undefined);
    return { id: root.expose(RELEASE, run) };
  },
  unpack(wire, scope) {
    const sent = wire as SentFunction;
    return "id" in sent ? () => scope.side.ask(sent.id, RELEASE, [], scope.root) : sent.other;
  },
};

const RELEASE: Call = { takes: {}, gives: { pack: () => undefined, unpack: () => undefined } };
