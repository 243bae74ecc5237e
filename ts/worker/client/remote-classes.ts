import { isRecord } from "../../arguments/settings.js";
import { received } from "../crossings/stream.js";
import { type ClassName, classes } from "../calls.js";
import type { Call } from "../protocol/scope.js";
import type { Target } from "../protocol/messages.js";

/** What a stand-in needs of the worker that has its object. */
export interface ObjectsWorker {
  readonly lost: boolean;
  call(what: string, target: Target, call: Call, args: readonly unknown[]): Promise<unknown>;
}

const leaks = new FinalizationRegistry<{ kind: string; worker: WeakRef<ObjectsWorker> }>(({ kind, worker }) => {
  if (worker.deref()?.lost === false)
    console.warn(`lowrank: a ${kind} of a worker was collected without dispose(); its memory there stays taken`);
});

/** A page's stand-in for an object in a worker. */
export class RemoteObject {
  constructor(
    /** The worker that has the object. */
    readonly worker: ObjectsWorker,
    readonly id: number,
    readonly kind: ClassName,
    fields: Readonly<Record<string, unknown>>,
  ) {
    // Messages and debuggers show only the fields.
    for (const name of ["worker", "id", "kind"]) Object.defineProperty(this, name, { enumerable: false });
    Object.assign(this, fields);
    leaks.register(this, { kind, worker: new WeakRef(worker) }, this);
  }

  /** @internal */
  ask(method: string, call: Call, args: readonly unknown[]): Promise<unknown> {
    return this.worker.call(method, { kind: "object", id: this.id, method }, call, args);
  }

  /** @internal A generator of the object. The options, its last argument, may contain a signal of the caller's. */
  stream(method: string, call: Call, args: readonly unknown[]): AsyncGenerator<unknown, void, undefined> {
    const count = Object.keys(call.takes).length - 1;
    const given = Array.from({ length: count }, (_, i) => args[i]);
    const last: unknown = given.pop();
    return received((each, signal) => this.ask(method, call, [...given, withSignal(last, signal), each]));
  }

  /** @internal The object was disposed: garbage collection needs no warning. */
  ended(): void {
    leaks.unregister(this);
  }
}

/** Adds a signal to options that may have one. Invalid options stay, for the call to refuse. */
function withSignal(options: unknown, signal: AbortSignal): unknown {
  if (options !== undefined && !isRecord(options)) return options;
  const { signal: own } = (options ?? {}) as { readonly signal?: unknown };
  if (own === undefined) return { ...options, signal };
  return own instanceof AbortSignal ? { ...options, signal: AbortSignal.any([own, signal]) } : options;
}

type RemoteClass = new (worker: ObjectsWorker, id: number, fields: Readonly<Record<string, unknown>>) => RemoteObject;

/** A class with the methods of a class in the table of calls. */
function classOf(kind: ClassName): RemoteClass {
  const { methods } = classes[kind];
  const made = class extends RemoteObject {
    constructor(worker: ObjectsWorker, id: number, fields: Readonly<Record<string, unknown>>) {
      super(worker, id, kind, fields);
    }
  };
  Object.defineProperty(made, "name", { value: kind });
  const prototype = made.prototype as unknown as Record<string | symbol, unknown>;
  for (const [method, call] of Object.entries<Call>(methods))
    prototype[method] = function (this: RemoteObject, ...args: unknown[]) {
      return call.streams === true ? this.stream(method, call, args) : this.ask(method, call, args);
    };
  prototype[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")] = prototype["dispose"];
  return made;
}

export const remoteClasses: Readonly<Record<ClassName, RemoteClass>> = {
  SentenceEncoder: /* @__PURE__ */ classOf("SentenceEncoder"),
  TextClassifier: /* @__PURE__ */ classOf("TextClassifier"),
  TokenClassifier: /* @__PURE__ */ classOf("TokenClassifier"),
  CrossEncoder: /* @__PURE__ */ classOf("CrossEncoder"),
  TextRegressor: /* @__PURE__ */ classOf("TextRegressor"),
  CausalLanguageModel: /* @__PURE__ */ classOf("CausalLanguageModel"),
  GenerationSession: /* @__PURE__ */ classOf("GenerationSession"),
};
