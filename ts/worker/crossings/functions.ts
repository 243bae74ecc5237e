import { type Progress, ProgressQueue } from "../protocol/progress-queue.js";
import type { Call, Crossing } from "../protocol/scope.js";

/** Anything but a function is sent as it is, for the call to refuse. */
type SentFunction = { readonly id: number } | { readonly other: unknown };

/**
 * A listener: called now and then, only with the newest of values that replace each other, and never awaited. If it throws or rejects, the
 * call fails.
 */
export const listener = (progress: Progress): Crossing => ({
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

/** A function that the other side calls and awaits. Only for functions that may return a promise. */
export const callback = (call: Call): Crossing => ({
  pack: (value, scope): SentFunction =>
    typeof value === "function" ? { id: scope.expose(call, (...args) => value(...args) as unknown) } : { other: value },
  unpack(wire, scope) {
    const sent = wire as SentFunction;
    if (!("id" in sent)) return sent.other;
    return (...args: unknown[]) => scope.side.ask(sent.id, call, args, scope);
  },
});

/** A function to be called at the end; at once if the worker dies, which would otherwise never release what it holds. */
export const release: Crossing = {
  pack(value, scope): SentFunction {
    if (typeof value !== "function") return { other: value };
    const { root } = scope;
    const run = () => {
      root.abandoned.delete(run);
      return value() as unknown;
    };
    root.abandoned.add(run);
    // The call that needed it has ended already.
    if (root.ended) void (async () => run())().catch(() => undefined);
    return { id: root.expose(RELEASE, run) };
  },
  unpack(wire, scope) {
    const sent = wire as SentFunction;
    return "id" in sent ? () => scope.side.ask(sent.id, RELEASE, [], scope.root) : sent.other;
  },
};

const RELEASE: Call = { takes: {}, gives: { pack: () => undefined, unpack: () => undefined } };
