import { type ClassName, classes } from "../calls.js";
import type { Call } from "../crossings/crossing.js";
import type { LowrankWorker } from "./living-worker.js";

const leaks = new FinalizationRegistry<{ kind: string; worker: WeakRef<LowrankWorker> }>(({ kind, worker }) => {
  if (worker.deref()?.lost === false)
    console.warn(`lowrank: a ${kind} of a worker was collected without dispose(); its memory there stays taken`);
});

/** What stands in a page for an object in a worker. */
export class RemoteObject {
  constructor(
    /** The worker that it lives in. */
    readonly worker: LowrankWorker,
    readonly id: number,
    readonly kind: ClassName,
    fields: Readonly<Record<string, unknown>>,
  ) {
    // What messages and debuggers show are the fields.
    for (const name of ["worker", "id", "kind"]) Object.defineProperty(this, name, { enumerable: false });
    Object.assign(this, fields);
    leaks.register(this, { kind, worker: new WeakRef(worker) }, this);
  }

  /** @internal */
  ask(method: string, call: Call, args: readonly unknown[]): Promise<unknown> {
    return this.worker.call(method, { kind: "object", id: this.id, method }, call, args);
  }

  /** @internal It is gone: nobody is warned of it. */
  ended(): void {
    leaks.unregister(this);
  }
}

type RemoteClass = new (worker: LowrankWorker, id: number, fields: Readonly<Record<string, unknown>>) => RemoteObject;

/** A class with the methods that the table of calls has for it. */
function classOf(kind: ClassName): RemoteClass {
  const { methods } = classes[kind];
  const made = class extends RemoteObject {
    constructor(worker: LowrankWorker, id: number, fields: Readonly<Record<string, unknown>>) {
      super(worker, id, kind, fields);
    }
  };
  Object.defineProperty(made, "name", { value: kind });
  const prototype = made.prototype as unknown as Record<string | symbol, unknown>;
  for (const [method, call] of Object.entries<Call>(methods))
    prototype[method] = function (this: RemoteObject, ...args: unknown[]) {
      return this.ask(method, call, args);
    };
  prototype[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")] = prototype["dispose"];
  return made;
}

export const remoteClasses: Readonly<Record<ClassName, RemoteClass>> = {
  SentenceEncoder: /* @__PURE__ */ classOf("SentenceEncoder"),
  TextClassifier: /* @__PURE__ */ classOf("TextClassifier"),
  TokenClassifier: /* @__PURE__ */ classOf("TokenClassifier"),
};
