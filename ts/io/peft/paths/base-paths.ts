/**
 * Maps an adapter's module paths to a base file's tensor names. The same weights are named "encoder.layer.0…" in a bare model's file and
 * "bert.encoder.layer.0…" in that of a model with a head, and an adapter may be made on either.
 */
export interface BasePaths {
  /** The base file's name for an adapter's path. */
  toBase(path: string): string;
  /** The adapter's path for a base file's name; null outside the adapted model. */
  toAdapter(name: string): string | null;
}

const firstSegment = (path: string) => path.slice(0, path.indexOf(".") + 1);

const same: BasePaths = { toBase: (path) => path, toAdapter: (name) => name };

/** The file has a prefix that the adapter's paths lack. */
const added = (prefix: string): BasePaths => ({
  toBase: (path) => prefix + path,
  toAdapter: (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : null),
});

/** The adapter's paths have a prefix that the file lacks. */
const dropped = (prefix: string): BasePaths => ({
  toBase: (path) => (path.startsWith(prefix) ? path.slice(prefix.length) : path),
  toAdapter: (name) => prefix + name,
});

const [OUTER, INNER] = ["model.", "model.language_model."];

const moved = (path: string, from: string, to: string) => (path.startsWith(from) ? to + path.slice(from.length) : path);

/** Names of a language model by itself, for those that it has in a model for texts and pictures. */
const inner: BasePaths = {
  toBase: (path) => moved(path, OUTER, INNER),
  toAdapter: (name) => (name.startsWith(OUTER) && !name.startsWith(INNER) ? null : moved(name, INNER, OUTER)),
};

/** The reverse. */
const outer: BasePaths = {
  toBase: (path) => moved(path, INNER, OUTER),
  toAdapter: (name) => moved(name, OUTER, INNER),
};

/** Counts by key. */
class Counts extends Map<string, number> {
  add(key: string): void {
    this.set(key, this.of(key) + 1);
  }
  of(key: string): number {
    return this.get(key) ?? 0;
  }
}

/**
 * The mapping for which most of the adapter's modules have a weight in the base. Each name and module is examined once, however many
 * prefixes there are.
 */
export function relatePaths(modules: readonly string[], names: ReadonlySet<string>): BasePaths {
  const isModule = new Set(modules);
  const hasWeight = (path: string) => names.has(`${path}.weight`);
  const asTheyAre = modules.filter(hasWeight).length;

  const withPrefix = new Counts();
  for (const name of names) {
    const prefix = firstSegment(name);
    if (prefix !== "" && name.endsWith(".weight") && isModule.has(name.slice(prefix.length, -".weight".length)))
      withPrefix.add(prefix);
  }

  // Modules with the prefix are looked up without it, others as they are.
  const [without, whole] = [new Counts(), new Counts()];
  for (const path of modules) {
    const prefix = firstSegment(path);
    if (prefix === "") continue;
    if (hasWeight(path.slice(prefix.length))) without.add(prefix);
    if (hasWeight(path)) whole.add(prefix);
  }

  let [best, most] = [same, asTheyAre];
  const consider = (relation: BasePaths, found: number) => {
    if (found > most) [best, most] = [relation, found];
  };
  for (const [prefix, found] of withPrefix) consider(added(prefix), found);
  for (const [prefix, found] of without) consider(dropped(prefix), found + asTheyAre - whole.of(prefix));
  for (const relation of [inner, outer])
    consider(relation, modules.filter((path) => hasWeight(relation.toBase(path))).length);
  return best;
}
