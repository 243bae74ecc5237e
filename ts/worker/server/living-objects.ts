import { ConfigError, StaleNodeError } from "../../errors/errors.js";
import type { MadeKind } from "../../io/made-from.js";
import { type ClassName, classes } from "../calls.js";
import type { RemoteObjects, Scope } from "../protocol/scope.js";
import { makers } from "./again.js";

/** An object, and the class its caller knows it by. */
export interface Living {
  readonly kind: ClassName;
  readonly object: object;
}

/** What was made in this worker and not yet disposed of. Its caller holds numbers. */
export class LivingObjects implements RemoteObjects {
  private readonly byId = new Map<number, Living>();
  private readonly ids = new WeakMap<object, number>();
  /** What those were that are gone. */
  private readonly ended = new Map<number, ClassName>();
  private newest = 0;

  /** A number for an object, and its fields, which never change. */
  pack(kind: string, object: unknown, scope: Scope, name: string): unknown {
    const living: Living = { kind: kind as ClassName, object: object as object };
    const id = this.ids.get(living.object) ?? ++this.newest;
    this.ids.set(living.object, id);
    if (!this.ended.has(id)) this.byId.set(id, living);
    const fields = Object.entries(classes[living.kind].fields).map(([field, crossing]) => {
      const value: unknown = (object as Record<string, unknown>)[field];
      return [field, crossing.pack(value, scope, name)] as const;
    });
    return { id, fields: Object.fromEntries(fields) };
  }

  unpack(_kind: string, wire: unknown): unknown {
    return this.get(wire as number).object;
  }

  again(kind: MadeKind, from: unknown): unknown {
    return makers[kind](from as never);
  }

  /** Throws as the object itself would where it was disposed of. */
  get(id: number): Living {
    const found = this.byId.get(id);
    if (found !== undefined) return found;
    const details = { op: "a worker", reason: "disposed" };
    if (this.ended.get(id) === "TextClassifier")
      throw new ConfigError("this classifier was disposed of; load or create it again", details);
    throw new StaleNodeError("this encoder was disposed of; load it again", details);
  }

  has(id: number): boolean {
    return this.byId.has(id);
  }

  /** Forgets those that are of no more use: what owned one may have disposed of it. */
  sweep(isGone: (living: Living) => boolean): void {
    for (const [id, living] of this.byId) {
      if (!isGone(living)) continue;
      this.byId.delete(id);
      this.ended.set(id, living.kind);
    }
  }
}
