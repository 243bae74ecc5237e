import {
  type AnyJobSpec,
  callable,
  checkRecord,
  type OptionNames,
  readOptions,
  type TrainRoundsOptions,
} from "lowrank/extension";
import { nodeOptions, type NodeOptions, type TakenNodeOptions } from "./join-options.js";

/** Options for joining a federation of any task. */
export interface TaskJoinOptions extends NodeOptions {
  /**
   * What this node trains, as `runJob` takes it: `task`, `data`, `validation`, `model`, and the columns of the data. The server sets rank,
   * steps, rates and the loss; `loss` here is how rows are read until then, which some need, as those of "kto" do.
   */
  readonly job: AnyJobSpec;
  /** The worker that trains, from `startWorker`. Default: in pages the one that all calls share, in Node this thread. */
  readonly worker?: TrainRoundsOptions["worker"];
  /**
   * Where models and data come from, as for `runJob`: for a page's own data `keptSources` of `lowrank/worker`. Default: addresses, in Node
   * files and the hub.
   */
  readonly sources?: TrainRoundsOptions["sources"];
  /** Called with warnings about the data. */
  readonly onWarning?: (message: string) => void;
  /** @internal Names of settings in messages; default: those of the spec. */
  readonly optionNames?: OptionNames;
}

/** Checked options of a node. */
interface TakenTaskOptions extends TakenNodeOptions, Omit<TrainRoundsOptions, "signal" | "onProgress"> {
  readonly job: AnyJobSpec;
  readonly onWarning: ((message: string) => void) | undefined;
}

const what = "joinFederation";

/** A checked copy. Throws `ConfigError` for invalid options; spec, worker and sources are checked where they are used. */
export function takeTaskOptions(options: TaskJoinOptions): TakenTaskOptions {
  return readOptions<TakenTaskOptions>(what, options, {
    ...nodeOptions,
    job(_, __, value) {
      checkRecord(`${what}: job is a spec as for runJob`, value);
      return value as AnyJobSpec;
    },
    worker: (_, __, value) => value as TakenTaskOptions["worker"],
    sources: (_, __, value) => value as TakenTaskOptions["sources"],
    onWarning: (_, name, value) =>
      value === undefined ? undefined : callable(what, name, value as (message: string) => void),
    optionNames: (_, __, value) => value as OptionNames | undefined,
  });
}
