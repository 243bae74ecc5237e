/**
 * How an adapter's module paths relate to a base file's tensor names. The same weights go by "encoder.layer.0…" in a bare
 * model's file and by "bert.encoder.layer.0…" in that of a model with a head, and an adapter may have been made on either.
 */
export interface BasePaths {
  /** The base file's name for an adapter's path. */
  toBase(path: string): string;
  /** The adapter's path for a base file's name; null for what lies outside the adapted model. */
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

/** The relation under which most of the adapter's modules have a weight in the base. */
export function relatePaths(modules: readonly string[], names: ReadonlySet<string>): BasePaths {
  const candidates = [
    same,
    ...[...new Set([...names].map(firstSegment))].filter(Boolean).map(added),
    ...[...new Set(modules.map(firstSegment))].filter(Boolean).map(dropped),
  ];
  let [best, most] = [same, 0];
  for (const candidate of candidates) {
    const found = modules.filter((path) => names.has(`${candidate.toBase(path)}.weight`)).length;
    if (found > most) [best, most] = [candidate, found];
  }
  return best;
}
