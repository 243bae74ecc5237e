import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { stopwatch, timer } from "lowrank/extension";
import { FederationError } from "./federation-error.js";
import { Incoming, type IncomingContent } from "./objects/incoming.js";
import { Outgoing, type Reply } from "./objects/outgoing.js";
import { pause } from "./pause.js";
import type { Fleet } from "./wire/fleet.js";
import * as wire from "./wire/fleet_pb.js";
import type { Signer } from "./wire/node-key.js";

/**
 * Seconds between two signs of life that are promised, as Flower's own nodes promise; after twice as many without one a node counts as
 * gone. More are given: a node whose training is in this thread gets to it only between two pieces of work.
 */
const HEARTBEAT = 30;
const BEATS = 4;
/** Of Flower's codes of errors: the app of the client has thrown. */
const CLIENT_APP_RAISED = 2n;
const PULL_TRIES = 50;
/** Bytes of an answer beside those of the object that it carries. */
const ENVELOPE = 2 ** 16;

/** What a server wants of this node. */
export interface Task {
  /** "train", "evaluate" or what else there may be. */
  readonly type: string;
  /** Its settings and arrays come when they are asked for. */
  content(): Promise<IncomingContent>;
  answer(reply: Reply): Promise<void>;
  /** Says that this node has no answer, and why. */
  fail(reason: string): Promise<void>;
  /** Whether the run that it is of has ended. */
  isOver(): Promise<boolean>;
}

/** This node among those of a SuperLink: known to it until it leaves, and alive as long as it says so. */
export class FleetNode {
  private beat: ReturnType<typeof timer>;
  /** Aborted where the server no longer knows this node. */
  private readonly gone = new AbortController();

  private constructor(
    private readonly fleet: Fleet,
    readonly id: bigint,
    /** Whether it has registered itself, and is forgotten when it leaves. */
    private readonly registered: boolean,
  ) {}

  /** @param known whether the server was told this node's key beforehand. Errors as `Fleet.call`. */
  static async join(fleet: Fleet, { publicPem }: Signer, known: boolean, signal?: AbortSignal): Promise<FleetNode> {
    const publicKey = publicPem;
    if (!known) {
      const register = [wire.RegisterNodeFleetRequestSchema, wire.RegisterNodeFleetResponseSchema] as const;
      await fleet.call("register-node", register, { publicKey }, signal);
    }
    const activate = [wire.ActivateNodeRequestSchema, wire.ActivateNodeResponseSchema] as const;
    const fields = { publicKey, heartbeatInterval: HEARTBEAT };
    const { nodeId } = await fleet.call("activate-node", activate, fields, signal);
    // What answers every call with nothing would be waited for without an end.
    if (nodeId === 0n)
      throw new FederationError("activate-node: the server gave this node no id: is this the address of a SuperLink?", {
        expected: "a node's id other than 0",
      });
    const node = new FleetNode(fleet, nodeId, !known);
    node.live();
    return node;
  }

  /** What is to be done next; null for nothing yet. Errors as `Fleet.call`, once. */
  async next(signal?: AbortSignal): Promise<Task | null> {
    this.gone.signal.throwIfAborted();
    const pull = [wire.PullMessagesRequestSchema, wire.PullMessagesResponseSchema] as const;
    const { messagesList, messageObjectTrees } = await this.fleet.call("pull-messages", pull, this.self, signal, {
      once: true,
    });
    const [metadata, tree] = [messagesList[0]?.metadata, messageObjectTrees[0]];
    if (metadata === undefined || tree === undefined) return null;
    const { runId, messageType } = metadata;
    const elapsed = stopwatch();
    return {
      type: messageType,
      isOver: () => this.isOver(runId, signal),
      content: async () => {
        const incoming = new Incoming((id, left) => this.pull(runId, id, left, signal));
        const content = await incoming.content(tree.objectId);
        return {
          config: content.config,
          arrays: async (most) => {
            const arrays = await content.arrays(most);
            await this.confirm(runId, tree.objectId, signal);
            return arrays;
          },
        };
      },
      // What is told at the end is told although the signal has come: the server waits for it.
      answer: async (reply) => {
        const outgoing = new Outgoing();
        const fields = answering(metadata);
        await this.push(runId, fields, await outgoing.reply(reply, fields), outgoing, elapsed());
      },
      fail: async (reason) => {
        const outgoing = new Outgoing();
        const [fields, error] = [answering(metadata), { code: CLIENT_APP_RAISED, reason }];
        await this.push(runId, fields, await outgoing.message(fields, [], error), outgoing, elapsed(), error);
      },
    };
  }

  /** Says goodbye, so that no round waits for this node. Never throws: who leaves has no use for what goes wrong. */
  async leave(): Promise<void> {
    clearTimeout(this.beat);
    this.gone.abort(new FederationError("this node has left", { reason: "left" }));
    const deactivate = [wire.DeactivateNodeRequestSchema, wire.DeactivateNodeResponseSchema] as const;
    const unregister = [wire.UnregisterNodeFleetRequestSchema, wire.UnregisterNodeFleetResponseSchema] as const;
    const soon = AbortSignal.timeout(3_000);
    try {
      await this.fleet.call("deactivate-node", deactivate, { nodeId: this.id }, soon);
      if (this.registered) await this.fleet.call("unregister-node", unregister, { nodeId: this.id }, soon);
    } catch {
      // The server counts it as gone by its silence.
    }
  }

  private get self(): { node: MessageInitShape<typeof wire.NodeSchema> } {
    return { node: { nodeId: this.id } };
  }

  private live(): void {
    this.beat = timer((HEARTBEAT * 1000) / BEATS, () => void this.tell());
  }

  private async tell(): Promise<void> {
    const beat = [wire.SendNodeHeartbeatRequestSchema, wire.SendNodeHeartbeatResponseSchema] as const;
    const { signal } = this.gone;
    try {
      const fields = { ...this.self, heartbeatInterval: HEARTBEAT };
      const { success } = await this.fleet.call("send-node-heartbeat", beat, fields, signal);
      if (!success)
        throw new FederationError("the server no longer knows this node: join again", { reason: "unknown" });
    } catch (error) {
      this.gone.abort(error);
    }
    if (!signal.aborted) this.live();
  }

  /** A server refuses to tell of a run that has ended. */
  private async isOver(runId: bigint, signal?: AbortSignal): Promise<boolean> {
    const call = [wire.GetRunRequestSchema, wire.GetRunResponseSchema] as const;
    try {
      await this.fleet.call("get-run", call, { ...this.self, runId }, signal);
      return false;
    } catch (error) {
      if (isRefusal(error)) return true;
      throw error;
    }
  }

  /** Tells the server that all of a message is here. */
  private async confirm(runId: bigint, messageObjectId: string, signal?: AbortSignal): Promise<void> {
    const call = [wire.ConfirmMessageReceivedRequestSchema, wire.ConfirmMessageReceivedResponseSchema] as const;
    const received = { ...this.self, runId, messageObjectId };
    await this.fleet.call("confirm-message-received", call, received, signal);
  }

  private async pull(runId: bigint, objectId: string, most: number, signal?: AbortSignal): Promise<Uint8Array> {
    const call = [wire.PullObjectRequestSchema, wire.PullObjectResponseSchema] as const;
    const fields = { ...this.self, runId, objectId };
    // The server may tell of a message before it has all of its parts.
    for (let tries = 0; tries < PULL_TRIES; tries++) {
      const answer = await this.fleet.call("pull-object", call, fields, signal, { most: most + ENVELOPE });
      if (answer.objectAvailable) return answer.objectContent;
      if (!answer.objectFound) break;
      await pause(100, signal);
    }
    throw new FederationError("a part of the server's message is not there, or no longer", { value: objectId });
  }

  private async push(
    runId: bigint,
    metadata: wire.Metadata,
    tree: wire.ObjectTree,
    { objects }: Outgoing,
    milliseconds: number,
    error?: { code: bigint; reason: string },
  ): Promise<void> {
    const call = [wire.PushMessagesRequestSchema, wire.PushMessagesResponseSchema] as const;
    // Contents come as objects; that there are some is told by their being empty here.
    const message = { metadata: { ...metadata, messageId: tree.objectId }, ...(error ? { error } : { content: {} }) };
    const { objectsToPush, sessionId } = await this.fleet.call("push-messages", call, {
      ...{ ...this.self, messagesList: [message], messageObjectTrees: [tree] },
      clientappRuntimeList: [milliseconds / 1000],
    });
    const push = [wire.PushObjectRequestSchema, wire.PushObjectResponseSchema] as const;
    // Each once, however often it is named.
    for (const objectId of new Set(objectsToPush)) {
      const objectContent = objects.get(objectId);
      if (objectContent === undefined)
        throw new FederationError("the server asks for what is no part of the answer", { value: objectId });
      await this.fleet.call("push-object", push, { ...this.self, runId, objectId, objectContent, sessionId });
    }
  }
}

/** Whether a server has understood a call, and will not have it: an answer after the end of its round, or a run that is over. */
export function isRefusal(error: unknown): error is FederationError {
  if (!(error instanceof FederationError)) return false;
  const { status } = error.details;
  return typeof status === "number" && status >= 400 && status < 500 && status !== 401;
}

/** Whether a server does not know a node, or no longer. */
export const isForgotten = (error: unknown): boolean =>
  error instanceof FederationError && (error.details["status"] === 401 || error.details["reason"] === "unknown");

/** Whether a question may have been lost on its way to this node: a server tells of each once. */
export const isLost = (error: unknown): boolean =>
  error instanceof FederationError && error.details["reason"] === "lost";

/** Who answers whom. The time to live is what is left of the question's, less a second for clocks that differ. */
function answering(to: wire.Metadata): wire.Metadata {
  const createdAt = Date.now() / 1000;
  return create(wire.MetadataSchema, {
    ...{ runId: to.runId, srcNodeId: to.dstNodeId, dstNodeId: to.srcNodeId, replyToMessageId: to.messageId },
    ...{ groupId: to.groupId, createdAt, ttl: Math.max(1, to.ttl - (createdAt - to.createdAt) - 1) },
    messageType: to.messageType,
    ...(to.dstTaskId !== undefined && { srcTaskId: to.dstTaskId }),
    ...(to.srcTaskId !== undefined && { dstTaskId: to.srcTaskId }),
  });
}
