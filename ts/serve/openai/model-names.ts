import type { AdaptedModel } from "../../adapters/adapted-model.js";
import { optional, readOptions } from "../../arguments/options.js";
import { text } from "../../arguments/settings.js";
import { clientName, forClients } from "../client-names.js";
import { isName } from "../request-fields.js";
import { ApiError, reading, stopping } from "./api-error.js";
import type { Body } from "./endpoints/endpoint.js";
import type { LanguageServerSettings } from "./language-server-options.js";
import { type Kind, loadedName, ofKind, type Served } from "./served-models.js";

/** What a request's `model` names: a model, or one of its adapters; null for the base alone. */
export type Named<K extends Kind = Kind> = Served<K> & { readonly name: string; readonly adapter: string | null };

/** An adapter that requests use. Once it is removed, it stays in its model under another name until the last of them. */
interface Use {
  name: string;
  count: number;
  removed: boolean;
}

/** Most names in a message. */
const MOST_NAMES = 8;

/** Numbers removed adapters that are in use. */
let retired = 0;

/** The names in requests, of models and of their adapters, which come and go. */
export class ModelNames {
  /** Names of adapters that requests have loaded. */
  private readonly loaded = new Map<AdaptedModel, Set<string>>();
  private readonly used = new Map<AdaptedModel, Set<Use>>();
  private readonly created = Math.floor(Date.now() / 1000);

  constructor(
    private readonly models: readonly Served[],
    private readonly settings: Pick<LanguageServerSettings, "adapters" | "loadAdapter">,
  ) {}

  /** An error's message for clients: models have their names in requests, not the paths that they were loaded from. */
  told(message: string): string {
    const loaded = this.models.map(({ model, id }) => [loadedName(model), id] as const);
    return forClients(
      message,
      loaded.filter(([name]) => clientName(name) !== name),
    );
  }

  /** All that requests can name. */
  list(): object {
    return { object: "list", data: this.all().map((named) => this.described(named)) };
  }

  /** One of them. Throws `ApiError` for an unknown name. */
  one(name: string): object {
    return this.described(this.find(["generate", "embed", "rerank", "classify"], name));
  }

  /**
   * What a name means to a route. Without a name, the only model of the first kind that there is one of. Throws `ApiError` for an unknown
   * name, one of another kind, and one that adapters of several models have.
   */
  find<K extends Kind>(kinds: readonly K[], name?: string): Named<K> {
    if (name === undefined) return this.only(kinds);
    const found = this.all().filter((named) => named.name === name);
    const fitting = found.filter(({ kind }) => (kinds as readonly Kind[]).includes(kind));
    const best = fitting.find(({ adapter }) => adapter === null) ?? fitting[0];
    if (best !== undefined && (best.adapter === null || fitting.length === 1)) return best as unknown as Named<K>;
    const quoted = JSON.stringify(name);
    if (best !== undefined) {
      const models = fitting.map(({ id }) => id).join(", ");
      throw new ApiError(400, "ambiguous_model", `several models have an adapter ${quoted}: ${models}`, "model");
    }
    const others = this.namesOf(kinds);
    if (found.length > 0)
      throw new ApiError(400, "unsupported", `${quoted} is a model to ${found[0]!.kind}; ${others}`, "model");
    throw new ApiError(404, "model_not_found", `there is no model ${quoted} here; ${others}`, "model");
  }

  /** What a message says of the names that a request could have. */
  private namesOf(kinds: readonly Kind[]): string {
    const names = this.all().flatMap(({ kind, name }) => (kinds.includes(kind) ? [JSON.stringify(name)] : []));
    const purpose = `to ${kinds.join(" or ")}`;
    if (names.length === 0) return `${purpose} there is none`;
    const some = names.slice(0, MOST_NAMES).join(", ");
    const more = names.length - MOST_NAMES;
    return more > 0 ? `${purpose} there are ${some} and ${more} more` : `${purpose} there is ${some}`;
  }

  /** Counts a request that uses an adapter, until the returned function is called: meanwhile it stays in its model. */
  use(model: AdaptedModel, name: string | null): () => void {
    if (name === null) return () => undefined;
    const uses = this.used.get(model) ?? new Set();
    this.used.set(model, uses);
    const use = [...uses].find((one) => one.name === name) ?? { name, count: 0, removed: false };
    uses.add(use);
    use.count++;
    return () => {
      if (--use.count > 0) return;
      uses.delete(use);
      if (use.removed && model.adapters().some((adapter) => adapter.name === use.name)) model.removeAdapter(use.name);
    };
  }

  /**
   * Loads an adapter, from what the option `loadAdapter` finds under its name. Throws `ApiError` if that is not allowed, the name is in use or
   * unknown, the files do not fit, or the server is stopping once they have come.
   *
   * @param withRoom runs what needs memory
   */
  async add(fields: Body, isClosing: () => boolean, withRoom: (work: () => void) => void): Promise<object> {
    const { loadAdapter } = this.settings;
    if (loadAdapter === undefined) throw new ApiError(403, "forbidden", "this server loads no adapters");
    const readers = { name: text, base: optional(text) };
    const { name, base } = reading("name", () => readOptions("adapters", fields, readers));
    if (!isName(name))
      throw new ApiError(400, "invalid_value", 'a name is of lower-case letters, digits, "-", "_" and dots', "name");
    const found = this.find(["generate", "embed"], base);
    const { model } = found;
    this.checkFree(name);
    const files = await loadAdapter(name);
    if (isClosing()) throw stopping();
    this.checkFree(name);
    if (files === null)
      throw new ApiError(
        404,
        "adapter_not_found",
        `there is no adapter ${name} where this server loads adapters from`,
        "name",
      );
    const read = () => withRoom(() => model.loadAdapter(name, files));
    reading("name", read, (words) => (typeof files === "string" ? forClients(words, [[files, name]]) : words));
    this.loaded.set(model, (this.loaded.get(model) ?? new Set()).add(name));
    return this.described({ ...found, name, adapter: name });
  }

  /** Removes an adapter; requests that use it finish with it. Throws `ApiError` if that is not allowed, or the name is unknown. */
  remove(name: string): object {
    if (this.settings.loadAdapter === undefined)
      throw new ApiError(403, "forbidden", "this server's adapters cannot be removed");
    const found = this.find(["generate", "embed"], name);
    if (found.adapter === null) throw new ApiError(400, "invalid_value", "the base cannot be removed", "name");
    const { model, kind } = found;
    // A text that is generated has the values that it began with.
    const use = kind === "generate" ? undefined : [...(this.used.get(model) ?? [])].find((one) => one.name === name);
    reading("name", () => {
      if (use === undefined) return model.removeAdapter(name);
      const other = `${name}#removed-${++retired}`;
      model.renameAdapter(name, other);
      [use.name, use.removed] = [other, true];
    });
    this.loaded.get(model)?.delete(name);
    return { id: name, object: "model", deleted: true };
  }

  /** Names of each model: its own, which hides that of an adapter, then its adapters' names. Clients take the first as default. */
  private all(): Named[] {
    const { adapters: allowed } = this.settings;
    return this.models.flatMap((served): Named[] => {
      const base = { ...served, name: served.id, adapter: null };
      if (served.kind !== "generate" && served.kind !== "embed") return [base];
      const loaded = this.loaded.get(served.model);
      const removed = [...(this.used.get(served.model) ?? [])].filter((one) => one.removed).map((one) => one.name);
      // Those of classifiers and cross-encoders on it are theirs alone.
      const owned = this.models.map(({ model }) =>
        "encoder" in model && model.encoder === served.model ? model.adapter : null,
      );
      const hidden: readonly (string | null)[] = [served.id, ...removed, ...owned];
      const named = served.model
        .adapters()
        .map(({ name }) => name)
        .filter((name) => !hidden.includes(name))
        .filter((name) => loaded?.has(name) === true || (allowed?.includes(name) ?? true));
      return [base, ...named.map((name) => ({ ...served, name, adapter: name }))];
    });
  }

  private only<K extends Kind>(kinds: readonly K[]): Named<K> {
    for (const kind of kinds) {
      const [first, ...others] = ofKind(this.models, kind);
      if (first === undefined) continue;
      if (others.length > 0) break;
      return { ...first, name: first.id, adapter: null };
    }
    throw new ApiError(400, "invalid_value", `name a model: ${this.namesOf(kinds)}`, "model");
  }

  private described({ name, adapter, id, kind }: Named): object {
    const parent = adapter === null ? {} : { parent: id };
    return { id: name, object: "model", created: this.created, owned_by: "lowrank", task: kind, ...parent };
  }

  private checkFree(name: string): void {
    if (this.all().every((named) => named.name !== name)) return;
    throw new ApiError(409, "name_in_use", `there is a model ${name} already`, "name");
  }
}
