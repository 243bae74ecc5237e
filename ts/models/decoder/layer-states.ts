import type { Graph } from "../../graph/graph.js";
import type { SequenceState } from "../../ops/recurrence/sequence-state.js";
import type { Pointer } from "../../ops/op.js";
import { type DecoderConfig, stateSizes } from "./config.js";

const WORD = 4;

/**
 * The last inputs of a sequence's short convolutions, and the matrices of its delta rules. They are in memory twice: those before the pass
 * under way, and those behind it, which take their place when the pass has ended. A pass that fails, or that is not to be kept, thus
 * changes nothing. States that are only kept, for no pass, are in memory once.
 */
export class LayerStates {
  private memory: Pointer = 0;
  private current: 0 | 1 = 0;
  /** Where the inputs and the matrices of each layer begin, and after the last all of them end. */
  private readonly starts: readonly number[];

  constructor(
    private readonly graph: Graph,
    { layers, attention, hiddenSize }: Pick<DecoderConfig, "layers" | "attention" | "hiddenSize">,
    private readonly copies: 1 | 2 = 2,
  ) {
    const starts = [0];
    for (let i = 0; i < layers; i++)
      for (const size of stateSizes(attention(i), hiddenSize)) starts.push(starts.at(-1)! + size);
    this.starts = starts;
  }

  /** Whether there are any: a sequence then cannot be cut back to fewer tokens. */
  get any(): boolean {
    return this.words > 0;
  }

  get bytes(): number {
    return this.memory === 0 ? 0 : this.size;
  }

  /** Bytes of the states, if there is memory for them. */
  get size(): number {
    return this.copies * WORD * this.words;
  }

  /** Allocates them; call it outside a step. */
  reserve(): void {
    const { graph } = this;
    if (this.any && this.memory === 0)
      this.memory = graph.attempt.run(() => graph.allocateOwned(this.copies * this.words));
  }

  /** A layer's inputs. @param isFirst whether the sequence begins, with zeros */
  inputs(layer: number, isFirst: boolean): SequenceState {
    return this.at(2 * layer, isFirst);
  }

  /** A layer's matrices. */
  matrices(layer: number, isFirst: boolean): SequenceState {
    return this.at(2 * layer + 1, isFirst);
  }

  private at(place: number, isFirst: boolean): SequenceState {
    const at = (half: 0 | 1) => this.memory + WORD * (half * this.words + this.starts[place]!);
    return { before: isFirst ? null : at(this.current), after: at(this.other) };
  }

  /** Keeps those that a pass has written. */
  extend(): void {
    this.current = this.other;
  }

  copyTo(made: LayerStates): void {
    if (this.any) this.graph.engine.kernels.copy(this.words, this.start, made.start);
  }

  /** Copies the current ones, if there are any, to bytes. */
  read(target: Uint8Array): void {
    if (this.bytes > 0) this.graph.engine.readBytes(this.start, WORD * this.words, target);
  }

  /** Reads the states from bytes. */
  write(bytes: Uint8Array): void {
    if (this.bytes > 0) this.graph.engine.write(this.start, bytes, WORD * this.words);
  }

  dispose(): void {
    if (this.memory !== 0) this.graph.releaseOwned(this.memory);
    this.memory = 0;
  }

  private get start(): Pointer {
    return this.memory + WORD * this.current * this.words;
  }

  /** Numbers of all layers. */
  private get words(): number {
    return this.starts.at(-1)!;
  }

  private get other(): 0 | 1 {
    return this.current === 0 ? 1 : 0;
  }
}
