import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { packObject } from "../src/objects/object-head.js";
import { pause } from "../src/pause.js";
import { Fleet } from "../src/wire/fleet.js";
import * as wire from "../src/wire/fleet_pb.js";
import { signerOf } from "../src/wire/node-key.js";
import { fetchTransport } from "../src/wire/transport.js";
import { sha256 } from "../../../ts/io/sha256.js";

/** A node that answers the first question with bytes that are well addressed, and make no message. */
export async function answerUnreadably(server: string): Promise<void> {
  const signer = await signerOf(undefined);
  const fleet = new Fleet({ server, signer, transport: fetchTransport, patience: 60 });
  const call = <Q extends DescMessage, A extends DescMessage>(
    path: string,
    ask: Q,
    answer: A,
    fields: MessageInitShape<Q>,
  ) => fleet.call(path, [ask, answer] as const, fields);
  const publicKey = signer.publicPem;
  await call("register-node", wire.RegisterNodeFleetRequestSchema, wire.RegisterNodeFleetResponseSchema, { publicKey });
  const alive = { publicKey, heartbeatInterval: 30 };
  const { nodeId } = await call(
    "activate-node",
    wire.ActivateNodeRequestSchema,
    wire.ActivateNodeResponseSchema,
    alive,
  );
  const node = { nodeId };
  let asked: wire.Metadata | undefined;
  while (asked === undefined) {
    const pull = [wire.PullMessagesRequestSchema, wire.PullMessagesResponseSchema] as const;
    asked = (await call("pull-messages", ...pull, { node })).messagesList[0]?.metadata;
    if (asked === undefined) await pause(300, undefined);
  }
  const body = new TextEncoder().encode("{no JSON");
  const record = packObject({ type: "RecordDict", children: [], body });
  const children = [await sha256(record, "test")];
  const message = packObject({ type: "Message", children, body: Uint8Array.of(10, 255, 255, 255, 255, 7) });
  const objectId = await sha256(message, "test");
  const { runId, messageType, groupId, messageId, srcNodeId, dstNodeId } = asked;
  const metadata = create(wire.MetadataSchema, {
    runId,
    messageType,
    groupId,
    messageId: objectId,
    srcNodeId: dstNodeId,
    dstNodeId: srcNodeId,
    ttl: 600,
    replyToMessageId: messageId,
    createdAt: Date.now() / 1000,
    ...(asked.dstTaskId !== undefined && { srcTaskId: asked.dstTaskId }),
    ...(asked.srcTaskId !== undefined && { dstTaskId: asked.srcTaskId }),
  });
  const tree = { objectId, children: children.map((id) => ({ objectId: id })) };
  const pushed = await call("push-messages", wire.PushMessagesRequestSchema, wire.PushMessagesResponseSchema, {
    node,
    messagesList: [{ metadata, content: {} }],
    messageObjectTrees: [tree],
    clientappRuntimeList: [1],
  });
  const objects = new Map([
    [objectId, message],
    [children[0]!, record],
  ]);
  for (const id of pushed.objectsToPush)
    await call("push-object", wire.PushObjectRequestSchema, wire.PushObjectResponseSchema, {
      node,
      runId,
      objectId: id,
      objectContent: objects.get(id)!,
      sessionId: pushed.sessionId,
    });
}
