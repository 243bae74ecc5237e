import { Engine } from "../engine/running.js";
import { nameTrap } from "../engine/trap.js";
import { ConfigError, withDetails } from "../errors/errors.js";
import type { Op, Shape, Value } from "../ops/op.js";
import { optional, or, readOptions } from "../arguments/options.js";
import { callable, check, whole } from "../arguments/settings.js";
import { checkShape, sizeOf, type Tensor } from "../values/tensor.js";
import { backward, checkBackward } from "./backward.js";
import { Call } from "./call.js";
import { checkpoint, checkpointOp } from "./checkpoint.js";
import { Gradients } from "./gradients.js";
import { readTensor, writeTensor } from "./host-tensor.js";
import { Modes } from "./modes.js";
import { idList, newestId, newNode, type Node, type NodeId } from "./node.js";
import { synchronous } from "./steps.js";

/** Options of a graph. */
export interface GraphOptions {
  /** Seed of initialisers and dropout; default 0. The same seed gives the same numbers. */
  readonly seed?: number | undefined;
  /**
   * Float32 copies of each frozen weight in the matrix product's order: 2, for the forward product and for ∂x; 1 for both, with half the
   * memory and slightly slower; 0 for none: the weight is decoded for each product (a float32 weight still has one). Default: 2 for float32
   * weights, 0 for other formats.
   */
  readonly packedCopies?: 0 | 1 | 2 | undefined;
  /** The engine, from `createEngine`; default: that of `init`. */
  readonly engine?: Engine | undefined;
}

const readers = {
  seed: or(0, whole),
  packedCopies: optional((what: string, name: string, value: unknown) => whole(what, name, value, 0, 2) as 0 | 1 | 2),
  engine: optional(check<Engine>("an engine from `createEngine`", (value) => value instanceof Engine)),
};

/** The base class of `Graph`: leaves, values, gradients and applying ops. `Graph` adds a method for each op. */
export class Tape extends Modes {
  /** Seed of everything random in this graph. */
  readonly seed: number;
  private readonly gradients: Gradients;
  private readonly call: Call;

  /** Throws `ConfigError` before `init()` and for invalid options, `EngineError` for a closed engine. */
  constructor(options: GraphOptions = {}) {
    const { seed, packedCopies, engine } = readOptions("Graph", options, readers);
    super(packedCopies, engine);
    this.seed = seed;
    this.gradients = new Gradients(this);
    this.call = new Call(this, this.gradients, seed);
  }

  /** A tensor without a gradient: frozen weights, inputs. The data are copied. */
  constant(value: Tensor): NodeId {
    return this.leaf("constant", value, false);
  }

  /** A trainable tensor. The data are copied. */
  variable(value: Tensor): NodeId {
    return this.leaf("variable", value, true);
  }

  /** A copy of a node's value. */
  value(id: NodeId): Tensor {
    return this.withValue(this.node(id), (value) => this.copyOf(value));
  }

  /** `value` as a promise, which engines on every device have. The value is that at the call. */
  async read(id: NodeId): Promise<Tensor> {
    return this.withValue(this.node(id), (value) => this.laterCopy(value));
  }

  /** `grad` as a promise, which engines on every device have. The gradient is that at the call. */
  async readGrad(id: NodeId): Promise<Tensor | null> {
    const gradient = this.gradientOf(id);
    return gradient && this.laterCopy(gradient);
  }

  /**
   * Reads a node's value without a copy. The array is a window on linear memory, valid only inside `read`. In between, only reading methods
   * of the graph may be called, and no graph may allocate memory. Throws `ConfigError` for other calls, and if `read` returns a promise or
   * the array itself.
   */
  view<T>(id: NodeId, read: (array: Float32Array) => T): T {
    callable("view", "read", read);
    const result = this.withValue(this.node(id), ({ pointer, size }) =>
      synchronous("view", this.readWindow(pointer, size, read)),
    );
    if (ArrayBuffer.isView(result) && this.engine.shows(result)) {
      const message = "view: the array is valid inside only; return what was read, or `array.slice()`";
      throw new ConfigError(message, { op: "view", reason: "view" });
    }
    return result;
  }

  /** Overwrites a constant or variable. Throws `ShapeError` for another shape. */
  setValue(id: NodeId, tensor: Tensor): void {
    this.assertUsable();
    this.assertOutsideSegment("setValue");
    const value = readTensor("setValue", tensor, this.engine);
    const node = this.node(id);
    if (node.op !== null) {
      const message = `setValue: node ${id} is the result of ${node.op.name}; pass a constant or variable`;
      throw new ConfigError(message, { op: "setValue", node: id });
    }
    checkShape("setValue", "the tensor", value.shape, node.value.shape, "the node's ");
    const former = node.frozen;
    if (former?.withValues === undefined) {
      writeTensor(value, this.engine, node.value.pointer, node);
      former?.forgetPanels();
      return;
    }
    const data = new Float32Array(value.data);
    node.frozen = this.attempt.run(() => former.withValues!(data));
    former.release();
  }

  /**
   * Frees constants and variables that were made outside a step: values, gradients, packed copies. Their ids become stale. Throws, and
   * frees nothing, for a stale id (`StaleNodeError`), another kind of node, a duplicate, or an input of a result that still exists
   * (`ConfigError`).
   */
  release(ids: readonly NodeId[]): void {
    this.assertUsable();
    this.assertOutsideSegment("release");
    const leaves = idList("release", ids).map((id) => this.node(id));
    const released = checkReleasable(leaves, this.nodes);
    this.drop(released);
    for (const node of released) {
      node.frozen?.release();
      if (node.gradientMemory !== 0) this.releaseOwned(node.gradientMemory);
      if (node.value.pointer !== 0) this.releaseOwned(node.value.pointer);
    }
  }

  /**
   * Runs `body`, which makes constants and variables. If it throws, those made outside a step are released, and the random streams that it
   * drew are reset.
   */
  allOrNothing<T>(body: () => T): T {
    callable("allOrNothing", "body", body);
    const { streams } = this;
    const newest = newestId();
    try {
      return body();
    } catch (error) {
      // If the engine was closed in it, there is nothing to release, and `release` would hide the error.
      if (this.engine.closed) throw error;
      // By id, since the body may have released older ones.
      const made = this.nodes.filter(({ id }) => id > newest);
      const used = new Set(made.flatMap(({ inputs }) => inputs));
      const left = made.filter((node) => node.persistent && node.op === null && !used.has(node));
      if (left.length > 0) this.release(left.map(({ id }) => id));
      this.streams = streams;
      throw error;
    }
  }

  /** A copy of a node's shape; `[]` for a scalar. */
  shape(id: NodeId): readonly number[] {
    return [...this.node(id).value.shape];
  }

  /** Whether a node gets gradients: a variable, or a recorded result of one. */
  requiresGrad(id: NodeId): boolean {
    return this.node(id).requiresGrad;
  }

  /** A copy of a variable's gradient; null if it has none since the last `zeroGrads`. Only variables keep gradients. */
  grad(id: NodeId): Tensor | null {
    const gradient = this.gradientOf(id);
    return gradient && this.copyOf(gradient);
  }

  private gradientOf(id: NodeId): Value | null {
    const { value, gradient, op } = this.node(id);
    return gradient === 0 || op !== null ? null : { ...value, pointer: gradient };
  }

  /**
   * Adds ∂loss/∂v to the gradient of every variable v that `loss` depends on.
   *
   * @param gradient ∂L/∂loss; default 1, for which `loss` must hold one value.
   * Throws `ShapeError` if `loss` is not a scalar or `gradient` has another shape, `ConfigError` if nothing trainable is below it.
   */
  backward(loss: NodeId, gradient?: Tensor): void {
    this.assertUsable();
    this.assertOutsideSegment("backward");
    const read = gradient === undefined ? undefined : readTensor("backward", gradient, this.engine);
    const node = this.node(loss);
    checkBackward(node, read);
    const walk = () => backward(this, this.call, this.gradients, node, read?.data);
    const again = this.nodes.some(({ op }) => op === checkpointOp);
    this.attempt.run(again ? () => this.arena.within(walk) : walk);
  }

  /** Clears the gradients of all variables. */
  zeroGrads(): void {
    this.assertOutsideSegment("zeroGrads");
    for (const node of this.nodes) if (node.op === null) node.gradient = 0;
  }

  /**
   * Runs `body` and keeps only its result, as a constant: long inference then needs the memory of one layer at a time. Gradients do not
   * pass.
   */
  scope(body: () => NodeId): NodeId {
    return this.keeping(
      () => this.node(this.noGrad(body)),
      () => undefined,
      (value) => newNode(value, false),
    );
  }

  /**
   * Gradient checkpointing (arXiv 1604.06174): computes `fn(...inputs)` and keeps only the result on the tape; `backward` runs `fn` again
   * for its gradients. One segment at a time is in memory. Values and gradients are bit-identical to those without it, random numbers
   * included. Checkpoints can be nested.
   *
   * @param fn computes one node from `inputs` and any other nodes. It runs twice, so it must be deterministic, must not make variables,
   *   and must not change anything outside: gradients, values, lifetimes.
   * @returns the result. Throws `ConfigError` for a promise and for forbidden calls, and any error of `fn`; the graph is then as before.
   */
  checkpoint(fn: (...inputs: NodeId[]) => NodeId, inputs: readonly NodeId[]): NodeId {
    this.assertUsable();
    return checkpoint(this, fn, inputs);
  }

  /** @internal As `apply`, for ops that are not methods of `Graph`. */
  static applied<A, S>(tape: Tape, op: Op<A, S>, ids: readonly NodeId[], attributes: A): NodeId {
    return tape.apply(op, ids, attributes);
  }

  /** @internal Applies an op and puts its result on the tape; on an error nothing has changed. */
  protected apply<A, S>(op: Op<A, S>, ids: readonly NodeId[], attributes: A): NodeId {
    this.assertUsable();
    const { streams } = this;
    // Preallocated: growing lists reserve room for many more elements.
    const nodes = new Array<Node>(ids.length);
    const values = new Array<Value>(ids.length);
    const shapes = new Array<Shape>(ids.length);
    let requiresGrad = false;
    let decode = false;
    for (let i = 0; i < ids.length; i++) {
      const node = this.node(ids[i]!);
      nodes[i] = node;
      values[i] = node.value;
      decode ||= node.value.pointer === 0 && i !== op.frozen;
      shapes[i] = node.value.shape;
      requiresGrad ||= node.requiresGrad;
    }
    requiresGrad &&= this.recording;
    // `Attempt.run` without its closure, which would cost as much as a small kernel.
    this.attempt.begin();
    try {
      if (decode) nodes.forEach((node, i) => (values[i] = i === op.frozen ? node.value : this.decoded(node)));
      const shape = op.shape(shapes, attributes, op.name);
      const size = sizeOf(shape);
      const pointer = op.alias ? values[0]!.pointer : this.arena.allocate(size);
      const node = newNode({ shape, size, pointer }, requiresGrad, op, nodes, values, attributes);
      if (!op.alias) node.saved = this.call.forward(node);
      const id = this.push(node);
      this.attempt.commit();
      return id;
    } catch (error) {
      this.attempt.rollback();
      this.streams = streams;
      throw withDetails(nameTrap(error), { op: op.name, shapes });
    }
  }

  private copyOf({ shape, pointer, size }: Value): Tensor {
    return { shape: [...shape], data: this.engine.read(pointer, size) };
  }

  private async laterCopy({ shape, pointer, size }: Value): Promise<Tensor> {
    const copy = [...shape];
    return { shape: copy, data: await this.engine.readLater(pointer, size) };
  }

  private leaf(what: string, tensor: Tensor, requiresGrad: boolean): NodeId {
    this.assertUsable();
    const read = readTensor(what, tensor, this.engine);
    const persistent = !this.inStep;
    return this.attempt.run(() => {
      const size = sizeOf(read.shape);
      const pointer = persistent ? this.allocateOwned(size) : this.arena.allocate(size);
      writeTensor(read, this.engine, pointer, { persistent, requiresGrad });
      const gradientMemory = requiresGrad && !persistent ? this.arena.allocate(size) : 0;
      const value = { shape: read.shape, size, pointer };
      return this.push(newNode(value, requiresGrad, null, undefined, undefined, undefined, persistent, gradientMemory));
    });
  }
}

/** Throws `ConfigError` unless all of `leaves` can be released from a tape of `nodes`; returns them as a set. */
function checkReleasable(leaves: readonly Node[], nodes: readonly Node[]): ReadonlySet<Node> {
  const named = new Set<Node>();
  for (const leaf of leaves) {
    if (leaf.op !== null || !leaf.persistent) {
      const made =
        leaf.op === null ? "was made inside a step or scope, which ends it" : `is a result of ${leaf.op.name}`;
      throw refused(leaf, `${made}; pass constants and variables made outside steps`);
    }
    if (named.has(leaf)) throw refused(leaf, "is named twice");
    named.add(leaf);
  }
  for (const { id, op, inputs } of nodes) {
    const used = inputs.find((input) => named.has(input));
    if (used === undefined) continue;
    throw refused(used, `is an input of node ${id}, the result of ${op!.name}; end its step first`);
  }
  return named;
}

function refused({ id }: Node, why: string): ConfigError {
  return new ConfigError(`release: node ${id} ${why}`, { op: "release", node: id });
}
