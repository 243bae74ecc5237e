import type { RunStore } from "lowrank/jobs";

/**
 * Where a job's attempts and its result go. A queue promises that each job is run at least once, so two workers may be at one
 * job: each attempt has a store of its own, and the first that is published is the result.
 */
export interface AttemptPlace {
  /** What messages call it. */
  readonly name: string;
  /** What the result's blobs are called; null where nothing is published. */
  names(): Promise<readonly string[] | null>;
  /** A blob of the result; null where nothing is published, or the result has none of that name. */
  result(blob: string): Promise<Uint8Array | null>;
  /** Names of the attempts that have left something. */
  attempts(): Promise<readonly string[]>;
  /** An attempt's store. */
  store(attempt: string): RunStore;
  /** Makes an attempt's blobs the result, in one step; where there is a result that one stays. */
  publish(attempt: string): Promise<void>;
  /** Removes what attempts have left. */
  tidy(): Promise<void>;
}
