import { FederationError } from "../federation-error.js";

/** Types of objects in messages. */
const objectTypes = [
  "Message",
  "RecordDict",
  "ArrayRecord",
  "Array",
  "ArrayChunk",
  "ConfigRecord",
  "MetricRecord",
] as const;
export type ObjectType = (typeof objectTypes)[number];

/** An object in Flower's format: "<type> <children's ids, comma-separated> <size of the body>", a zero byte, the body. */
export interface FlowerObject {
  readonly type: ObjectType;
  readonly children: readonly string[];
  readonly body: Uint8Array;
}

/** Most bytes of a head. It may have some thousand ids. */
const LONGEST_HEAD = 2 ** 20;

/** Packs an object. */
export function packObject({ type, children, body }: FlowerObject): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${type} ${children.join(",")} ${body.length}\0`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** Unpacks an object. Throws `FederationError` for invalid bytes. */
export function unpackObject(bytes: Uint8Array): FlowerObject {
  const end = bytes.subarray(0, LONGEST_HEAD).indexOf(0);
  const head = new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0)));
  const [, type = "", ids = "", length = ""] = /^([A-Za-z]{1,40}) ([0-9a-f,]*) (\d{1,12})$/.exec(head) ?? [];
  const body = bytes.subarray(end + 1);
  if (!objectTypes.includes(type as ObjectType) || Number(length) !== body.length)
    throw new FederationError(
      `the server sent an object that is not one of ${objectTypes.join(", ")}, or is incomplete`,
      {
        expected: objectTypes,
        value: head.slice(0, 80),
      },
    );
  const children = ids === "" ? [] : ids.split(",");
  const strange = children.find((id) => !/^[0-9a-f]{64}$/.test(id));
  if (strange !== undefined)
    throw new FederationError("the server sent an object whose children have invalid ids: expected SHA-256", {
      value: strange,
    });
  return { type: type as ObjectType, children, body };
}
