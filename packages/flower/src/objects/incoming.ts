import { fromBinary } from "@bufbuild/protobuf";
import { concatenated, isJsonObject, type Json, parseJsonObject, sha256 } from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import { ConfigRecordSchema } from "../wire/fleet_pb.js";
import { type FlowerObject, type ObjectType, unpackObject } from "./object-head.js";

/** A value of a configuration. */
export type ConfigValue = number | boolean | string;

/** What a message of a server holds: settings, and arrays by name, each as `numpy.save` wrote it. */
export interface IncomingContent {
  readonly config: ReadonlyMap<string, ConfigValue>;
  /** Fetches the arrays, once it is known what they must be. Throws `FederationError` for more bytes than `most`. */
  arrays(most: number): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** Gives an object's bytes by its id. */
export type PullObject = (id: string, most: number) => Promise<Uint8Array>;

/** Objects that a message may have: an adapter's arrays are some hundreds. */
const MOST_OBJECTS = 20_000;
/** Bytes of all but the arrays: heads, names and settings. */
const OVERHEAD = 2 ** 20;
/** Names of the records that Flower's strategies send. */
const [ARRAYS, CONFIG] = ["arrays", "config"];

/**
 * Fetches what a message is made of, part by part. Throws `FederationError` for parts whose bytes are not those of their ids, for
 * what is put together otherwise than Flower does, and for more bytes than there may be.
 */
export class Incoming {
  private left = OVERHEAD;
  private count = 0;

  constructor(private readonly pullObject: PullObject) {}

  /** The settings, which say what the arrays must be: those are left where they are until then. */
  async content(messageId: string): Promise<IncomingContent> {
    const [record] = (await this.pull(messageId, "Message")).children;
    if (record === undefined) throw new FederationError("the server's message is empty", { value: messageId });
    const records = namesOf(await this.pull(record, "RecordDict"));
    const [arrays, config] = [records.get(ARRAYS), records.get(CONFIG)];
    if (arrays === undefined || config === undefined || records.size !== 2)
      throw new FederationError(
        `the server's message holds ${[...records.keys()].join(", ") || "nothing"}, where "${ARRAYS}" and "${CONFIG}" are expected: is this app one of \`lowrank flower app\`?`,
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
      throw new FederationError("the server sent an array that is none of NumPy's", { value: stype });
    const chunks = new Map<string, Uint8Array>();
    for (const child of children) chunks.set(child, (await this.pull(child, "ArrayChunk")).body);
    const parts = (order as number[]).map((place) => chunks.get(children[place]!)!);
    // A chunk that is named again and again is fetched once, and counts each time.
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
      throw new FederationError("the server sent an object that is damaged: its SHA-256 is not its id", { value: id });
    const object = unpackObject(bytes);
    if (object.type === type) return object;
    throw new FederationError(`the server sent ${object.type} where ${type} is expected`, {
      ...{ expected: type, actual: object.type },
    });
  }

  /** Counts bytes before there is memory for them twice. */
  private take(bytes: number): void {
    this.left -= bytes;
    if (this.left >= 0) return;
    throw new FederationError("the server's message has more bytes than this adapter, its head and settings have", {
      maximum: this.left + bytes,
    });
  }
}

const jsonOf = (body: Uint8Array) =>
  parseJsonObject(
    body,
    (problem, cause) => new FederationError(`the server sent an object: ${problem}`, { problem }, { cause }),
  );

/** Ids by name. */
function namesOf({ body, children }: FlowerObject): Map<string, string> {
  const names = jsonOf(body);
  const found = isJsonObject(names) ? Object.entries(names) : [];
  const own = new Set<unknown>(children);
  const strange = found.find(([, id]) => !own.has(id));
  if (strange !== undefined)
    throw new FederationError("the server sent a record with parts that are not its own", { value: strange[0] });
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
    throw new FederationError("the server sent settings that are damaged", { expected }, { cause });
  }
}
