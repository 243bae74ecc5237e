import { type AnyJobSpec, takeAnySpec, tasks } from "../tasks/index.js";
import { type OptionNames, settingNames } from "../training/job-events.js";
import { localSources } from "../training/node/local-sources.js";
import { TaskRounds } from "../training/rounds/task-rounds.js";
import { type JobSources, takeSources } from "../training/sources/job-sources.js";

/** Options of `openRounds`. */
export interface RoundsOptions {
  /** Default: files, folders and the hub. */
  readonly sources?: JobSources;
  readonly signal?: AbortSignal | undefined;
  /** Called with warnings about the data. */
  readonly onWarning?: (message: string) => void;
  /** Names of settings in messages; default: those of the spec. */
  readonly optionNames?: OptionNames;
}

/** Opens a party's model and data, as a spec of any task names them, to train in rounds. */
export function openRounds(what: string, spec: AnyJobSpec, options: RoundsOptions): Promise<TaskRounds> {
  const { sources = localSources, signal, onWarning, optionNames = settingNames } = options;
  return TaskRounds.open(tasks, takeAnySpec(what, spec), {
    ...{ sources: takeSources(what, sources, signal), signal, optionNames },
    emit(event) {
      if (event.type === "warning") onWarning?.(event.message);
    },
  });
}
