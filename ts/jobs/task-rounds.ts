import { type OptionNames, settingNames } from "../training/spec/option-names.js";
import { type AnyJobSpec, takeAnySpec, tasks } from "../tasks/index.js";
import { type JobListener } from "../training/job-events.js";
import { type Rounds, TaskRounds } from "../training/rounds.js";
import { type JobSources, takeSources } from "../training/sources/job-sources.js";

/** Options of `openRounds`. */
export interface RoundsOptions {
  /** Default: the runtime's. */
  readonly sources?: JobSources | undefined;
  /** Cancels reading and loading. */
  readonly signal?: AbortSignal | undefined;
  /** Called with events of reading and loading. */
  readonly onProgress?: JobListener | undefined;
  /** Names of settings in messages; default: those of the spec. */
  readonly optionNames?: OptionNames | undefined;
}

/** Opens a party's model and data, as a spec of any task names them, to train in rounds. */
export function openRounds(what: string, spec: AnyJobSpec, options: RoundsOptions): Promise<TaskRounds> {
  const { sources, signal, onProgress, optionNames = settingNames } = options;
  return TaskRounds.open(tasks, takeAnySpec(what, spec), {
    sources: takeSources(what, sources, signal),
    signal,
    optionNames,
    emit: (event) => void onProgress?.(event),
  });
}

/** Opens them for `work`, and disposes of them after it. */
export async function trainRounds(
  what: string,
  spec: AnyJobSpec,
  work: (rounds: Rounds) => Promise<void>,
  options: RoundsOptions,
): Promise<void> {
  const rounds = await openRounds(what, spec, options);
  try {
    await work(rounds);
  } finally {
    rounds.dispose();
  }
}
