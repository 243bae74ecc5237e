import { adviseOtherEngine, engineInfo, init } from "../../engine/engine.js";
import { AbortError, ConfigError } from "../../errors/errors.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { GenerationSession } from "../../models/language/generation-session.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { CrossEncoder } from "../../tasks/cross/cross-encoder.js";
import type { TextClassifier } from "../../tasks/classify/text-classifier.js";
import type { TextRegressor } from "../../tasks/regress/text-regressor.js";
import type { TokenClassifier } from "../../tasks/tokens/token-classifier.js";
import { VERSION } from "../../version.js";
import { classes, type ClassName, type FunctionName, functions } from "../calls.js";
import { handOver } from "../crossings/stream.js";
import { type Answer, type Channel, type Hello, isMessage, type Message, type Target } from "../protocol/messages.js";
import { everyFrame } from "../protocol/progress-queue.js";
import { Peer, type Served } from "../protocol/peer.js";
import { Code, type Living, LivingObjects } from "./living-objects.js";
import type { AnyFunction, Families } from "./families/family.js";
import { packError, unpackError } from "../protocol/packed-error.js";

/** Whether an object was disposed, directly or with another one. */
const gone: Readonly<Record<ClassName, (object: never) => boolean>> = {
  SentenceEncoder: ({ graph }: SentenceEncoder) => graph.gone,
  TextClassifier: ({ disposed, encoder }: TextClassifier) => disposed || encoder.graph.gone,
  CrossEncoder: ({ disposed, encoder }: CrossEncoder) => disposed || encoder.graph.gone,
  TokenClassifier: ({ encoder }: TokenClassifier) => encoder.graph.gone,
  TextRegressor: ({ model }: TextRegressor) => model.disposed || model.encoder.graph.gone,
  CausalLanguageModel: ({ graph }: CausalLanguageModel) => graph.gone,
  GenerationSession: ({ gone }: GenerationSession) => gone,
};

/**
 * What a runtime sets up in its worker after the greeting: how names and relative URLs are resolved. A promise tells whether the lock of
 * the greeting is held.
 */
type SetUp = (hello: Hello) => Promise<boolean> | void;

/** Answers a page or process until it ends this worker, with the code of `families`. `hello` is the first message. */
export function serve(channel: Channel, hello: Hello, setUp: SetUp, families: Families): void {
  if (hello.version !== VERSION) return channel.post({ type: "refused", version: VERSION }, []);
  const ready = setUp(hello);
  adviseOtherEngine("pass `worker: await startWorker({ build, threads })`");
  // Not awaited: calls follow this message, and each waits for the engine itself. An error here occurs there again.
  const started = init(hello.engine);
  started.catch(() => undefined);
  const code = new Code(families, {
    engineInfo: async () => {
      await started;
      return engineInfo();
    },
  });
  const objects = new LivingObjects(code);
  const ordered = inOrder(channel, (target) => code.fetch(target));
  new Peer({ channel: ordered, objects, pace: everyFrame, find: (target) => find(target, objects, code) });
  const answer = (locked: boolean) => channel.post({ type: "here", version: VERSION, locked } satisfies Answer, []);
  if (ready === undefined) answer(false);
  else void ready.then(answer);
}

function find(target: Target, objects: LivingObjects, code: Code): Served {
  if (target.kind === "object") return ofObject(target.id, target.method, objects);
  if (target.kind === "named") {
    const { name } = target;
    if (Object.hasOwn(functions, name))
      return { what: name, call: functions[name as FunctionName], run: code.function(name as FunctionName) };
    const [kind, method] = name.split(".") as [ClassName, string];
    const { statics } = Object.hasOwn(classes, kind) ? classes[kind] : { statics: {} };
    if (Object.hasOwn(statics, method)) return { what: name, ...methodOf(statics, code.class(kind), method) };
  }
  throw unknown(target);
}

function ofObject(id: number, method: string, objects: LivingObjects): Served {
  // Safe to call twice, as outside of a worker.
  if (method === "dispose" && !objects.has(id))
    return { what: method, call: classes.SentenceEncoder.methods.dispose, run: () => [] };
  const { kind, object } = objects.get(id, method);
  const { methods } = classes[kind];
  if (!Object.hasOwn(methods, method)) throw unknown({ kind: "object", id, method });
  const found = methodOf(methods, object, method);
  if (method !== "dispose") return { what: method, ...found };
  const run = () => {
    found.run();
    return objects.sweep(({ kind, object }: Living) => gone[kind](object as never));
  };
  return { what: method, call: found.call, run };
}

function methodOf(rows: object, object: object, method: string): Omit<Served, "what"> {
  const call = (rows as Record<string, Served["call"]>)[method]!;
  const body = (object as Record<string, AnyFunction>)[method]!;
  if (call.streams !== true) return { call, run: (...args) => body.apply(object, args) };
  const run = (...args: unknown[]) => {
    const each = args.pop() as Parameters<typeof handOver>[1];
    return handOver(body.apply(object, args) as Parameters<typeof handOver>[0], each);
  };
  return { call, run };
}

const unknown = (target: Target) =>
  new ConfigError(`a worker has no call ${JSON.stringify(target)}`, {
    op: "a worker",
    option: "target",
    value: target,
  });

type Call = Extract<Message, { type: "call" }>;

/** A call that waits for its code, or for calls before it. */
interface Waiting {
  readonly message: Call;
  readonly code: Promise<void> | null;
  /** Fulfilled when the call was aborted as it waited. */
  readonly dropped: Promise<void>;
  readonly drop: () => void;
}

/**
 * A channel on which calls wait until their code is here, and calls that arrive later wait for them: calls start in the order in which they
 * arrive. Answers to the worker's own calls do not wait. `fetchCode` fetches a call's code; null if it is here.
 * @internal exported for its tests
 */
export function inOrder(channel: Channel, fetchCode: (target: Target) => Promise<void> | null): Channel {
  const waiting: Waiting[] = [];
  const post = (message: Message) => channel.post(message, []);

  async function startAll(hear: (message: unknown) => void): Promise<void> {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const { message, code, dropped } = first;
      const failed = await Promise.race([dropped, code]).then(
        () => null,
        (error: unknown) => ({ error }),
      );
      if (waiting[0] !== first) continue;
      waiting.shift();
      if (failed === null) hear(message);
      else post({ type: "error", id: message.id, error: packError(failed.error) });
    }
  }

  /** Ends a call that waits; whether there was one. */
  function abort(id: number, cause: unknown): boolean {
    const at = waiting.findIndex(({ message }) => message.id === id);
    if (at < 0) return false;
    const [{ drop }] = waiting.splice(at, 1) as [Waiting];
    drop();
    const error = new AbortError("cancelled by its AbortSignal", { reason: cause }, { cause });
    post({ type: "error", id, error: packError(error) });
    return true;
  }

  return {
    post: (message, transfer) => channel.post(message, transfer),
    listen: (hear) =>
      channel.listen((message) => {
        if (!isMessage(message)) return;
        if (message.type === "abort" && abort(message.id, unpackError(message.reason))) return;
        if (message.type !== "call" || message.target.kind === "function") return hear(message);
        const code = fetchCode(message.target);
        if (code === null && waiting.length === 0) return hear(message);
        // It may fail before its turn.
        code?.catch(() => undefined);
        let drop!: () => void;
        const dropped = new Promise<void>((resolve) => (drop = resolve));
        if (waiting.push({ message, code, dropped, drop }) === 1) void startAll(hear);
        if (message.aborted !== null) abort(message.id, unpackError(message.aborted));
      }),
  };
}
