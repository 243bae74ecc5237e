import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { type MadeKind, remember } from "../../io/made-from.js";
import type { CachedModel, CachedPlace } from "../../io/page/cached-model.js";
import { classes, type ClassName } from "../calls.js";
import type { RemoteObjects, Scope } from "../protocol/scope.js";
import { type ObjectsWorker, remoteClasses, RemoteObject } from "./remote-classes.js";

/** A cached model, found by a worker. `load` and `open` of this entry accept it. Its bytes stay in the worker. */
export type WorkerCachedModel = Omit<CachedModel, "open" | "gguf">;

/** A model that a worker has found, as its page sees it. */
function cachedThere(place: CachedPlace): WorkerCachedModel {
  const { key: _, ...facts } = place;
  const { files } = facts;
  const digest = async (file: string) => {
    // In a model of one file, that file is a GGUF file with any name.
    const isOnly = file === "model.gguf" && files.length === 1;
    return (isOnly ? files[0]! : files.find(({ name }) => name === file))?.sha256 ?? null;
  };
  return remember({ ...facts, digest }, "cached model", place);
}

/** Objects of one worker, in its page. */
export class KnownObjects implements RemoteObjects {
  /** Weak references: garbage collection of an object is detected, and logs a warning. */
  private readonly known = new Map<number, WeakRef<RemoteObject>>();

  constructor(private readonly worker: ObjectsWorker) {}

  /** Throws `ConfigError` for anything else than an object of this worker. */
  pack(kind: string, object: unknown, { what }: Scope, name: string): unknown {
    const isOne = object instanceof RemoteObject && object.kind === kind;
    if (isOne && object.worker === this.worker) return object.id;
    const [expected, got] = isOne ? ["of the same worker", "one of another"] : ["from lowrank/worker", excerpt(object)];
    const details = { op: what, option: name, expected: `a ${kind} ${expected}`, value: object };
    throw new ConfigError(`${what}: ${name} is a ${kind} ${expected}, got ${got}`, details);
  }

  unpack(kind: string, wire: unknown, scope: Scope): unknown {
    const { id, fields } = wire as { id: number; fields: Record<string, unknown> };
    const before = this.known.get(id)?.deref();
    if (before !== undefined) return before;
    const crossings = classes[kind as ClassName].fields as Readonly<
      Record<string, (typeof classes)["SentenceEncoder"]["fields"]["name"]>
    >;
    const unpacked = Object.entries(crossings).map(([field, crossing]) => [
      field,
      crossing.unpack(fields[field], scope, field),
    ]);
    const made = new remoteClasses[kind as ClassName](this.worker, id, Object.fromEntries(unpacked));
    this.known.set(id, new WeakRef(made));
    return made;
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) {
      this.known.get(id)?.deref()?.ended();
      this.known.delete(id);
    }
  }

  again(_kind: MadeKind, from: unknown): unknown {
    return cachedThere(from as CachedPlace);
  }
}
