import { ConfigError, StaleNodeError } from "../../errors/errors.js";
import type { MadeKind } from "../../io/made-from.js";
import { classes, type ClassName, type FunctionName, functions as table } from "../calls.js";
import type { RemoteObjects, Scope } from "../protocol/scope.js";
import { cachedAgain } from "../../io/page/cached-again.js";
import type { Target } from "../protocol/messages.js";
import { type AnyFunction, type Families, type Family, type FamilyName, familyOf } from "./families/family.js";

/** An object and its class in the table of calls. */
export interface Living {
  readonly kind: ClassName;
  readonly object: object;
}

/** Messages for disposed objects, as outside of a worker. */
const disposed: Readonly<Record<ClassName, string>> = {
  SentenceEncoder: "this encoder was disposed; load it again",
  TextClassifier: "this classifier was disposed; load or create it again",
  CrossEncoder: "this cross-encoder was disposed; load or create it again",
  TokenClassifier: "this classifier was disposed; open it again",
  TextRegressor: "this regressor was disposed; load it again",
  CausalLanguageModel: "this language model was disposed; load it again",
  GenerationSession: "this session was disposed; `session` makes another",
};

/** Objects of this worker that were not disposed yet. The page has their ids. */
export class LivingObjects implements RemoteObjects {
  private readonly byId = new Map<number, Living>();
  private readonly ids = new WeakMap<object, number>();
  /** Classes of disposed objects. */
  private readonly ended = new Map<number, ClassName>();
  private newest = 0;

  constructor(private readonly code: Code) {}

  /** An id for an object, and its fields, which never change. */
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

  unpack(_kind: string, wire: unknown, { what }: Scope): unknown {
    return this.get(wire as number, what).object;
  }

  again(kind: MadeKind, from: unknown): unknown {
    return this.code.again(kind, from);
  }

  /** Throws what the object itself would throw after `dispose`. */
  get(id: number, what: string): Living {
    const found = this.byId.get(id);
    if (found !== undefined) return found;
    const details = { op: what, reason: "disposed" };
    const kind = this.ended.get(id);
    const advice = kind === undefined ? "this object was disposed" : disposed[kind];
    const isPart = kind === "TextClassifier" || kind === "GenerationSession";
    throw new (isPart ? ConfigError : StaleNodeError)(`${what}: ${advice}`, details);
  }

  has(id: number): boolean {
    return this.byId.has(id);
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) this.byId.delete(id);
  }

  /** Removes objects that were disposed, and returns their ids: disposing of one may dispose of others. */
  sweep(isGone: (living: Living) => boolean): number[] {
    const swept: number[] = [];
    for (const [id, living] of this.byId) {
      if (!isGone(living)) continue;
      this.byId.delete(id);
      this.ended.set(id, living.kind);
      swept.push(id);
    }
    return swept;
  }
}

/** The classes and functions of a worker; parts of them may still have to be fetched. */
export class Code {
  private readonly classes: { [Name in ClassName]?: object } = {};
  private readonly functions: { [Name in FunctionName]?: AnyFunction };
  private readonly makers: { [Kind in MadeKind]?: (from: never) => object } = { "cached model": cachedAgain };
  private readonly fetchers = new Map<FamilyName, () => Promise<Family>>();

  constructor(families: Families, own: { readonly engineInfo: AnyFunction }) {
    this.functions = { ...own };
    for (const [name, family] of Object.entries(families) as [FamilyName, Families[FamilyName]][])
      if (typeof family === "function") this.fetchers.set(name, family);
      else this.take(family);
  }

  /** Fetches the code of a call; null if it is here, or there is no such call. Rejects if it cannot be fetched. */
  fetch(target: Target): Promise<void> | null {
    if (target.kind !== "named" || typeof target.name !== "string") return null;
    const row = [target.name, target.name.split(".")[0]!].find((name) => Object.hasOwn(familyOf, name));
    const name = familyOf[row as keyof typeof familyOf] as FamilyName | undefined;
    const fetchFamily = name && this.fetchers.get(name);
    if (!fetchFamily) return null;
    return (async () => {
      this.take(await fetchFamily());
      this.fetchers.delete(name);
    })();
  }

  class(name: ClassName): object {
    return this.classes[name]!;
  }

  function(name: FunctionName): AnyFunction {
    return this.functions[name]!;
  }

  /** An object of the page again, from its data. */
  again(kind: MadeKind, from: unknown): object {
    return this.makers[kind]!(from as never);
  }

  private take({ classes, functions, calls, makers }: Family): void {
    Object.assign(this.classes, classes);
    Object.assign(this.functions, functions);
    Object.assign(table, calls);
    Object.assign(this.makers, makers);
  }
}
