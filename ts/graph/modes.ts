import { whole } from "../arguments/settings.js";
import type { Value } from "../ops/op.js";
import { FrozenNodes } from "./frozen/frozen-nodes.js";
import type { Node, NodeId } from "./node.js";

/** Whether a graph trains, how many random streams it has drawn, and work that is done with other modes or in a step of its own. */
export class Modes extends FrozenNodes {
  private isTraining = true;
  protected streams = 0;

  /** @internal Runs `body` recording, with an earlier mode and random streams. */
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

  /** Number of random streams drawn by initialisers and dropout. To resume from a checkpoint with the same numbers, set it. */
  get streamsDrawn(): number {
    return this.streams;
  }
  set streamsDrawn(count: number) {
    this.streams = whole("Graph", "streamsDrawn", count, 0, 2 ** 32 - 1);
  }

  /**
   * @internal Runs `body` in a separate step and keeps only the node that it returns.
   *
   * @param look reads facts about that node and all nodes of `body` before they end
   * @param make makes the node to keep from the copy of its value
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
      // The result is above the mark to which the arena is rewound; its copy may overlap it.
      const pointer = this.arena.allocate(size);
      if (source === 0) frozen!.columns(0, frozen!.outFeatures, pointer);
      else this.engine.kernels.copy(size, source, pointer);
      return this.push(make({ shape, size, pointer }, seen));
    });
  }
}
