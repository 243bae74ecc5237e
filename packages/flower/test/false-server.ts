import { create, fromBinary, type MessageInitShape, toBinary, type DescMessage } from "@bufbuild/protobuf";
import { type ConfigValue } from "../src/objects/incoming.js";
import { packObject, type ObjectType } from "../src/objects/object-head.js";
import * as wire from "../src/wire/fleet_pb.js";
import type { Transport } from "../src/wire/transport.js";
import { sha256 } from "../../../ts/io/sha256.js";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** What a server asks, and how it goes against what a SuperLink would do. */
export interface Question {
  readonly type?: string;
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** By name, as `numpy.save` writes them. */
  readonly arrays: ReadonlyMap<string, Uint8Array>;
  /** Changes an object's body before it gets its id. */
  readonly body?: (type: ObjectType, body: Uint8Array) => Uint8Array;
  /** Answers a call in the server's place, by bytes or a status; null for what it would say. */
  readonly answer?: (path: string) => Uint8Array | number | null;
  /** How often it asks for each of an answer's objects. */
  readonly repeats?: number;
}

/** A SuperLink as a transport, with one message for one node. */
export class FalseServer {
  /** Bytes of answers, and how often each call came. */
  sent = 0;
  readonly calls = new Map<string, number>();
  /** What the node says of what went wrong. */
  readonly reasons: string[] = [];
  private readonly objects = new Map<string, Uint8Array>();
  private asked = false;

  private constructor(
    private readonly question: Question,
    private id: string,
  ) {}

  static async of(question: Question): Promise<FalseServer> {
    const server = new FalseServer(question, "");
    const arrays: Record<string, string> = {};
    for (const [name, bytes] of question.arrays) {
      const chunk = await server.add("ArrayChunk", [], bytes);
      const about = { dtype: "float32", shape: [], stype: "numpy.ndarray", arraychunk_ids: [0] };
      arrays[name] = await server.add("Array", [chunk], json(about));
    }
    const items = Object.entries(question.config).map(([key, value]) => ({ key, value: { value: valueOf(value) } }));
    const config = await server.add("ConfigRecord", [], bytesOf(wire.ConfigRecordSchema, { items }));
    const record = await server.add("ArrayRecord", [...new Set(Object.values(arrays))], json(arrays));
    const all = await server.add("RecordDict", [record, config], json({ arrays: record, config }));
    server.id = await server.add("Message", [all], new Uint8Array());
    return server;
  }

  readonly transport: Transport = (address, { body }) => {
    const path = address.split("/").at(-1)!;
    this.calls.set(path, (this.calls.get(path) ?? 0) + 1);
    const answer = this.question.answer?.(path) ?? this.answerTo(path, body) ?? 403;
    const [status, bytes] = typeof answer === "number" ? [answer, new Uint8Array()] : [200, answer];
    this.sent += bytes.length;
    return Promise.resolve({ status, bytes });
  };

  private answerTo(path: string, body: Uint8Array): Uint8Array | null {
    switch (path) {
      case "activate-node":
        return bytesOf(wire.ActivateNodeResponseSchema, { nodeId: 7n });
      case "pull-messages":
        return this.message();
      case "pull-object": {
        const objectContent = this.objects.get(fromBinary(wire.PullObjectRequestSchema, body).objectId)!;
        return bytesOf(wire.PullObjectResponseSchema, { objectFound: true, objectAvailable: true, objectContent });
      }
      case "push-messages": {
        const { messagesList, messageObjectTrees } = fromBinary(wire.PushMessagesRequestSchema, body);
        for (const { error } of messagesList) if (error) this.reasons.push(error.reason);
        const ids = (tree: wire.ObjectTree): string[] => [tree.objectId, ...tree.children.flatMap(ids)];
        const objectsToPush = Array.from({ length: this.question.repeats ?? 1 }, () => messageObjectTrees.flatMap(ids));
        return bytesOf(wire.PushMessagesResponseSchema, { objectsToPush: objectsToPush.flat() });
      }
      case "send-node-heartbeat":
        return bytesOf(wire.SendNodeHeartbeatResponseSchema, { success: true });
      case "get-run":
        return null;
      default:
        return new Uint8Array();
    }
  }

  private message(): Uint8Array {
    if (this.asked) return new Uint8Array();
    this.asked = true;
    const messageType = this.question.type ?? "train";
    const metadata = { runId: 1n, messageId: this.id, messageType, ttl: 60, createdAt: Date.now() / 1000 };
    return bytesOf(wire.PullMessagesResponseSchema, {
      messagesList: [{ metadata }],
      messageObjectTrees: [{ objectId: this.id }],
    });
  }

  private async add(type: ObjectType, children: string[], body: Uint8Array): Promise<string> {
    const bytes = packObject({ type, children, body: this.question.body?.(type, body) ?? body });
    const id = await sha256(bytes, "test");
    this.objects.set(id, bytes);
    return id;
  }
}

const bytesOf = <T extends DescMessage>(schema: T, fields: MessageInitShape<T>) =>
  toBinary(schema, create(schema, fields));

function valueOf(value: ConfigValue) {
  if (typeof value === "string") return { case: "string" as const, value };
  if (typeof value === "boolean") return { case: "bool" as const, value };
  return Number.isSafeInteger(value)
    ? { case: "sint64" as const, value: BigInt(value) }
    : { case: "double" as const, value };
}
