import { create, toBinary } from "@bufbuild/protobuf";
import type { Tensor } from "lowrank";
import { sha256 } from "lowrank/extension";
import {
  MessageSchema,
  type Metadata,
  MetricRecordSchema,
  type ObjectTree,
  ObjectTreeSchema,
} from "../wire/fleet_pb.js";
import { packNpy } from "./npy.js";
import { type ObjectType, packObject } from "./object-head.js";

/** Size of an array's chunk in bytes, as in Flower. */
const CHUNK = 5 * 2 ** 20;

/** A node's reply: arrays by name if it has trained, and its metrics. */
export interface Reply {
  readonly arrays: ReadonlyMap<string, Tensor> | null;
  readonly metrics: ReadonlyMap<string, number>;
}

/** A message as objects, which the server requests by their ids. */
export class Outgoing {
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();

  /** The object tree of a reply. */
  async reply({ arrays, metrics }: Reply, metadata: Metadata): Promise<ObjectTree> {
    const records: [string, ObjectTree][] = [];
    if (arrays !== null) records.push(["arrays", await this.arrays(arrays)]);
    records.push(["metrics", await this.metrics(metrics)]);
    return this.message(metadata, [await this.record("RecordDict", records)]);
  }

  /** The object tree of a message. */
  async message(
    metadata: Metadata,
    children: ObjectTree[],
    error?: { code: bigint; reason: string },
  ): Promise<ObjectTree> {
    return this.add(
      "Message",
      children,
      toBinary(MessageSchema, create(MessageSchema, { metadata, ...(error && { error }) })),
    );
  }

  private async arrays(arrays: ReadonlyMap<string, Tensor>): Promise<ObjectTree> {
    const found: [string, ObjectTree][] = [];
    for (const [name, tensor] of arrays) found.push([name, await this.array(tensor)]);
    return this.record("ArrayRecord", found);
  }

  private async array(tensor: Tensor): Promise<ObjectTree> {
    const bytes = packNpy(tensor);
    const chunks: ObjectTree[] = [];
    for (let at = 0; at < bytes.length; at += CHUNK)
      chunks.push(await this.add("ArrayChunk", [], bytes.subarray(at, at + CHUNK)));
    const own = distinct(chunks);
    const order = chunks.map(({ objectId }) => own.findIndex((one) => one.objectId === objectId));
    const about = { dtype: "float32", shape: tensor.shape, stype: "numpy.ndarray", arraychunk_ids: order };
    return this.add("Array", own, json(about));
  }

  private metrics(metrics: ReadonlyMap<string, number>): Promise<ObjectTree> {
    const items = [...metrics].map(([key, value]) => ({
      key,
      value: {
        value: Number.isSafeInteger(value)
          ? { case: "sint64" as const, value: BigInt(value) }
          : { case: "double" as const, value },
      },
    }));
    return this.add("MetricRecord", [], toBinary(MetricRecordSchema, create(MetricRecordSchema, { items })));
  }

  private record(type: ObjectType, parts: readonly [string, ObjectTree][]): Promise<ObjectTree> {
    const ids = Object.fromEntries(parts.map(([name, { objectId }]) => [name, objectId]));
    return this.add(type, distinct(parts.map(([, tree]) => tree)), json(ids));
  }

  private async add(type: ObjectType, children: ObjectTree[], body: Uint8Array): Promise<ObjectTree> {
    const bytes = packObject({ type, children: children.map(({ objectId }) => objectId), body });
    const objectId = await sha256(bytes, "joinFederation");
    this.objects.set(objectId, bytes);
    return create(ObjectTreeSchema, { objectId, children });
  }
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Equal chunks are one object. */
const distinct = (trees: readonly ObjectTree[]) =>
  trees.filter(({ objectId }, i) => trees.findIndex((other) => other.objectId === objectId) === i);
