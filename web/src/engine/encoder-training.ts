import type { AnyJobResult, AnyJobSpec } from "lowrank/jobs";
import { read, remove } from "../storage/database.js";
import { type Client, client } from "./client.js";
import { encoderNamed } from "./encoders.js";
import { sourcesFrom } from "./job-sources.js";
import { modelAfter } from "./model.js";
import { type StoredRun, storedTraining } from "./stored-training.js";
import { runIn, type SavedFiles, storeOf } from "./stores.js";
import { WATCHED } from "./watched.js";

/** A training of the encoder on a page of its own, stored for the next visit. */
export interface EncoderRun extends StoredRun {
  /** Name of its table. */
  readonly name: string;
  readonly spec: AnyJobSpec;
  /** Data by the names in its spec. */
  readonly data: Readonly<Record<string, Uint8Array>>;
  /** The trained files; null before the run is finished. */
  readonly files: SavedFiles | null;
}

/** How long to train: the recommended number of steps, or a few to see whether it works. */
export type Effort = "quick" | "normal";

interface How<R> {
  /** Under which it is stored. */
  readonly key: string;
  /** The run's files that are no result. */
  readonly notSaved: RegExp;
  /** What is stored of a finished run besides its files. */
  resultOf(result: AnyJobResult): Partial<R>;
}

/** The one training of a page on the encoder. */
export function encoderTraining<R extends EncoderRun>({ key, notSaved, resultOf }: How<R>) {
  const training = storedTraining<R>(key);
  const { run, progress, problem, remember } = training;
  return {
    ...training,

    /** Deletes the run and its files, unless another tab trains it. One that another tab has finished since is shown instead. */
    async forget(): Promise<void> {
      const now = run.value;
      if (now === null || progress.value !== null) return;
      await training.deleting(now.id, async () => {
        const stored = await read<R>("project", key).catch(() => undefined);
        if (run.value !== now || progress.value !== null) return;
        const isSame = stored?.id === now.id;
        problem.value = null;
        run.value = isSame && now.status !== "finished" && stored.status === "finished" ? stored : null;
        if (run.value !== null) return;
        await (await storeOf(now.id)).discard().catch(() => undefined);
        // Another tab's newer run stays.
        if (isSame) await remove("project", key).catch(() => undefined);
      });
    },

    /** Starts or continues a run. */
    goOn: (given: R): Promise<void> =>
      training.start(given, async (started, signal) => {
        const encoder = encoderNamed(given.spec.model);
        try {
          await remember(started);
          const job: Parameters<Client["runJob"]>[2] = {
            signal,
            onProgress: training.hear,
            showExamples: WATCHED,
            sources: sourcesFrom({ encoder, dataOf: (name) => given.data[name]!, signal }),
          };
          const { runJob } = await client();
          const { result, files: all } = await runIn(given.id, (store) => runJob(given.spec, store, job));
          const files = Object.fromEntries(Object.entries(all).filter(([file]) => !notSaved.test(file)));
          await remember({ ...run.value!, status: "finished", files, ...resultOf(result) });
        } catch (error) {
          if (!signal.aborted) problem.value = error;
          await modelAfter(error, encoder);
          await remember({ ...run.value!, status: "paused" });
        }
      }),
  };
}

/** Rows as JSON Lines. */
export const jsonLines = (rows: readonly object[]): Uint8Array =>
  new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
