import { checkOptions, optional, or, readOptions } from "../arguments/options.js";
import { finite, list, nonNegative, object, unexpected, whole } from "../arguments/settings.js";
import { nameTrap, namingTraps } from "../engine/trap.js";
import { ConfigError, StaleNodeError } from "../errors/errors.js";
import { checkGraph, type Graph, type NodeId } from "../graph/graph.js";
import type { Pointer } from "../ops/op.js";
import { checkShape, checkTensor, sizeOf, type Tensor } from "../values/tensor.js";

/** The word for an optimizer in messages. */
const what = "optimizer";

/** A parameter's value and gradient in memory, and the optimizer's buffers for it. */
export interface Slot {
  readonly size: number;
  readonly value: Pointer;
  readonly gradient: Pointer;
  readonly buffers: Readonly<Record<string, Pointer>>;
  /** Number of updates, including this one. */
  readonly step: number;
}

interface Memory {
  readonly buffers: Record<string, Pointer>;
  steps: number;
}

/** The base class of optimizers: groups, learning rate, buffers that start at zero, state. */
export abstract class Optimizer {
  private rate: number;
  private readonly groups: readonly ResolvedGroup[];
  private readonly slots = new Map<NodeId, Memory>();
  private disposed = false;

  protected constructor(
    protected readonly graph: Graph,
    params: readonly NodeId[] | readonly ParameterGroup[],
    lr: number,
    weightDecay: number,
    private readonly bufferNames: readonly string[],
  ) {
    this.groups = resolveGroups(checkGraph("optimizer", graph), params, lr, weightDecay);
    this.rate = lr;
    try {
      namingTraps(() => this.params().forEach((id) => this.allocateBuffers(id)));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  private allocateBuffers(id: NodeId): void {
    const { graph } = this;
    const { size } = graph.node(id).value;
    const buffers: Record<string, Pointer> = {};
    this.slots.set(id, { buffers, steps: 0 });
    for (const name of this.bufferNames) {
      buffers[name] = graph.allocateOwned(size);
      graph.engine.zero(buffers[name], size);
    }
  }

  /** Learning rate. Set it before each step to follow a schedule; groups with their own rate keep the ratio. */
  get lr(): number {
    return this.rate;
  }
  set lr(value: number) {
    nonNegative("optimizer", "lr", value);
    this.rate = value;
  }

  /** The parameters, group by group. */
  params(): NodeId[] {
    return this.groups.flatMap((group) => [...group.params]);
  }

  /** Updates every parameter that has a gradient: all of them or, if a parameter's node is gone, none. */
  step(): void {
    this.assertUsable();
    this.assertParameters();
    // `namingTraps` without its closure, since small steps are short.
    try {
      for (const { params, lrRatio, weightDecay } of this.groups) {
        for (const id of params) {
          const { value, gradient } = this.graph.node(id);
          if (gradient === 0) continue;
          const memory = this.slots.get(id)!;
          const step = ++memory.steps;
          const slot = { size: value.size, value: value.pointer, gradient, buffers: memory.buffers, step };
          this.update(slot, this.rate * lrRatio, weightDecay);
        }
      }
    } catch (error) {
      throw nameTrap(error);
    }
  }

  /** Clears the gradients of this optimizer's parameters. */
  zeroGrad(): void {
    this.assertParameters();
    for (const id of this.params()) this.graph.node(id).gradient = 0;
  }

  /** A copy of steps and buffers. */
  state(): OptimizerState {
    return this.stateBy((pointer, size) => this.graph.engine.read(pointer, size));
  }

  /** `state` as a promise, which engines on every device have. The state is that at the call. */
  async readState(): Promise<OptimizerState> {
    const reads: Promise<void>[] = [];
    const state = this.stateBy((pointer, size) => {
      const data = new Float32Array(size);
      reads.push(this.graph.engine.readLater(pointer, size).then((read) => data.set(read)));
      return data;
    });
    await Promise.all(reads);
    return state;
  }

  private stateBy(data: (pointer: Pointer, size: number) => Float32Array): OptimizerState {
    this.assertUsable();
    const read = (id: NodeId) => {
      const shape = [...this.graph.shape(id)];
      const tensor = (pointer: Pointer): Tensor => ({ shape, data: data(pointer, sizeOf(shape)) });
      return Object.fromEntries(
        Object.entries(this.slots.get(id)!.buffers).map(([name, pointer]) => [name, tensor(pointer)]),
      );
    };
    const params = this.params();
    return { steps: params.map((id) => this.slots.get(id)!.steps), buffers: params.map(read) };
  }

  /** Loads a saved state. Throws `ConfigError` or `ShapeError` if it does not match these parameters; nothing has changed then. */
  load(state: OptimizerState): void {
    this.assertUsable();
    const params = this.params();
    const shapes = params.map((id) => this.graph.shape(id));
    const { steps, buffers } = checkState(state, shapes, this.bufferNames);
    // A getter of the state may have disposed of either.
    this.assertUsable();
    this.graph.assertUsable();
    params.forEach((id, i) => {
      const memory = this.slots.get(id)!;
      memory.steps = steps[i]!;
      for (const [name, pointer] of Object.entries(memory.buffers)) {
        this.graph.engine.write(pointer, buffers[i]![name]!.data, sizeOf(shapes[i]!));
      }
    });
  }

  /** Frees the buffers; the optimizer is then unusable. The graph's `dispose` does this too. */
  dispose(): void {
    this.disposed = true;
    for (const { buffers } of this.slots.values())
      for (const pointer of Object.values(buffers)) this.graph.releaseOwned(pointer);
    this.slots.clear();
  }

  private assertUsable(): void {
    if (!this.disposed) return;
    const details = { op: "optimizer", reason: "disposed" };
    throw new StaleNodeError("optimizer: it was disposed; make a new one", details);
  }

  /** Throws `StaleNodeError` if a parameter's node is gone. */
  private assertParameters(): void {
    for (const { params } of this.groups) for (const id of params) this.graph.node(id);
  }

  /** The update rule of one parameter. */
  protected abstract update(slot: Slot, lr: number, weightDecay: number): void;
}

/** Maximum number of updates that kernels can count. */
const MOST_STEPS = 2 ** 32 - 2;

/**
 * Reads a state, each field once. Throws `ConfigError` or `ShapeError` unless it has, for each of `shapes`, a number of steps and the
 * buffers `names` with that shape and finite values, and nothing else.
 */
function checkState(
  given: OptimizerState,
  shapes: readonly (readonly number[])[],
  names: readonly string[],
): OptimizerState {
  const { steps, buffers } = object(what, "a state", given, "{ steps, buffers }") as OptimizerState;
  for (const [name, each] of Object.entries({ steps, buffers })) {
    const items = `${shapes.length} items`;
    if (list(what, name, each, items).length !== shapes.length)
      throw unexpected(what, name, `a list of ${items}`, each);
  }
  return {
    steps: shapes.map((_, i) => whole(what, `steps[${i}]`, steps[i], 0, MOST_STEPS)),
    buffers: shapes.map((shape, i) => {
      const own: Record<string, unknown> = buffers[i]!;
      checkOptions(`${what}: buffers[${i}]`, own, names);
      return Object.fromEntries(names.map((name) => [name, checkBuffer(own[name], `buffers[${i}].${name}`, shape)]));
    }),
  };
}

function checkBuffer(given: unknown, name: string, shape: readonly number[]): Tensor {
  const tensor = checkTensor(`${what}: ${name}`, object(what, name, given, "{ shape, data }") as Tensor);
  checkShape(what, name, tensor.shape, shape);
  const place = tensor.data.findIndex((value) => !Number.isFinite(value));
  if (place >= 0) finite(what, `${name}.data[${place}]`, tensor.data[place]);
  return tensor;
}

/** An optimizer's state, for checkpoints: load it into one with the same parameters in the same order. */
export interface OptimizerState {
  /** Number of updates of each parameter. */
  readonly steps: readonly number[];
  /** Buffers of each parameter, by name. */
  readonly buffers: readonly Readonly<Record<string, Tensor>>[];
}

/** Parameters with common options; options that a group omits are the optimizer's. */
export interface ParameterGroup {
  /** Variables; each may be in one group only. */
  readonly params: readonly NodeId[];
  /** Learning rate of this group. A schedule scales it together with the optimizer's. */
  readonly lr?: number;
  /** Default: the optimizer's. */
  readonly weightDecay?: number;
}

/** A group with its defaults. */
interface ResolvedGroup {
  readonly params: readonly NodeId[];
  /** Ratio of the group's learning rate to the optimizer's, which a schedule must keep. */
  readonly lrRatio: number;
  readonly weightDecay: number;
}

/**
 * Copies groups and adds defaults. Throws `ConfigError` for nodes that are not variables, duplicates and invalid options, `StaleNodeError`
 * for nodes that are gone.
 */
export function resolveGroups(
  graph: Graph,
  params: readonly NodeId[] | readonly ParameterGroup[],
  lr: number,
  weightDecay: number,
): ResolvedGroup[] {
  nonNegative(what, "lr", lr);
  nonNegative(what, "weightDecay", weightDecay);
  const groups = list(what, "params", params, "node ids or groups");
  const given = typeof groups[0] === "object" ? Array.from(groups) : [{ params }];
  const seen = new Set<NodeId>();
  return given.map((group) => {
    const own = readOptions<Group>(`${what}: a parameter group`, group, {
      params: (_what, _name, value) => listParameters(what, graph, value as NodeId[]),
      lr: optional(nonNegative),
      weightDecay: or(weightDecay, nonNegative),
    });
    for (const id of own.params) {
      if (seen.has(id)) throw new ConfigError(`${what}: node ${id} is listed twice`, { op: what, node: id });
      seen.add(id);
    }
    if (lr === 0 && own.lr) {
      const details = { op: what, option: "lr", value: 0 };
      throw new ConfigError(`${what}: a group has its own lr, so the optimizer's must not be 0`, details);
    }
    const lrRatio = own.lr === undefined ? 1 : own.lr && own.lr / lr;
    return { params: own.params, lrRatio, weightDecay: own.weightDecay };
  });
}

type Group = Omit<ResolvedGroup, "lrRatio"> & { readonly lr: number | undefined };

/** A copy of a list of variables. Throws `ConfigError` for other nodes, `StaleNodeError` for nodes that are gone. */
export function listParameters(what: string, graph: Graph, params: readonly NodeId[]): NodeId[] {
  list(what, "params", params, "node ids");
  return Array.from(params, (id) => {
    const { op, requiresGrad } = graph.node(id);
    const made = op === null ? "a constant" : `the result of ${op.name}`;
    if (op !== null || !requiresGrad) {
      throw new ConfigError(`${what}: node ${id} is ${made}; pass variables`, { op: what, node: id });
    }
    return id;
  });
}
