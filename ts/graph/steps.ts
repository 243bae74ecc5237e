import { ConfigError, StaleNodeError } from "../errors/errors.js";
import { callable } from "../arguments/settings.js";
import { GraphMemory } from "./memory.js";
import { findNode, newestId, type Node, type NodeId, wasIssued } from "./node.js";

/** A position on the tape, for `rewind`. */
export interface Mark {
  /** Number of nodes on the tape. */
  readonly length: number;
}

/** A mark's data, in the graph that made it. */
interface OpenMark extends Mark {
  /** Nodes made later have greater ids. */
  readonly newest: number;
  /** The arena's mark. */
  readonly arena: number;
}

/** The nodes in order of creation, and the steps that own them. */
export class Steps extends GraphMemory {
  /** @internal Nodes by ascending id, which finds them faster than a map. */
  readonly nodes: Node[] = [];
  private readonly marks: OpenMark[] = [];
  /** Number of running checkpoint functions. */
  private segments = 0;
  /** Whether results get gradients. */
  protected recording = true;

  /** @internal Whether a step or mark is open; nodes made outside live until they are released. */
  get inStep(): boolean {
    return this.marks.length > 0;
  }

  /**
   * Runs `body`; afterwards its nodes are gone and their memory is free for the next step. Throws `ConfigError` if `body` returns a
   * promise.
   */
  step<T>(body: () => T): T {
    callable("step", "body", body);
    this.mark();
    const depth = this.marks.length;
    try {
      return synchronous("step", body());
    } finally {
      this.unwind(depth - 1);
    }
  }

  /** The current position on the tape, for `rewind`. `step` does both. */
  mark(): Mark {
    this.assertUsable();
    if (this.marks.length === 0) this.engine.tile.settle();
    const mark: OpenMark = { length: this.nodes.length, newest: newestId(), arena: this.arena.mark() };
    this.marks.push(mark);
    return mark;
  }

  /**
   * Drops all nodes made since `mark`; their ids become stale. Marks must be rewound once, the last one first; throws `ConfigError`
   * otherwise, and for another graph's mark.
   */
  rewind(mark: Mark): void {
    this.assertUsable();
    const depth = this.marks.indexOf(mark as OpenMark);
    if (depth < 0) {
      const message = "rewind: this mark was rewound already, or is of another graph";
      throw new ConfigError(message, { op: "rewind", reason: "ended" });
    }
    if (depth < this.marks.length - 1) {
      const message = "rewind: a mark made after this one, or a step, is still open; end it first";
      throw new ConfigError(message, { op: "rewind", reason: "open" });
    }
    this.unwind(depth);
  }

  /**
   * Runs `body` without recording: its results have no gradient and save nothing for one. Throws `ConfigError` if `body` returns a promise.
   */
  noGrad<T>(body: () => T): T {
    callable("noGrad", "body", body);
    const before = this.recording;
    this.recording = false;
    try {
      return synchronous("noGrad", body());
    } finally {
      this.recording = before;
    }
  }

  /** Frees the graph. Safe to call twice. Its ids become stale. */
  override dispose(): void {
    this.assertOutsideSegment("dispose");
    super.dispose();
    this.nodes.length = 0;
    this.marks.length = 0;
  }

  /** @internal Runs a checkpoint's function, which must not change anything outside. */
  inSegment<T>(body: () => T): T {
    this.segments++;
    try {
      return body();
    } finally {
      this.segments--;
    }
  }

  /** @internal Throws `ConfigError` inside a checkpoint's function: it runs twice, and so would the effect. */
  assertOutsideSegment(what: string): void {
    if (this.segments === 0) return;
    const message = `${what}: called inside the function of a checkpoint, which runs twice; call it outside`;
    throw new ConfigError(message, { op: what, reason: "checkpoint" });
  }

  /** @internal Runs `body` as in a step, but keeps its nodes; earlier marks cannot be rewound in it. */
  fenced<T>(body: () => T): T {
    const { marks } = this;
    const depth = marks.length;
    marks.push({ length: this.nodes.length, newest: newestId(), arena: -1 });
    try {
      return body();
    } finally {
      while (marks.length > depth) marks.pop();
    }
  }

  /** @internal The node with an id. */
  node(id: NodeId): Node {
    const node = findNode(this.nodes, id);
    if (node !== undefined) return node;
    const [reason, why] = this.disposed
      ? ["disposed", "the graph was disposed"]
      : wasIssued(id)
        ? ["ended", "it was rewound when its step ended, released, or is of another graph; take values out as tensors"]
        : ["unknown", "no graph made it"];
    const shown = typeof id === "number" ? id : typeof id;
    throw new StaleNodeError(`node ${shown} does not exist: ${why}`, { node: id, reason });
  }

  /** @internal Puts a node on the tape. */
  push(node: Node): NodeId {
    this.nodes.push(node);
    return node.id;
  }

  /** Takes leaves off the tape. */
  protected drop(dropped: ReadonlySet<Node>): void {
    let kept = 0;
    for (const node of this.nodes) if (!dropped.has(node)) this.nodes[kept++] = node;
    this.nodes.length = kept;
  }

  /** Ends the innermost marks until `depth` are open. */
  private unwind(depth: number): void {
    const mark = this.marks[depth];
    // If the graph was disposed in its own step, there are none.
    if (mark === undefined) return;
    const { nodes, marks } = this;
    while (nodes.length > 0 && nodes[nodes.length - 1]!.id > mark.newest) nodes.pop();
    // Popped, since setting a length costs as much as a small kernel.
    while (marks.length > depth) marks.pop();
    this.arena.rewind(mark.arena);
  }
}

/**
 * Returns a body's result. Throws `ConfigError` for a promise: the rest of an async body would run after the step, with stale nodes.
 */
export function synchronous<T>(what: string, result: T): T {
  if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return result;
  // It will fail on stale nodes; nobody awaits it, and this error says why.
  Promise.resolve(result).catch(() => {});
  const message = `${what}: the body returned a promise; await what it needs before`;
  throw new ConfigError(message, { op: what, reason: "promise" });
}
