import type { RunStore } from "lowrank/jobs";

/**
 * The place of a job's attempts and result. A queue guarantees that each job runs at least once, so two workers may run the same
 * job. Each attempt has its own store, and the first published one is the result.
 */
export interface AttemptPlace {
  /** Name in messages. */
  readonly name: string;
  /** Names of the result's files; null if nothing is published. */
  names(): Promise<readonly string[] | null>;
  /** A file of the result; null if nothing is published, or if the result has no such file. */
  result(blob: string): Promise<Uint8Array | null>;
  /** Names of the attempts with stored files. */
  attempts(): Promise<readonly string[]>;
  /** An attempt's store. */
  store(attempt: string): RunStore;
  /** Publishes an attempt as the result, in one step. An existing result stays. */
  publish(attempt: string): Promise<void>;
  /** Whether a job that may still run has an attempt's store. */
  isLive(attempt: string): Promise<boolean>;
  /** Removes an attempt's files; those of the result stay. */
  remove(attempt: string): Promise<void>;
}
