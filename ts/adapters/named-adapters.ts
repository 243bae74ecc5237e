import { ConfigError, UnsupportedError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { ModelAdapter } from "./model-adapter.js";

/** A model's adapters by name, in the order in which they were added. */
export class NamedAdapters {
  private readonly known = new Map<string, ModelAdapter>();
  /** Adapters that classifiers added. */
  private readonly ofClassifiers = new Set<ModelAdapter>();

  [Symbol.iterator](): Iterator<ModelAdapter> {
    return this.known.values();
  }

  /** @returns whether it is the first that no classifier added */
  add(adapter: ModelAdapter, classifier: boolean): boolean {
    const isFirst = !classifier && this.known.size === this.ofClassifiers.size;
    this.known.set(adapter.name, adapter);
    if (classifier) this.ofClassifiers.add(adapter);
    return isFirst;
  }

  /** Forgets an adapter. */
  delete(adapter: ModelAdapter): void {
    this.known.delete(adapter.name);
    this.ofClassifiers.delete(adapter);
  }

  /** Renames an adapter and keeps its place in the order. */
  rename(adapter: ModelAdapter, name: string): void {
    adapter.name = name;
    const all = [...this.known.values()];
    this.known.clear();
    for (const known of all) this.known.set(known.name, known);
  }

  /** The adapter of that name. Throws `ConfigError` for an unknown name. */
  get(name: string): ModelAdapter {
    const found = this.known.get(name);
    if (found !== undefined) return found;
    const names = clip([...this.known.keys()].map((known) => `"${known}"`).join(", ")) || "none";
    throw new ConfigError(`there is no adapter ${excerpt(name)}; loaded: ${names}`, { name });
  }

  /** Whether an adapter is in this set and was not removed. */
  has(adapter: ModelAdapter): boolean {
    return this.known.get(adapter.name) === adapter;
  }

  /** An adapter given directly or by name. Throws `ConfigError` if it is not in this set. */
  find(selection: ModelAdapter | string): ModelAdapter {
    if (typeof selection === "string") return this.get(selection);
    if (!(selection instanceof ModelAdapter)) {
      throw new ConfigError(`an adapter is chosen by its name, null is the base alone, got ${excerpt(selection)}`, {
        option: "adapter",
        expected: "a name or null",
        value: selection,
      });
    }
    if (this.has(selection)) return selection;
    throw new ConfigError(`adapter ${excerpt(selection.name)} was removed from this model, or is another model's`, {
      name: selection.name,
      reason: "unknown",
    });
  }

  /** Throws `UnsupportedError` if several of some adapters are classifiers', which have a head beside them. */
  checkHeads(what: string, adapters: readonly ModelAdapter[]): void {
    const names = [...new Set(adapters)].filter((adapter) => this.ofClassifiers.has(adapter)).map(({ name }) => name);
    if (names.length < 2) return;
    throw new UnsupportedError(
      `${what}: ${clip(names.map((name) => `"${name}"`).join(" and "))} are adapters of classifiers, whose heads (modulesToSave in PEFT) ` +
        "cannot be summed: sum adapters without a head, and train a classifier on the result",
      { op: what, names },
    );
  }

  /** Throws `ConfigError` for an invalid name, or one in use. */
  checkNew(what: string, name: string): void {
    if (typeof name !== "string" || name === "") {
      throw new ConfigError(`${what}: an adapter's name is a string that is not empty, got ${excerpt(name)}`, {
        op: what,
        option: "name",
        expected: "a string that is not empty",
        value: name,
      });
    }
    const known = this.known.get(name);
    if (known === undefined) return;
    const whose = this.ofClassifiers.has(known) ? ", a classifier's: `dispose()` of that classifier frees it" : "";
    const instead = this.ofClassifiers.has(known) ? "" : `: \`removeAdapter(${excerpt(name)})\` frees it`;
    const other = what.startsWith("TextClassifier") ? "name another with the option `adapter`" : "choose another name";
    throw new ConfigError(`${what}: there is an adapter ${excerpt(name)} already${whose}${instead}, or ${other}`, {
      op: what,
      name,
    });
  }
}
