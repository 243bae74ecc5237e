import { ConfigError, ShapeError } from "../errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { Pointer } from "../ops/op.js";
import { formatShape, sizeOf, type Tensor } from "../tensor.js";
import { nonNegative, type ParameterGroup, type ResolvedGroup, resolveGroups } from "./parameters.js";

/** What an optimizer has gathered, for checkpoints: load it into one made with the same parameters in the same order. */
export interface OptimizerState {
  /** Updates each parameter has had. */
  readonly steps: readonly number[];
  /** One entry a parameter: its buffers by name. */
  readonly buffers: readonly Readonly<Record<string, Tensor>>[];
}

/** A parameter's value and gradient in memory, and the optimizer's buffers for it. */
export interface Slot {
  readonly size: number;
  readonly value: Pointer;
  readonly gradient: Pointer;
  readonly buffers: Readonly<Record<string, Pointer>>;
  /** Updates so far, this one included. */
  readonly step: number;
}

interface Memory {
  readonly buffers: Readonly<Record<string, Pointer>>;
  steps: number;
}

/** What optimizers share: groups, learning rate, buffers that start at zero, state. */
export abstract class Optimizer {
  private rate: number;
  private readonly groups: readonly ResolvedGroup[];
  private readonly slots = new Map<NodeId, Memory>();

  protected constructor(
    protected readonly graph: Graph,
    params: readonly NodeId[] | readonly ParameterGroup[],
    lr: number,
    weightDecay: number,
    private readonly bufferNames: readonly string[],
  ) {
    this.groups = resolveGroups(graph, params, lr, weightDecay);
    this.rate = lr;
    for (const id of this.params()) {
      const size = sizeOf(graph.shape(id));
      const allocate = (name: string): [string, Pointer] => {
        const pointer = graph.allocateOwned(size);
        graph.floats(pointer, size).fill(0);
        return [name, pointer];
      };
      this.slots.set(id, { buffers: Object.fromEntries(bufferNames.map(allocate)), steps: 0 });
    }
  }

  /** Learning rate. Set it before each step to follow a schedule; groups with a rate of their own keep its ratio. */
  get lr(): number {
    return this.rate;
  }
  set lr(value: number) {
    nonNegative("lr", value);
    this.rate = value;
  }

  /** The parameters, group by group. */
  params(): NodeId[] {
    return this.groups.flatMap((group) => [...group.params]);
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
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
  }

  /** Forgets the gradients of this optimizer's parameters. */
  zeroGrad(): void {
    for (const { params } of this.groups) for (const id of params) this.graph.node(id).gradient = 0;
  }

  /** A copy of steps and buffers. */
  state(): OptimizerState {
    const read = (id: NodeId) => {
      const shape = [...this.graph.shape(id)];
      const tensor = (pointer: Pointer): Tensor => ({ shape, data: this.graph.floats(pointer, sizeOf(shape)).slice() });
      return Object.fromEntries(
        Object.entries(this.slots.get(id)!.buffers).map(([name, pointer]) => [name, tensor(pointer)]),
      );
    };
    const params = this.params();
    return { steps: params.map((id) => this.slots.get(id)!.steps), buffers: params.map(read) };
  }

  /** Takes over a saved state. Throws `ConfigError` or `ShapeError` where it is not of these parameters; nothing changes then. */
  load(state: OptimizerState): void {
    const params = this.params();
    if (state.buffers.length !== params.length || state.steps.length !== params.length) {
      throw new ConfigError(
        `optimizer: the state has ${state.buffers.length} parameters, this optimizer ${params.length}`,
      );
    }
    params.forEach((id, i) => {
      const expected = formatShape(this.graph.shape(id));
      for (const name of this.bufferNames) {
        const found = state.buffers[i]?.[name];
        if (found === undefined) throw new ConfigError(`optimizer: the state has no "${name}" for parameter ${i}`);
        if (formatShape(found.shape) !== expected) {
          throw new ShapeError(
            `optimizer: "${name}" of parameter ${i} is ${formatShape(found.shape)}, expected ${expected}`,
          );
        }
      }
    });
    params.forEach((id, i) => {
      const memory = this.slots.get(id)!;
      memory.steps = state.steps[i]!;
      for (const [name, pointer] of Object.entries(memory.buffers)) {
        const { data } = state.buffers[i]![name]!;
        this.graph.floats(pointer, data.length).set(data);
      }
    });
  }

  /** Gives the buffers' memory back. The graph's `dispose` does so too. */
  dispose(): void {
    for (const { buffers } of this.slots.values())
      for (const pointer of Object.values(buffers)) this.graph.releaseOwned(pointer);
    this.slots.clear();
  }

  /** The rule itself, on one parameter. */
  protected abstract update(slot: Slot, lr: number, weightDecay: number): void;
}
