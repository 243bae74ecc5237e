import { fromBinary } from "@bufbuild/protobuf";
import { concatenated, isJsonObject, type Json, parseJsonObject, sha256 } from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import { ConfigRecordSchema } from "../wire/fleet_pb.js";
import { type FlowerObject, type ObjectType, unpackObject } from "./object-head.js";

/** A configuration value. */
export type ConfigValue = number | boolean | string;

/** Content of a server's message: settings, and arrays by name in the format of `numpy.save`. */
export interface IncomingContent {
  readonly config: ReadonlyMap<string, ConfigValue>;
  /** Fetches the arrays, after their expected shapes are known. Throws `FederationError` for more than `most` bytes. */
  arrays(most: number): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** Returns an object's bytes by its id. */
export type PullObject = (id: string, most: number) => Promise<Uint8Array>;

/** Most objects of a message. An adapter has a few hundred arrays. */
const MOST_OBJECTS = 20_000;
/** Most bytes besides the arrays: heads, names and settings. */
const OVERHEAD = 2 ** 20;
/** Names of the records in Flower's messages. */
const [ARRAYS, CONFIG] = ["arrays", "config"];

/**
 * Fetches the objects of a message one by one. Throws `FederationError` for objects whose bytes do not match their ids, for
 * other structures than Flower's, and for too many bytes.
 */
export class Incoming {
  private left = OVERHEAD;
  private count = 0;

  constructor(private readonly pullObject: PullObject) {}

  /** Reads the settings, which determine the expected arrays. The arrays are fetched later. */
  async content(messageId: string): Promise<IncomingContent> {
    const [record] = (await this.pull(messageId, "Message")).children;
    if (record === undefined) throw new FederationError("the server's message is empty", { value: messageId });
    const records = namesOf(await this.pull(record, "RecordDict"));
    const [arrays, config] = [records.get(ARRAYS), records.get(CONFIG)];
    if (arrays === undefined || config === undefined || records.size !== 2)
      throw new FederationError(
        `the server's message has ${[...records.keys()].join(", ") || "no records"}, expected "${ARRAYS}" and "${CONFIG}": was this app written by \`lowrank flower app\`?`,
        { expected: [ARRAYS, CONFIG], actual: [...records.keys()] },
      );
    const settings = settingsOf(await this.pull(config, "ConfigRecord"));
    return { config: settings, arrays: (most) => this.arrays(arrays, most) };
  }

  private async arrays(id: string, most: number): Promise<Map<string, Uint8Array>> {
    this.left += most;
    const found = new Map<string, Uint8Array>();
    for (const [name, part] of namesOf(await this.pull(id, "ArrayRecord"))) found.set(name, await this.array(part));
    return found;
  }

  private async array(id: string): Promise<Uint8Array> {
    const { children, body } = await this.pull(id, "Array");
    const { stype, arraychunk_ids: order } = jsonOf(body);
    const isPlace = (place: Json) =>
      Number.isSafeInteger(place) && (place as number) >= 0 && (place as number) < children.length;
    if (stype !== "numpy.ndarray" || !Array.isArray(order) || !order.every(isPlace) || order.length > MOST_OBJECTS)
      throw new FederationError("the server sent an array that is not in NumPy's format", { value: stype });
    const chunks = new Map<string, Uint8Array>();
    for (const child of children) chunks.set(child, (await this.pull(child, "ArrayChunk")).body);
    const parts = (order as number[]).map((place) => chunks.get(children[place]!)!);
    // A chunk that appears several times is fetched once, but counts each time.
    const bytes = (all: readonly Uint8Array[]) => all.reduce((sum, { length }) => sum + length, 0);
    this.take(Math.max(0, bytes(parts) - bytes([...chunks.values()])));
    return concatenated(parts);
  }

  private async pull(id: string, type: ObjectType): Promise<FlowerObject> {
    if (++this.count > MOST_OBJECTS)
      throw new FederationError(`the server's message has more than ${MOST_OBJECTS} parts`, { maximum: MOST_OBJECTS });
    const bytes = await this.pullObject(id, this.left);
    this.take(bytes.length);
    if ((await sha256(bytes, "joinFederation")) !== id)
      throw new FederationError("the server sent a damaged object: its SHA-256 is not its id", { value: id });
    const object = unpackObject(bytes);
    if (object.type === type) return object;
    throw new FederationError(`the server sent ${object.type}, expected ${type}`, {
      expected: type,
      actual: object.type,
    });
  }

  /** Counts bytes before memory for a second copy is allocated. */
  private take(bytes: number): void {
    this.left -= bytes;
    if (this.left >= 0) return;
    throw new FederationError("the server's message is larger than this adapter with its head and settings", {
      maximum: this.left + bytes,
    });
  }
}

const jsonOf = (body: Uint8Array) =>
  parseJsonObject(
    body,
    (problem, cause) => new FederationError(`the server sent an object: ${problem}`, { problem }, { cause }),
  );

/** Object ids by name. */
function namesOf({ body, children }: FlowerObject): Map<string, string> {
  const names = jsonOf(body);
  const found = isJsonObject(names) ? Object.entries(names) : [];
  const own = new Set<unknown>(children);
  const strange = found.find(([, id]) => !own.has(id));
  if (strange !== undefined)
    throw new FederationError("the server sent a record with objects of another one", { value: strange[0] });
  return new Map(found as [string, string][]);
}

function settingsOf({ body }: FlowerObject): Map<string, ConfigValue> {
  const settings = new Map<string, ConfigValue>();
  for (const { key, value } of recordOf(body).items) {
    const { case: kind, value: given } = value?.value ?? {};
    if (kind === "double" || kind === "bool" || kind === "string") settings.set(key, given as ConfigValue);
    if (kind === "sint64" || kind === "uint64") settings.set(key, Number(given));
  }
  return settings;
}

function recordOf(body: Uint8Array) {
  try {
    return fromBinary(ConfigRecordSchema, body);
  } catch (cause) {
    const expected = ConfigRecordSchema.typeName;
    throw new FederationError("the server sent damaged settings", { expected }, { cause });
  }
}
