import type { Example, SavedFiles } from "lowrank";
import {
  callable,
  checkRecord,
  ConfigError,
  excerpt,
  flag,
  or,
  positive,
  readOptions,
  readSignal,
  takeTrainingExamples,
  text,
  whole,
} from "lowrank/extension";
import type { ClassifierClass } from "./rounds/classifier-class.js";

/** Events of a node. */
export type FederationEvent =
  /** The server has registered this node under a 64-bit number. */
  | { readonly type: "joined"; readonly node: string; readonly server: string }
  /** A round starts. `files` are the server's current shared model, for `TextClassifier.load` or the class of its task. */
  | {
      readonly type: "round";
      readonly round: number;
      readonly rounds: number;
      readonly steps: number;
      readonly files: SavedFiles;
    }
  | {
      readonly type: "step";
      readonly round: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
    }
  /** Progress: this node has trained. `files` are its own model, trained from the shared one. */
  | {
      readonly type: "trained";
      readonly round: number;
      readonly loss: number;
      readonly examples: number;
      readonly epochs: number;
      readonly files: SavedFiles;
    }
  /** The server accepted the reply. Bytes are totals of all calls so far. */
  | { readonly type: "answered"; readonly round: number; readonly sent: number; readonly received: number }
  /** The reply was too late, and the server rejected it. */
  | { readonly type: "late"; readonly round: number; readonly message: string }
  /** The shared model was evaluated on this node's examples. */
  | {
      readonly type: "evaluated";
      readonly round: number;
      readonly loss: number;
      /** The task's metrics by name. */
      readonly metrics: Readonly<Record<string, number>>;
      /** Share of right answers, if it is among the metrics. */
      readonly accuracy?: number;
      readonly examples: number;
      readonly files: SavedFiles;
    };

/** A function that gets each event. */
export type FederationListener = (event: FederationEvent) => void;

/** Options of every node. */
export interface NodeOptions {
  /** Address of the SuperLink or of a proxy in front of it, such as "https://flower.example.org:8000"; in pages also a path of this origin. */
  readonly server: string;
  /** Private key of this node, registered with the server (`createNodeKey`). Default: a new key, registered when joining. */
  readonly key?: string;
  /** Most steps of one round. A server that asks for more gets an error. Default 10,000. */
  readonly maxSteps?: number;
  /** Whether to stay for the server's next run; default false: leave after the last round. */
  readonly stay?: boolean;
  /** Seconds without an answer of the server after which this node gives up; default 60. */
  readonly patience?: number;
  /** Leaves the federation within a step, and notifies the server. */
  readonly signal?: AbortSignal;
  /** A function that gets each event. */
  readonly onEvent?: FederationListener;
}

/** Options for joining a federation that trains a text classifier. */
export interface JoinOptions<E> extends NodeOptions {
  /** Encoder to train an adapter on. */
  readonly encoder: E;
  /** `TextClassifier` from `lowrank`, or from `lowrank/worker` if the encoder is in a worker. */
  readonly TextClassifier: ClassifierClass<E>;
  /** Training examples of this node. They are not sent. */
  readonly examples: readonly Example[];
  /** Examples to evaluate the shared classifier on, if the server asks for it; default `examples`. */
  readonly validation?: readonly Example[];
  /** Name of the adapter in the encoder; default "federated". */
  readonly adapter?: string;
}

/** Options of every node, with defaults. */
export interface TakenNodeOptions {
  readonly server: string;
  readonly key: string | undefined;
  readonly maxSteps: number;
  readonly stay: boolean;
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: FederationListener;
}

/** Checked options of a node of text classification. */
interface TakenJoinOptions<E> extends TakenNodeOptions {
  readonly encoder: E;
  readonly TextClassifier: ClassifierClass<E>;
  readonly examples: readonly Example[];
  readonly validation: readonly Example[];
  readonly adapter: string;
}

const what = "joinFederation";

/** How the options of every node are read. */
export const nodeOptions: {
  readonly [Name in keyof TakenNodeOptions]: (what: string, name: string, value: unknown) => TakenNodeOptions[Name];
} = {
  server: (_, __, value) => addressOf(value),
  key: (_, name, value) => (value === undefined ? undefined : text(what, name, value)),
  maxSteps: or(10_000, whole, 1),
  stay: or(false, (_, name, value) => flag(what, name, value as boolean)),
  patience: or(60, (_, name, value) => positive(what, name, value as number)),
  signal: readSignal,
  onEvent: (_, name, value) =>
    value === undefined ? () => undefined : callable(what, name, value as FederationListener),
};

/** A checked copy. Throws `ConfigError` for invalid options. */
export function takeJoinOptions<E>(options: JoinOptions<E>): TakenJoinOptions<E> {
  return readOptions<TakenJoinOptions<E>>(what, options, {
    ...nodeOptions,
    encoder: (_, name, value) => object<E>(name, value),
    TextClassifier(_, name, value) {
      const found = object<ClassifierClass<E>>(name, value, true);
      for (const method of ["create", "load"] as const) callable(what, `${name}.${method}`, found[method]);
      return found;
    },
    examples(_, __, value) {
      const examples = takeTrainingExamples(what, value as readonly Example[]);
      if (examples.length > 0) return examples;
      throw new ConfigError(`${what}: there are no training examples`, { op: what, length: 0 });
    },
    validation: (_, __, value) => takeTrainingExamples(what, (value ?? []) as readonly Example[], "keep"),
    adapter: or("federated", (_, name, value) => text(what, name, value as string)),
  });
}

function object<T>(name: string, value: unknown, orFunction = false): T {
  if (!(orFunction && typeof value === "function")) checkRecord(`${what}: ${name} is expected`, value);
  return value as T;
}

/** The server's absolute address without a trailing slash. Relative addresses are resolved against the page. */
function addressOf(value: unknown): string {
  const { location } = globalThis as { location?: { href: string } };
  const expected = "an address of http or https, such as https://flower.example.org:8000";
  try {
    const { protocol, search, hash, href } = new URL(value as string, location?.href);
    if (typeof value === "string" && /^https?:$/.test(protocol) && search + hash === "")
      return href.replace(/\/+$/, "");
  } catch {
    // Not an address.
  }
  throw new ConfigError(`${what}: server is ${expected}, got ${excerpt(value)}`, {
    op: what,
    option: "server",
    expected,
    value,
  });
}
