/** Finds names that a path ends with, at a dot. The time depends only on the path, since an adapter may list a name for every module. */
export class NameEnds {
  private readonly names: ReadonlySet<string>;
  private readonly lengths: ReadonlySet<number>;
  private readonly longest: number;

  constructor(names: Iterable<string>) {
    this.names = new Set(names);
    this.lengths = new Set([...this.names].map((name) => name.length));
    this.longest = [...this.lengths].reduce((most, length) => Math.max(most, length), 0);
  }

  /** Whether `path` is one of the names. */
  hasWhole(path: string): boolean {
    return this.names.has(path);
  }

  /** Those of the names that `path` is or ends in, shortest first. */
  *of(path: string): Generator<string> {
    for (let dot = path.length; dot >= 0;) {
      dot = dot === 0 ? -1 : path.lastIndexOf(".", dot - 1);
      const length = path.length - dot - 1;
      if (length > this.longest) return;
      if (!this.lengths.has(length)) continue;
      const end = path.slice(dot + 1);
      if (this.names.has(end)) yield end;
    }
  }

  /** Whether `path` is one of the names or ends in one. */
  has(path: string): boolean {
    return this.of(path).next().done !== true;
  }
}
