import { FederationError } from "../federation-error.js";

/** Kinds of objects that messages are made of. */
const objectTypes = [
  ...(["Message", "RecordDict", "ArrayRecord", "Array", "ArrayChunk", "ConfigRecord", "MetricRecord"] as const),
] as const;
export type ObjectType = (typeof objectTypes)[number];

/** A part of a message as Flower sends it: "<type> <children's ids, by commas> <bytes of the body>", a zero, the body. */
export interface FlowerObject {
  readonly type: ObjectType;
  readonly children: readonly string[];
  readonly body: Uint8Array;
}

/** Bytes of a head: its ids may be some thousands. */
const LONGEST_HEAD = 2 ** 20;

/** An object's bytes. */
export function packObject({ type, children, body }: FlowerObject): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${type} ${children.join(",")} ${body.length}\0`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** Reads what `packObject` gave. Throws `FederationError` for what is none. */
export function unpackObject(bytes: Uint8Array): FlowerObject {
  const end = bytes.subarray(0, LONGEST_HEAD).indexOf(0);
  const head = new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0)));
  const [, type = "", ids = "", length = ""] = /^([A-Za-z]{1,40}) ([0-9a-f,]*) (\d{1,12})$/.exec(head) ?? [];
  const body = bytes.subarray(end + 1);
  if (!objectTypes.includes(type as ObjectType) || Number(length) !== body.length)
    throw new FederationError(`the server sent an object that is none of ${objectTypes.join(", ")}, or is cut`, {
      ...{ expected: objectTypes, value: head.slice(0, 80) },
    });
  const children = ids === "" ? [] : ids.split(",");
  const strange = children.find((id) => !/^[0-9a-f]{64}$/.test(id));
  if (strange !== undefined)
    throw new FederationError("the server sent an object whose parts have no SHA-256 as their ids", { value: strange });
  return { type: type as ObjectType, children, body };
}
