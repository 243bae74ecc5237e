import { AbortError, LowrankError, throwIfAborted } from "lowrank/extension";
import { FederationError } from "./federation-error.js";
import { FleetNode, isForgotten, isLost, isRefusal, type Task } from "./fleet-node.js";
import type { TakenNodeOptions } from "./join-options.js";
import type { Reply } from "./objects/outgoing.js";
import { pause } from "./pause.js";
import { LocalRounds } from "./rounds/local-round.js";
import type { RoundModels } from "./rounds/round-models.js";
import { takeRoundSettings } from "./rounds/round-settings.js";
import { Fleet } from "./wire/fleet.js";
import { signerOf } from "./wire/node-key.js";
import type { Transport } from "./wire/transport.js";

/** Polling interval for tasks, in milliseconds. */
const POLL = 300;

/** Milliseconds after which a server notices that a node has left. It checks every three seconds. */
const GONE = 6_000;
/** Most successive lost answers of a server. */
const MOST_LOST = 5;

/** Summary of a node's work. */
export interface FederationReport {
  /** Rounds whose reply the server accepted. */
  readonly rounds: number;
  /** Sent bytes, without headers. */
  readonly sent: number;
  /** Received bytes, without headers. */
  readonly received: number;
}

/** Joins with models of any task. */
export async function joinWith(
  taken: TakenNodeOptions,
  models: RoundModels,
  transport: Transport,
): Promise<FederationReport> {
  const { server, key, patience, signal, onEvent } = taken;
  throwIfAborted(signal);
  const signer = await signerOf(key);
  const fleet = new Fleet({ server, signer, transport, patience });
  const part: Part = { rounds: 0, wasKnown: false, lost: 0 };
  for (;;) {
    const node = await FleetNode.join(fleet, signer, key !== undefined, signal);
    try {
      onEvent({ type: "joined", node: String(node.id), server });
      await takePart(node, fleet, taken, models, part);
      return { rounds: part.rounds, ...fleet.traffic };
    } catch (error) {
      // A restarted server has lost its nodes, so they register again.
      const isNew = key === undefined && part.wasKnown && isForgotten(error);
      if (!isNew && !(isLost(error) && part.lost++ < MOST_LOST)) throw error;
    } finally {
      await node.leave();
    }
    part.wasKnown = false;
    // Long enough for the server to notice that this node is gone, so that it stops waiting for a reply.
    await pause(part.lost > 0 ? GONE : POLL, signal);
  }
}

/** Progress of a node over all its registrations. */
interface Part {
  /** Rounds whose reply the server accepted. */
  rounds: number;
  /** Whether the server has answered since the last registration. */
  wasKnown: boolean;
  /** Number of successive lost tasks. */
  lost: number;
}

async function takePart(
  node: FleetNode,
  fleet: Fleet,
  options: TakenNodeOptions,
  models: RoundModels,
  part: Part,
): Promise<void> {
  const { signal, stay, onEvent } = options;
  const local = new LocalRounds({ ...options, models });
  for (;;) {
    const task = await node.next(signal);
    part.wasKnown = true;
    part.lost = 0;
    if (task === null) {
      await pause(POLL, signal);
      continue;
    }
    const { round, rounds, evaluate, reply } = await workOn(task, local);
    try {
      await task.answer(reply);
      if (task.type === "train") part.rounds++;
      onEvent({ type: "answered", round, ...fleet.traffic });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      onEvent({ type: "late", round, message: error.message });
    }
    if (round < rounds || stay || (task.type === "train" && evaluate)) continue;
    // The server ignores a reply if the node leaves before the server has fetched it.
    while (!(await task.isOver())) await pause(POLL, signal);
    return;
  }
}

/** Executes a task. If it fails, the server is notified, so that the round continues without this node. */
async function workOn(
  task: Task,
  local: LocalRounds,
): Promise<{ round: number; rounds: number; evaluate: boolean; reply: Reply }> {
  try {
    const content = await task.content();
    const settings = takeRoundSettings(content.config);
    const { round, rounds, evaluate } = settings;
    if (task.type === "train") return { round, rounds, evaluate, reply: await local.train(settings, content) };
    if (task.type === "evaluate") return { round, rounds, evaluate, reply: await local.evaluate(settings, content) };
    throw new FederationError(`the server asks for ${task.type.slice(0, 60)}, but a node can only train and evaluate`, {
      value: task.type,
      expected: ["train", "evaluate"],
    });
  } catch (error) {
    await task.fail(reasonFor(error)).catch(() => undefined);
    throw error;
  }
}

/** The error message for the server. It must not quote this node's examples. */
function reasonFor(error: unknown): string {
  if (error instanceof AbortError) return "this node has left";
  const isSilent = error instanceof FederationError && error.details["label"] === undefined;
  return isSilent ? error.message : `an error of this node: ${error instanceof LowrankError ? error.code : "unknown"}`;
}
