import { Engine } from "../engine/running.js";
import { nameTrap } from "../engine/trap.js";
import { ConfigError, withDetails } from "../errors/errors.js";
import type { Op, Shape, Value } from "../ops/op.js";
import { optional, or, readOptions } from "../arguments/read-options.js";
import { callable, check, whole } from "../arguments/settings.js";
import { checkShape } from "../values/shape.js";
import { sizeOf, type Tensor } from "../values/tensor.js";
import { backward, checkBackward } from "./backward.js";
import { Call } from "./call.js";
import { checkpoint, checkpointOp } from "./checkpoint.js";
import { FrozenNodes } from "./frozen/frozen-nodes.js";
import { Gradients } from "./gradients.js";
import { readTensor, writeTensor } from "./host-tensor.js";
import { checkReleasable } from "./leaves.js";
import { idList, newestId, newNode, type Node, type NodeId } from "./node.js";
import { synchronous } from "./synchronous.js";

/** How a graph is made. */
export interface GraphOptions {
  /** Seed of everything random: initialisers, dropout. Default 0. The same seed gives the same numbers. */
  readonly seed?: number | undefined;
  /**
   * Float32 copies of each frozen weight in the matrix product's order: 2, one for the forward product and one for ∂x; 1 for
   * both, which halves their memory and costs a little time; 0 for none, where the weight is decoded for each product (a
   * float32 weight still has one). Default 2 for float32 weights, 0 for those stored in fewer bits.
   */
  readonly packedCopies?: 0 | 1 | 2 | undefined;
  /** The engine that holds and computes it, from `createEngine`. Default: that of `init`. */
  readonly engine?: Engine | undefined;
}

const readers = {
  seed: or(0, whole),
  packedCopies: optional((what: string, name: string, value: unknown) => whole(what, name, value, 0, 2) as 0 | 1 | 2),
  engine: optional(check<Engine>("an engine from `createEngine`", (value) => value instanceof Engine)),
};

/** The tape under `Graph`: leaves, values, gradients and the application of ops. `Graph` adds a method an op. */
export class Tape extends FrozenNodes {
  /** Seed of everything random in this graph. */
  readonly seed: number;
  private readonly gradients: Gradients;
  private readonly call: Call;
  private isTraining = true;
  private streams = 0;

  /** Throws `ConfigError` before `init()` and for options out of range, `EngineError` for an engine that was closed. */
  constructor(options: GraphOptions = {}) {
    const { seed, packedCopies, engine } = readOptions("Graph", options, readers);
    super(packedCopies, engine);
    this.seed = seed;
    this.gradients = new Gradients(this);
    this.call = new Call(this, this.gradients);
  }

  /** A tensor that never receives a gradient: frozen weights, inputs. The data are copied. */
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

  /** `value` as a promise, which engines whose memory is not at hand can keep too. The value is the one at the call. */
  async read(id: NodeId): Promise<Tensor> {
    return this.value(id);
  }

  /**
   * Reads a node's value without a copy. The array is a window into linear memory: valid inside `read` only, where of the
   * graph's methods only those that read may be called, and no memory can be taken by another graph either. Throws
   * `ConfigError` where one is, and where `read` returns a promise or the array itself.
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

  /** Overwrites a constant or variable. Throws `ShapeError` where the shapes differ. */
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
      writeTensor(value, this.engine, node.value.pointer);
      former?.forgetPanels();
      return;
    }
    const data = new Float32Array(value.data);
    node.frozen = this.attempt.run(() => former.withValues!(data));
    former.release();
  }

  /**
   * Frees constants and variables made outside a step: value, gradient, packed copies. Their ids are stale afterwards.
   * Throws, and frees none, where one is stale (`StaleNodeError`), is no such node, is named twice or is an input of a
   * result that still exists (`ConfigError`).
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
   * Runs `body`, which makes constants and variables; where it throws, those it made outside a step are released again, and
   * the random streams it drew are given back.
   */
  allOrNothing<T>(body: () => T): T {
    callable("allOrNothing", "body", body);
    const { streams } = this;
    const newest = newestId();
    try {
      return body();
    } catch (error) {
      // Closed in it, the engine holds nothing to give back, and `release` would hide the error.
      if (this.engine.closed) throw error;
      // By number, since the body may have released older ones.
      const made = this.nodes.filter(({ id }) => id > newest);
      const used = new Set(made.flatMap(({ inputs }) => inputs));
      const left = made.filter((node) => node.persistent && node.op === null && !used.has(node));
      if (left.length > 0) this.release(left.map(({ id }) => id));
      this.streams = streams;
      throw error;
    }
  }

  /** A copy of a node's shape, `[]` for a scalar. */
  shape(id: NodeId): readonly number[] {
    return [...this.node(id).value.shape];
  }

  /** Whether gradients reach a node: a variable, or a recorded result of one. */
  requiresGrad(id: NodeId): boolean {
    return this.node(id).requiresGrad;
  }

  /** A copy of a variable's gradient; null where none has arrived since the last `zeroGrads`. Only variables keep theirs. */
  grad(id: NodeId): Tensor | null {
    const { value, gradient, op } = this.node(id);
    if (gradient === 0 || op !== null) return null;
    return this.copyOf({ ...value, pointer: gradient });
  }

  /**
   * Adds ∂loss/∂v to the gradient of every variable v that `loss` depends on.
   *
   * @param gradient ∂L/∂loss; default 1, for which `loss` must hold one value.
   * Throws `ShapeError` where `loss` is no scalar or `gradient` has another shape, `ConfigError` where nothing trainable
   * lies under it.
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

  /** Forgets every variable's gradient. */
  zeroGrads(): void {
    this.assertOutsideSegment("zeroGrads");
    for (const node of this.nodes) if (node.op === null) node.gradient = 0;
  }

  /**
   * Runs `body` and keeps only the node it returns, as a constant: long inference needs the memory of one layer, not
   * of all. Gradients do not pass.
   */
  scope(body: () => NodeId): NodeId {
    return this.keeping(
      () => this.node(this.noGrad(body)),
      () => undefined,
      (value) => newNode(value, false),
    );
  }

  /**
   * `fn(...inputs)`, of which the tape keeps the result alone; `backward` runs `fn` again for what a gradient needs
   * (arXiv 1604.06174). Memory for time: no more than one such part is on the tape at once. Values and gradients are those
   * without it, to the bit, random numbers included. Checkpoints may lie in each other.
   *
   * @param fn computes on `inputs`, and on any other node that it reaches, and gives one node. It runs twice, so it makes the same of the
   *   same, and neither makes variables nor changes what is outside: gradients, values, lifetimes.
   * @returns the result. Throws `ConfigError` for a promise and for what `fn` must not do, and whatever `fn` throws; then
   *   nothing has changed.
   */
  checkpoint(fn: (...inputs: NodeId[]) => NodeId, inputs: readonly NodeId[]): NodeId {
    this.assertUsable();
    return checkpoint(this, fn, inputs);
  }

  /**
   * @internal Runs `body` in a step of its own and keeps the node it gives alone.
   *
   * @param look reads what must be known of that node and of all that `body` made, before they end
   * @param make the node that is kept, of the copy of its value
   */
  keeping<T>(
    body: () => Node,
    look: (result: Node, made: readonly Node[]) => T,
    make: (value: Value, seen: T) => Node,
  ): NodeId {
    const { value, frozen, seen } = this.step(() => {
      const first = this.nodes.length;
      const result = body();
      return { value: result.value, frozen: result.frozen, seen: look(result, this.nodes.slice(first)) };
    });
    const { shape, size, pointer: source } = value;
    this.assertUsable();
    return this.attempt.run(() => {
      // The result lies behind the rewound mark, where its copy goes too: at the same address, or overlapping.
      const pointer = this.arena.allocate(size);
      if (source === 0) frozen!.columns(0, frozen!.outFeatures, pointer);
      else this.engine.kernels.copy(size, source, pointer);
      return this.push(make({ shape, size, pointer }, seen));
    });
  }

  /** @internal Runs `body` recording, in a mode and with random streams of before. */
  asThen<T>(then: { readonly training: boolean; readonly streams: number }, body: () => T): T {
    const { isTraining, streams, recording } = this;
    [this.isTraining, this.streams, this.recording] = [then.training, then.streams, true];
    try {
      return body();
    } finally {
      [this.isTraining, this.streams, this.recording] = [isTraining, streams, recording];
    }
  }

  /** Dropout on (the default). */
  train(): void {
    this.isTraining = true;
  }

  /** Dropout off. */
  eval(): void {
    this.isTraining = false;
  }

  /** Whether dropout is on. */
  get training(): boolean {
    return this.isTraining;
  }

  /** @internal */
  nextStream(): number {
    return this.streams++;
  }

  /** Random streams drawn so far, by initialisers and dropout. Set it with a checkpoint's to go on with the same numbers. */
  get streamsDrawn(): number {
    return this.streams;
  }
  set streamsDrawn(count: number) {
    this.streams = whole("Graph", "streamsDrawn", count, 0, 2 ** 32 - 1);
  }

  /** @internal As `apply`, for ops that `Graph` has no method of. */
  static applied<A, S>(tape: Tape, op: Op<A, S>, ids: readonly NodeId[], attributes: A): NodeId {
    return tape.apply(op, ids, attributes);
  }

  /** @internal Applies an op and puts its result on the tape: wholly, or, where anything throws, not at all. */
  protected apply<A, S>(op: Op<A, S>, ids: readonly NodeId[], attributes: A): NodeId {
    this.assertUsable();
    const { streams } = this;
    // Made as long as they get: lists that grow take room for many more.
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

  private leaf(what: string, tensor: Tensor, requiresGrad: boolean): NodeId {
    this.assertUsable();
    const read = readTensor(what, tensor, this.engine);
    const persistent = !this.inStep;
    return this.attempt.run(() => {
      const size = sizeOf(read.shape);
      const pointer = persistent ? this.allocateOwned(size) : this.arena.allocate(size);
      writeTensor(read, this.engine, pointer);
      const gradientMemory = requiresGrad && !persistent ? this.arena.allocate(size) : 0;
      const value = { shape: read.shape, size, pointer };
      return this.push(newNode(value, requiresGrad, null, undefined, undefined, undefined, persistent, gradientMemory));
    });
  }
}
