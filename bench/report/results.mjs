/** What jobs gave, put together: one row for each thing that was timed, and the ratios within each job. */
export class Results {
  rows = [];
  /** Ours against a peer, timed in turn: `ratio` is how many times as fast we are, where the peer was at its best. */
  pairs = [];
  memory = [];
  downloads = [];
  messages = [];

  /** Adds the results of one job. */
  addJob(results) {
    const rows = results.flatMap(({ row }) => row ?? []);
    const peaks = rows.flatMap(({ peakGflops }) => peakGflops ?? []).sort((a, b) => a - b);
    for (const { peakGflops, ...row } of rows) {
      // Of the peak that was measured in turn with it; a busy moment, in which that came out low, flatters nothing.
      const peak = Math.max(peakGflops, peaks[peaks.length >> 1]);
      const share = row.peer === "lowrank" && row.gflops ? { ofPeak: row.gflops / row.threads / peak } : {};
      this.#addRow({ ...row, ...share });
    }
    for (const ours of rows.filter(({ peer, beside }) => peer === "lowrank" && beside !== null)) this.#pair(ours, rows);
    if (peaks.length > 0) {
      const { build, runtime } = rows[0];
      const row = { case: "peak", shape: "128-bit", peer: "peak", build, threads: 1, runtime };
      this.#addRow({ ...row, ms: null, median: null, gflops: peaks.at(-1) });
    }
    this.memory.push(...results.flatMap(({ memory }) => memory ?? []));
    this.downloads.push(...results.flatMap(({ download }) => download ?? []));
    this.messages.push(...results.flatMap(({ message }) => message ?? []));
  }

  /** The row with these fields. */
  row(fields) {
    return this.rows.find((row) => Object.entries(fields).every(([name, value]) => row[name] === value));
  }

  /** The highest that 128-bit multiply-adds gave on one thread in that runtime and build. */
  peak(runtime, build) {
    const { gflops = null } = this.row({ case: "peak", runtime, build }) ?? {};
    return gflops;
  }

  /** A thing that several jobs timed keeps its fastest. */
  #addRow({ beside: _, ...row }) {
    const { case: name, shape, peer, build, threads, runtime } = row;
    const before = this.row({ case: name, shape, peer, build, threads, runtime });
    if (before === undefined) this.rows.push(row);
    else if (name === "peak" ? row.gflops > before.gflops : row.ms < before.ms) Object.assign(before, row);
  }

  #pair(ours, rows) {
    const theirs = rows.find(
      ({ case: name, shape, peer }) => name === ours.case && shape === ours.shape && peer === ours.beside,
    );
    if (theirs === undefined) return;
    const { case: name, shape, build, threads, runtime } = ours;
    const pair = {
      case: name,
      shape,
      peer: theirs.peer,
      build,
      threads,
      runtime,
      ours: ours.ms,
      theirs: theirs.ms,
      ratio: theirs.ms / ours.ms,
      medianRatio: theirs.median / ours.median,
    };
    const same = ["case", "shape", "peer", "build", "threads", "runtime"];
    const before = this.pairs.find((other) => same.every((field) => other[field] === pair[field]));
    if (before === undefined) this.pairs.push(pair);
    else if (pair.theirs < before.theirs) Object.assign(before, pair);
  }
}

/** What the newest Node among the results is called. */
export function newestRuntime({ rows }) {
  const versions = rows.map(({ runtime }) => Number(/^node (\d+)$/.exec(runtime)?.[1] ?? 0));
  return `node ${Math.max(...versions)}`;
}

/** Numbers with the digits that mean something; for results.json. */
export function rounded(key, value) {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
