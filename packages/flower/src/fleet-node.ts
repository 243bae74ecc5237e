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
 * Promised seconds between two heartbeats, as in Flower's own nodes. After twice as many without one, a node counts as
 * gone. This node sends them more often, because training in this thread can delay them.
 */
const HEARTBEAT = 30;
const BEATS = 4;
/** Flower's error code for an exception in the client app. */
const CLIENT_APP_RAISED = 2n;
const PULL_TRIES = 50;
/** Most bytes of an answer besides the object in it. */
const ENVELOPE = 2 ** 16;

/** A task from the server. */
export interface Task {
  /** "train", "evaluate", or another type. */
  readonly type: string;
  /** Fetches its settings and arrays. */
  content(): Promise<IncomingContent>;
  answer(reply: Reply): Promise<void>;
  /** Replies with an error. */
  fail(reason: string): Promise<void>;
  /** Whether its run has ended. */
  isOver(): Promise<boolean>;
}

/** This node's registration with a SuperLink, until it leaves. Heartbeats keep it alive. */
export class FleetNode {
  private beat: ReturnType<typeof timer>;
  /** Aborted if the server no longer knows this node. */
  private readonly gone = new AbortController();

  private constructor(
    private readonly fleet: Fleet,
    readonly id: bigint,
    /** Whether it registered itself, and must unregister when it leaves. */
    private readonly registered: boolean,
  ) {}

  /** @param known whether this node's key was registered beforehand. Throws like `Fleet.call`. */
  static async join(fleet: Fleet, { publicPem }: Signer, known: boolean, signal?: AbortSignal): Promise<FleetNode> {
    const publicKey = publicPem;
    if (!known) {
      const register = [wire.RegisterNodeFleetRequestSchema, wire.RegisterNodeFleetResponseSchema] as const;
      await fleet.call("register-node", register, { publicKey }, signal);
    }
    const activate = [wire.ActivateNodeRequestSchema, wire.ActivateNodeResponseSchema] as const;
    const fields = { publicKey, heartbeatInterval: HEARTBEAT };
    const { nodeId } = await fleet.call("activate-node", activate, fields, signal);
    // Without this check, a server that answers every call with nothing would make the node wait forever.
    if (nodeId === 0n)
      throw new FederationError("activate-node: the server gave this node no id: is this the address of a SuperLink?", {
        expected: "a node's id other than 0",
      });
    const node = new FleetNode(fleet, nodeId, !known);
    node.live();
    return node;
  }

  /** The next task; null if there is none yet. Throws like `Fleet.call` with `once`. */
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
      // A final reply is sent even after the signal, because the server waits for it.
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

  /** Unregisters, so that no round waits for this node. Never throws, because the node leaves anyway. */
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
      // The server removes the node when its heartbeats stop.
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

  /** The server rejects calls about a run that has ended. */
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

  /** Confirms that a message was received completely. */
  private async confirm(runId: bigint, messageObjectId: string, signal?: AbortSignal): Promise<void> {
    const call = [wire.ConfirmMessageReceivedRequestSchema, wire.ConfirmMessageReceivedResponseSchema] as const;
    const received = { ...this.self, runId, messageObjectId };
    await this.fleet.call("confirm-message-received", call, received, signal);
  }

  private async pull(runId: bigint, objectId: string, most: number, signal?: AbortSignal): Promise<Uint8Array> {
    const call = [wire.PullObjectRequestSchema, wire.PullObjectResponseSchema] as const;
    const fields = { ...this.self, runId, objectId };
    // The server may announce a message before it has all its objects.
    for (let tries = 0; tries < PULL_TRIES; tries++) {
      const answer = await this.fleet.call("pull-object", call, fields, signal, { most: most + ENVELOPE });
      if (answer.objectAvailable) return answer.objectContent;
      if (!answer.objectFound) break;
      await pause(100, signal);
    }
    throw new FederationError("an object of the server's message does not exist (any more)", { value: objectId });
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
    // Contents are sent as objects. Empty records here announce them.
    const message = { metadata: { ...metadata, messageId: tree.objectId }, ...(error ? { error } : { content: {} }) };
    const { objectsToPush, sessionId } = await this.fleet.call("push-messages", call, {
      ...this.self,
      messagesList: [message],
      messageObjectTrees: [tree],
      clientappRuntimeList: [milliseconds / 1000],
    });
    const push = [wire.PushObjectRequestSchema, wire.PushObjectResponseSchema] as const;
    // Each object is sent once, even if it appears several times.
    for (const objectId of new Set(objectsToPush)) {
      const objectContent = objects.get(objectId);
      if (objectContent === undefined)
        throw new FederationError("the server asks for an object that is not part of the reply", { value: objectId });
      await this.fleet.call("push-object", push, { ...this.self, runId, objectId, objectContent, sessionId });
    }
  }
}

/** Whether the server rejected a valid call: a reply after its round, or a run that has ended. */
export function isRefusal(error: unknown): error is FederationError {
  if (!(error instanceof FederationError)) return false;
  const { status } = error.details;
  return typeof status === "number" && status >= 400 && status < 500 && status !== 401;
}

/** Whether the server does not know this node (any more). */
export const isForgotten = (error: unknown): boolean =>
  error instanceof FederationError && (error.details["status"] === 401 || error.details["reason"] === "unknown");

/** Whether a task may have been lost on the way to this node. The server sends each task once. */
export const isLost = (error: unknown): boolean =>
  error instanceof FederationError && error.details["reason"] === "lost";

/** Metadata of a reply. Its time to live is the rest of the task's, minus a second for clock differences. */
function answering(to: wire.Metadata): wire.Metadata {
  const createdAt = Date.now() / 1000;
  return create(wire.MetadataSchema, {
    runId: to.runId,
    srcNodeId: to.dstNodeId,
    dstNodeId: to.srcNodeId,
    replyToMessageId: to.messageId,
    groupId: to.groupId,
    createdAt,
    ttl: Math.max(1, to.ttl - (createdAt - to.createdAt) - 1),
    messageType: to.messageType,
    ...(to.dstTaskId !== undefined && { srcTaskId: to.dstTaskId }),
    ...(to.srcTaskId !== undefined && { dstTaskId: to.srcTaskId }),
  });
}
