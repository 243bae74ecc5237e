import { cachedAgain } from "../../io/page/cached-again.js";
import type { MadeKind } from "../../io/made-from.js";
import { type ClassName, type FunctionName, functions as table } from "../calls.js";
import type { Target } from "../protocol/messages.js";
import { type AnyFunction, type Families, type Family, type FamilyName, familyOf } from "./families/family.js";

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
