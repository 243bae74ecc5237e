import type { Kernels } from "../engine/kernels.js";
import { nameTrap } from "../engine/trap.js";
import { withDetails } from "../errors/errors.js";
import type { FrozenWeight } from "../ops/product/frozen-weight.js";
import type { BackwardCall, ForwardCall, GradientTarget, Pointer, Value } from "../ops/op.js";
import type { Gradients } from "./gradients.js";
import type { Node } from "./node.js";
import type { Modes } from "./modes.js";

const UNWANTED: GradientTarget = { pointer: 0, accumulate: 0 };

/**
 * The context of an op's call. One object serves all calls of a graph: ops never call each other, and a training step makes hundreds of
 * calls.
 */
export class Call implements ForwardCall<unknown>, BackwardCall<unknown, unknown> {
  /** The node whose value or gradient is computed. The only field that is set for each call: every further one costs about 5 ns. */
  private node!: Node;
  private gradientTaken = false;
  private readonly scratchBlocks: { pointer: Pointer; elements: number }[] = [];

  constructor(
    private readonly tape: Modes,
    private readonly gradients: Gradients,
    readonly seed: number,
  ) {}

  get kernels(): Kernels {
    return this.tape.engine.kernels;
  }

  get training(): boolean {
    return this.tape.training;
  }

  get inputs(): readonly Value[] {
    return this.node.values;
  }

  get output(): Value {
    return this.node.value;
  }

  get attributes(): unknown {
    return this.node.attributes;
  }

  get saved(): unknown {
    return this.node.saved;
  }

  get gradient(): Value {
    const { value, gradient } = this.node;
    return { shape: value.shape, size: value.size, pointer: gradient };
  }

  /** Computes a node's value; returns what its gradient needs. */
  forward(node: Node): unknown {
    this.node = node;
    try {
      return node.op!.forward(this);
    } finally {
      this.close();
    }
  }

  /** Runs a node's gradient rule; true if its gradient buffer was passed on to an input. */
  backward(node: Node): boolean {
    this.node = node;
    this.gradientTaken = false;
    try {
      node.op!.backward(this);
      return this.gradientTaken;
    } catch (error) {
      throw withDetails(nameTrap(error), { op: node.op!.name, shapes: node.values.map(({ shape }) => shape) });
    } finally {
      this.close();
    }
  }

  allocate(elements: number): Pointer {
    return this.tape.arena.allocate(elements);
  }

  scratch(elements: number): Pointer {
    const pointer = this.allocate(elements);
    this.scratchBlocks.push({ pointer, elements });
    return pointer;
  }

  keep(elements: number): Pointer {
    return this.node.requiresGrad ? this.allocate(elements) : this.scratch(elements);
  }

  upload(data: Float32Array | Int32Array | Uint32Array): Pointer {
    const pointer = this.allocate(data.length);
    this.tape.engine.write(pointer, data, data.length);
    return pointer;
  }

  frozen(i: number): FrozenWeight | null {
    return this.tape.frozenWeight(this.node.inputs[i]!, this.node.requiresGrad);
  }

  nextStream(): number {
    return this.tape.nextStream();
  }

  wants(i: number): boolean {
    return this.node.inputs[i]?.requiresGrad ?? false;
  }

  target(i: number): GradientTarget {
    const node = this.node.inputs[i]!;
    if (this.gradients.begun(node)) return { pointer: node.gradient, accumulate: 1 };
    return { pointer: this.gradients.start(node), accumulate: 0 };
  }

  targetIfWanted(i: number): GradientTarget {
    return this.wants(i) ? this.target(i) : UNWANTED;
  }

  pass(i: number): void {
    if (this.passTo(this.node.inputs[i]!, this.node, this.gradientTaken)) this.gradientTaken = true;
  }

  /** Passes a node's gradient on to another node; true if that took over the buffer, which it may unless `taken`. */
  passTo(node: Node, { gradient, value: { size } }: Node, taken = false): boolean {
    if (!node.requiresGrad) return false;
    if (this.gradients.begun(node)) {
      this.kernels.axpy(size, 1, gradient, node.gradient);
    } else if (node.op !== null && !taken) {
      node.gradient = gradient;
      return true;
    } else {
      this.kernels.copy(size, gradient, this.gradients.start(node));
    }
    return false;
  }

  /** Ends a call, also after an error, and frees its scratch memory. */
  private close(): void {
    const { scratchBlocks } = this;
    while (scratchBlocks.length > 0) {
      const { pointer, elements } = scratchBlocks.pop()!;
      this.tape.arena.release(pointer, elements);
    }
  }
}
