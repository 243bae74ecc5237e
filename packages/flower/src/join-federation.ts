import { AbortError, LowrankError, throwIfAborted } from "lowrank/extension";
import { FederationError } from "./federation-error.js";
import { FleetNode, isForgotten, isLost, isRefusal, type Task } from "./fleet-node.js";
import { type JoinOptions, type TakenJoinOptions, takeJoinOptions } from "./join-options.js";
import type { Reply } from "./objects/outgoing.js";
import { pause } from "./pause.js";
import { LocalRounds } from "./rounds/local-round.js";
import { takeRoundSettings } from "./rounds/round-settings.js";
import { Fleet } from "./wire/fleet.js";
import { signerOf } from "./wire/node-key.js";
import { fetchTransport, type Transport } from "./wire/transport.js";

/** Milliseconds between two questions whether there is something to do. */
const POLL = 300;

/** Milliseconds after which a server has seen that a node has left: it looks every three seconds. */
const GONE = 6_000;
/** Times in a row that what a server answered is lost on its way. */
const MOST_LOST = 5;

/** What a node did. */
export interface FederationReport {
  /** Rounds whose answer the server took. */
  readonly rounds: number;
  /** Bytes of requests, without headers. */
  readonly sent: number;
  /** Bytes of answers, without headers. */
  readonly received: number;
}

/**
 * Joins a Flower federation as a node of its own, in Node or in a page: takes part in the rounds of an app that `lowrank flower app`
 * wrote, by training adapter and head on examples that stay here. Resolves when the last round is over, or with `stay` never.
 *
 * What a server sends is checked before it is used: versions, settings, names, shapes, sizes, and that all numbers are finite.
 *
 * Throws `ConfigError` for options that make no sense, before anything is sent. Rejects with `FederationError` where the server
 * cannot be reached, refuses, or asks for what makes no sense, which it is told; with `AbortError` when cancelled; otherwise as `fit`.
 * The encoder is then as it was.
 *
 * @example
 * await joinFederation({ server: "https://flower.example.org:8000", encoder, TextClassifier, examples });
 */
export function joinFederation<E>(options: JoinOptions<E>): Promise<FederationReport> {
  return joinBy(options, fetchTransport);
}

/** The same by another transport. */
export async function joinBy<E>(options: JoinOptions<E>, transport: Transport): Promise<FederationReport> {
  const taken = takeJoinOptions(options);
  const { server, key, patience, signal, onEvent } = taken;
  throwIfAborted(signal);
  const signer = await signerOf(key);
  const fleet = new Fleet({ server, signer, transport, patience });
  const part: Part = { rounds: 0, wasKnown: false, lost: 0 };
  for (;;) {
    const node = await FleetNode.join(fleet, signer, key !== undefined, signal);
    try {
      onEvent({ type: "joined", node: String(node.id), server });
      await takePart(node, fleet, taken, part);
      return { rounds: part.rounds, ...fleet.traffic };
    } catch (error) {
      // A server that was started again has forgotten whom it had learnt of, and learns of them once more.
      const isNew = key === undefined && part.wasKnown && isForgotten(error);
      if (!isNew && !(isLost(error) && part.lost++ < MOST_LOST)) throw error;
    } finally {
      await node.leave();
    }
    part.wasKnown = false;
    // Long enough for a server to see that this node is gone, and to wait no longer for an answer to what it may have asked.
    await pause(part.lost > 0 ? GONE : POLL, signal);
  }
}

/** How far a node is, over all times that it has joined. */
interface Part {
  /** Those whose answer the server took. */
  rounds: number;
  /** Whether the server has answered this node since it joined last. */
  wasKnown: boolean;
  /** How often the server's questions were lost on their way since one was not. */
  lost: number;
}

async function takePart<E>(node: FleetNode, fleet: Fleet, options: TakenJoinOptions<E>, part: Part): Promise<void> {
  const { signal, stay, onEvent } = options;
  const local = new LocalRounds(options);
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
    // A server counts no answer of a node that has left before the answer was fetched.
    while (!(await task.isOver())) await pause(POLL, signal);
    return;
  }
}

/** Does what a server asks for; where that fails, the server is told, so that the round goes on without this node. */
async function workOn<E>(
  task: Task,
  local: LocalRounds<E>,
): Promise<{ round: number; rounds: number; evaluate: boolean; reply: Reply }> {
  try {
    const content = await task.content();
    const settings = takeRoundSettings(content.config);
    const { round, rounds, evaluate } = settings;
    if (task.type === "train") return { round, rounds, evaluate, reply: await local.train(settings, content) };
    if (task.type === "evaluate") return { round, rounds, evaluate, reply: await local.evaluate(settings, content) };
    throw new FederationError(`the server asks for ${task.type.slice(0, 60)}, and a node trains and evaluates`, {
      ...{ value: task.type, expected: ["train", "evaluate"] },
    });
  } catch (error) {
    await task.fail(reasonFor(error)).catch(() => undefined);
    throw error;
  }
}

/** What a server is told of an error: nothing that may quote this node's examples. */
function reasonFor(error: unknown): string {
  if (error instanceof AbortError) return "this node has left";
  const isSilent = error instanceof FederationError && error.details["label"] === undefined;
  return isSilent ? error.message : `an error of this node: ${error instanceof LowrankError ? error.code : "unknown"}`;
}
