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
  takeLearnt,
  text,
  whole,
} from "lowrank/extension";
import type { ClassifierClass } from "./rounds/classifier-class.js";

/** What goes on at a node. */
export type FederationEvent =
  /** The server knows this node, by a number of 64 bits. */
  | { readonly type: "joined"; readonly node: string; readonly server: string }
  /** A round begins; `files` are the shared classifier as the server has it now, for `TextClassifier.load`. */
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
  /** This node has done its part; `files` are the classifier that it has made of the shared one. */
  | {
      readonly type: "trained";
      readonly round: number;
      readonly loss: number;
      readonly examples: number;
      readonly epochs: number;
      readonly files: SavedFiles;
    }
  /** Its part was taken by the server; bytes as of all calls so far. */
  | { readonly type: "answered"; readonly round: number; readonly sent: number; readonly received: number }
  /** Its part came too late, and was refused. */
  | { readonly type: "late"; readonly round: number; readonly message: string }
  /** The shared classifier was measured on this node's examples. */
  | {
      readonly type: "evaluated";
      readonly round: number;
      readonly accuracy: number;
      readonly loss: number;
      readonly examples: number;
      readonly files: SavedFiles;
    };

/** Hears what goes on. */
export type FederationListener = (event: FederationEvent) => void;

/** How a node joins. */
export interface JoinOptions<E> {
  /** Address of the SuperLink, or of what stands before it, such as "https://flower.example.org:8000"; in pages also of this origin. */
  readonly server: string;
  /** The encoder whose adapter is trained. */
  readonly encoder: E;
  /** The class of classifiers on it: `TextClassifier` of `lowrank`, or that of `lowrank/worker` for an encoder in a worker. */
  readonly TextClassifier: ClassifierClass<E>;
  /** What this node learns from, and nobody else sees. */
  readonly examples: readonly Example[];
  /** Examples that the shared classifier is measured on, where the server asks; default `examples`. */
  readonly validation?: readonly Example[];
  /** Private key that the server knows this node by (`createNodeKey`); default a new one that it learns now. */
  readonly key?: string;
  /** Name that the adapter gets in the encoder; default "federated". */
  readonly adapter?: string;
  /** Steps of one round that this node does at most; a server that asks for more is refused. Default 10,000. */
  readonly maxSteps?: number;
  /** Stay for the server's next run; default false: leave after the last round. */
  readonly stay?: boolean;
  /** Seconds without any answer of the server after which this node gives up; default 60. */
  readonly patience?: number;
  /** Leaves: within a step, and the server is told. */
  readonly signal?: AbortSignal;
  /** Hears what goes on. */
  readonly onEvent?: FederationListener;
}

/** The options with their defaults. */
export interface TakenJoinOptions<E> {
  readonly server: string;
  readonly encoder: E;
  readonly TextClassifier: ClassifierClass<E>;
  readonly examples: readonly Example[];
  readonly validation: readonly Example[];
  readonly key: string | undefined;
  readonly adapter: string;
  readonly maxSteps: number;
  readonly stay: boolean;
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: FederationListener;
}

const what = "joinFederation";

/** A checked copy. Throws `ConfigError` for options that make no sense. */
export function takeJoinOptions<E>(options: JoinOptions<E>): TakenJoinOptions<E> {
  return readOptions<TakenJoinOptions<E>>(what, options, {
    server: (_, __, value) => addressOf(value),
    encoder: (_, name, value) => object<E>(name, value),
    TextClassifier(_, name, value) {
      const found = object<ClassifierClass<E>>(name, value, true);
      for (const method of ["create", "load"] as const) callable(what, `${name}.${method}`, found[method]);
      return found;
    },
    examples(_, __, value) {
      const examples = takeLearnt(what, value as readonly Example[]);
      if (examples.length > 0) return examples;
      throw new ConfigError(`${what}: there are no examples to learn from`, { op: what, length: 0 });
    },
    validation: (_, __, value) => takeLearnt(what, (value ?? []) as readonly Example[], "keep"),
    key: (_, name, value) => (value === undefined ? undefined : text(what, name, value)),
    adapter: or("federated", (_, name, value) => text(what, name, value as string)),
    maxSteps: or(10_000, whole, 1),
    stay: or(false, (_, name, value) => flag(what, name, value as boolean)),
    patience: or(60, (_, name, value) => positive(what, name, value as number)),
    signal: readSignal,
    onEvent: (_, name, value) =>
      value === undefined ? () => undefined : callable(what, name, value as FederationListener),
  });
}

function object<T>(name: string, value: unknown, orFunction = false): T {
  if (!(orFunction && typeof value === "function")) checkRecord(`${what}: ${name} is expected`, value);
  return value as T;
}

/** The server's address without a slash at its end, made whole by the page's own. */
function addressOf(value: unknown): string {
  const { location } = globalThis as { location?: { href: string } };
  const expected = "an address of http or https, such as https://flower.example.org:8000";
  try {
    const { protocol, search, hash, href } = new URL(value as string, location?.href);
    if (typeof value === "string" && /^https?:$/.test(protocol) && search + hash === "")
      return href.replace(/\/+$/, "");
  } catch {
    // No address.
  }
  throw new ConfigError(`${what}: server is ${expected}, got ${excerpt(value)}`, {
    ...{ op: what, option: "server", expected, value },
  });
}
