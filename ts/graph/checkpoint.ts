import { callable } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import type { Op } from "../ops/op.js";
import { checkShape } from "../values/tensor.js";
import { idList, newNode, type Node, type NodeId } from "./node.js";
import { synchronous } from "./steps.js";
import type { Modes } from "./modes.js";

/** A segment of a computation of which the tape keeps only the result; `backward` runs it again. */
export type Segment = (...inputs: NodeId[]) => NodeId;

/** What is needed to run it again in the same way. */
interface Checkpoint {
  readonly segment: Segment;
  readonly inputs: readonly NodeId[];
  /** Number of random streams drawn before it. */
  readonly streams: number;
  readonly training: boolean;
}

/** The op of a checkpoint's node. It computes nothing itself: `checkpoint` and `recompute` do, which have access to the tape. */
export const checkpointOp: Op<Checkpoint, undefined> = {
  name: "checkpoint",
  shape: ([first]) => first!,
  forward: () => undefined,
  backward: () => undefined,
};

/** Runs a segment and keeps only its result; see `Tape.checkpoint`. */
export function checkpoint(tape: Modes, segment: Segment, given: readonly NodeId[]): NodeId {
  callable("checkpoint", "fn", segment);
  const inputs = idList("checkpoint", given);
  inputs.forEach((id) => tape.node(id));
  const { training, streamsDrawn: streams } = tape;
  try {
    // Recorded, although the record is dropped: this shows what depends on a variable, and the bits are those of the second run.
    return tape.keeping(
      () => tape.node(run(tape, segment, inputs)),
      (result, made) => {
        checkMade(made);
        return result.requiresGrad ? reached(tape, inputs, made, result) : null;
      },
      (value, used) => {
        if (used === null) return newNode(value, false);
        const attributes: Checkpoint = { segment, inputs, streams, training };
        const values = used.map((node) => node.value);
        return newNode(value, true, checkpointOp, used, values, attributes);
      },
    );
  } catch (error) {
    tape.streamsDrawn = streams;
    throw error;
  }
}

/**
 * Runs a node's segment again, recorded, at the end of the tape. The recorded nodes use the original inputs, so gradients reach them and
 * everything else that the segment uses, in the same order as without a checkpoint.
 */
export function recompute(tape: Modes, { attributes, value }: Node): { result: Node; release: () => void } {
  const then = attributes as Checkpoint;
  const { result, release } = tape.arena.hold(() =>
    tape.attempt.nested(() =>
      tape.asThen(then, () => tape.fenced(() => tape.node(run(tape, then.segment, then.inputs)))),
    ),
  );
  checkShape("checkpoint", "what fn made when it ran again", result.value.shape, value.shape, "the first time ");
  return { result, release };
}

function run(tape: Modes, segment: Segment, inputs: readonly NodeId[]): NodeId {
  return tape.inSegment(() => synchronous("checkpoint", segment(...inputs)));
}

/** A variable would end with the first run, and its gradient with it. */
function checkMade(made: readonly Node[]): void {
  const variable = made.find(({ op, requiresGrad }) => op === null && requiresGrad);
  if (variable === undefined) return;
  throw new ConfigError(
    "checkpoint: fn made a variable, which is gone when fn ends; make it before, and use it in fn as it is",
    { op: "checkpoint", node: variable.id, reason: "variable" },
  );
}

/** Nodes from outside that the segment uses, whether or not they are named as inputs. */
function reached(tape: Modes, inputs: readonly NodeId[], made: readonly Node[], result: Node): Node[] {
  const own = new Set(made);
  const all = [...inputs.map((id) => tape.node(id)), ...made.flatMap((node) => node.inputs), result];
  return [...new Set(all)].filter((node) => !own.has(node));
}
