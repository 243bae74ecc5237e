import type { ArenaMark } from "../engine/tape-arena.js";
import { ConfigError, ShapeError, StaleNodeError } from "../errors.js";
import type { Op, Shape, Value } from "../ops/op.js";
import { checkTensor, formatShape, sizeOf, type Tensor } from "../tensor.js";
import { backward, checkBackward } from "./backward.js";
import { Call } from "./call.js";
import { GraphMemory } from "./memory.js";
import { nextId, type Node, type NodeId, wasIssued } from "./node.js";

/** A position on the tape to come back to. */
export interface Mark {
  /** Nodes on the tape. */
  readonly length: number;
  /** Where the tape's memory stood. */
  readonly arena: ArenaMark;
}

const NO_INPUTS: readonly Node[] = [];

/** How a graph is made. */
export interface GraphOptions {
  /** Seed of everything random: initialisers, dropout. Default 0. The same seed gives the same numbers. */
  readonly seed?: number | undefined;
  /**
   * Packed copies of each frozen weight: 2 (the default), one for the forward product and one for ∂x, or 1 for both, which
   * halves their memory and costs a little time.
   */
  readonly packedCopies?: 1 | 2 | undefined;
}

/** The tape under `Graph`: nodes in the order they were made, and how long they last. `Graph` adds a method an op. */
export class Tape extends GraphMemory {
  /** Seed of everything random in this graph. */
  readonly seed: number;
  /** @internal Nodes in creation order. */
  readonly nodes: Node[] = [];
  private readonly byId = new Map<number, Node>();
  private readonly call: Call;
  private depth = 0;
  private recording = true;
  private isTraining = true;
  private streams = 0;

  /** Throws `ConfigError` before `init()` and for options out of range. */
  constructor({ seed = 0, packedCopies = 2 }: GraphOptions = {}) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new ConfigError(`Graph: a seed is a whole number from 0 to 2^53 - 1, got ${String(seed)}`, { seed });
    }
    super(packedCopies);
    this.seed = seed;
    this.call = new Call(this);
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
    const { shape, pointer, size } = this.node(id).value;
    return { shape: [...shape], data: this.floats(pointer, size).slice() };
  }

  /**
   * Reads a node's value without a copy. The array is a window into linear memory: valid inside `read` only, where no
   * other method of the graph may be called.
   */
  view<T>(id: NodeId, read: (array: Float32Array) => T): T {
    const { pointer, size } = this.node(id).value;
    return read(this.floats(pointer, size));
  }

  /** Overwrites a constant or variable. Throws `ShapeError` where the shapes differ. */
  setValue(id: NodeId, value: Tensor): void {
    const node = this.node(id);
    checkTensor("setValue", value);
    if (node.op !== null) {
      throw new ConfigError(
        `setValue: node ${id} is the result of ${node.op.name}; only constants and variables can be set`,
      );
    }
    if (formatShape(value.shape) !== formatShape(node.value.shape)) {
      throw new ShapeError(
        `setValue: node ${id} has shape ${formatShape(node.value.shape)}, got ${formatShape(value.shape)}`,
      );
    }
    this.floats(node.value.pointer, node.value.size).set(value.data);
    this.releasePacked(node);
  }

  /** Shape of a node, `[]` for a scalar. */
  shape(id: NodeId): readonly number[] {
    return this.node(id).value.shape;
  }

  /** Whether gradients reach a node: a variable, or a recorded result of one. */
  requiresGrad(id: NodeId): boolean {
    return this.node(id).requiresGrad;
  }

  /** A copy of a variable's gradient; null where none has arrived since the last `zeroGrads`. Only variables keep theirs. */
  grad(id: NodeId): Tensor | null {
    const { value, gradient, op } = this.node(id);
    if (gradient === 0 || op !== null) return null;
    return { shape: [...value.shape], data: this.floats(gradient, value.size).slice() };
  }

  /**
   * Adds ∂loss/∂v to the gradient of every variable v that `loss` depends on.
   *
   * @param gradient ∂L/∂loss; default 1, for which `loss` must hold one value.
   * Throws `ShapeError` where `loss` is no scalar or `gradient` has another shape, `ConfigError` where nothing trainable
   * lies under it.
   */
  backward(loss: NodeId, gradient?: Tensor): void {
    const node = this.node(loss);
    checkBackward(node, gradient);
    backward(this, this.call, node, gradient);
  }

  /** Forgets every variable's gradient. */
  zeroGrads(): void {
    for (const node of this.nodes) if (node.op === null) node.gradient = 0;
  }

  /** Runs `body`; afterwards the nodes it made are gone and their memory is free for the next step. */
  step<T>(body: () => T): T {
    const mark = this.mark();
    try {
      return body();
    } finally {
      this.rewind(mark);
    }
  }

  /** Position on the tape; pair it with `rewind`. `step` does both. */
  mark(): Mark {
    this.assertUsable();
    if (this.depth === 0) this.engine.tile.settle();
    this.depth++;
    return { length: this.nodes.length, arena: this.arena.mark() };
  }

  /** Drops every node made since `mark`; their ids are stale from now on. */
  rewind(mark: Mark): void {
    while (this.nodes.length > mark.length) this.byId.delete(this.nodes.pop()!.id);
    this.arena.rewind(mark.arena);
    this.depth--;
  }

  /**
   * Runs `body` and keeps only the node it returns, as a constant: long inference needs the memory of one layer, not
   * of all. Gradients do not pass.
   */
  scope(body: () => NodeId): NodeId {
    const { shape, size, pointer: source } = this.step(() => this.node(this.noGrad(body)).value);
    // The result lies behind the rewound mark, where its copy goes too: at the same address, or overlapping.
    const pointer = this.arena.allocate(size);
    new Uint8Array(this.engine.memory.buffer).copyWithin(pointer, source, source + 4 * size);
    const value = { shape, size, pointer };
    return this.push(value, null, NO_INPUTS, undefined, undefined, false, false);
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

  /** Runs `body` without recording: its results carry no gradient and save nothing for one. */
  noGrad<T>(body: () => T): T {
    const before = this.recording;
    this.recording = false;
    try {
      return body();
    } finally {
      this.recording = before;
    }
  }

  /** Frees everything the graph holds. Safe to call twice; ids are stale afterwards. */
  override dispose(): void {
    this.nodes.length = 0;
    this.byId.clear();
    super.dispose();
  }

  /** @internal The node behind an id. */
  node(id: NodeId): Node {
    const node = this.byId.get(id);
    if (node !== undefined) return node;
    const reason = this.disposed
      ? "the graph was disposed"
      : wasIssued(id)
        ? "it was rewound when its step ended, or belongs to another graph; take values out of a step as tensors"
        : "no graph made it";
    throw new StaleNodeError(`node ${String(id)} does not exist: ${reason}`, { id });
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
    this.streams = count;
  }

  /** @internal Applies an op and puts its result on the tape. */
  protected apply<A, S>(op: Op<A, S>, ids: readonly NodeId[], attributes: A): NodeId {
    this.assertUsable();
    const inputs = ids.map((id) => this.node(id));
    const shape = op.shape(
      inputs.map((input) => input.value.shape),
      attributes,
    );
    const requiresGrad = this.recording && inputs.some((input) => input.requiresGrad);
    const size = sizeOf(shape);
    const pointer = op.alias ? inputs[0]!.value.pointer : this.arena.allocate(size);
    const value = { shape, size, pointer };
    const saved = op.alias ? undefined : this.call.forward(op, inputs, value, attributes, requiresGrad);
    return this.push(value, op as Op, inputs, attributes, saved, requiresGrad, false);
  }

  private leaf(what: string, tensor: Tensor, requiresGrad: boolean): NodeId {
    this.assertUsable();
    checkTensor(what, tensor);
    const persistent = this.depth === 0;
    const size = tensor.data.length;
    const pointer = persistent ? this.allocateOwned(size) : this.arena.allocate(size);
    this.floats(pointer, size).set(tensor.data);
    const value = { shape: [...tensor.shape] as Shape, size, pointer };
    return this.push(value, null, NO_INPUTS, undefined, undefined, requiresGrad, persistent);
  }

  private push(
    value: Value,
    op: Op | null,
    inputs: readonly Node[],
    attributes: unknown,
    saved: unknown,
    requiresGrad: boolean,
    persistent: boolean,
  ): NodeId {
    const id = nextId();
    // Spelled out: spreading an object here costs more than a small kernel.
    const node: Node = {
      id,
      value,
      op,
      inputs,
      attributes,
      saved,
      requiresGrad,
      persistent,
      gradient: 0,
      gradientMemory: 0,
      packed: undefined,
    };
    this.nodes.push(node);
    this.byId.set(id, node);
    return id;
  }
}
