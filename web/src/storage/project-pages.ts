import type { Zippable } from "fflate";
import { adapterKey, freeName } from "./adapter-names.js";
import { putBytes, pathOf, takeBytes, type WithoutBytes } from "./page-bytes.js";
import { isAdapter, pageShapes } from "./page-shapes.js";
import { pageValue } from "./page-values.js";

/** What the pages hold that are not steps, by its key in the database. */
export type PageFacts = Readonly<Record<string, WithoutBytes>>;
type Values = ReadonlyMap<string, unknown>;

interface Adapters {
  readonly adapters: readonly { readonly id: string; readonly name: string; readonly model: string }[];
}
interface Lesson {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly status: string;
  readonly files: unknown;
}
interface Pairs {
  readonly pairs: readonly { readonly id: string }[];
}

/** Keys that belong together: a project's replace all of them. */
const groups = {
  search: ["search", "search run", "search judgements"],
  rank: ["rank table", "rank run"],
} as const;

/** What a page holds; undefined for nothing. */
async function heldBy(key: string): Promise<unknown> {
  const value = await pageValue(key);
  return value === undefined || isEmpty(value) ? undefined : value;
}

/** What the pages hold now. */
async function currentPages(): Promise<Values> {
  const values = new Map<string, unknown>();
  const add = async (key: string) => {
    const value = await heldBy(key);
    if (value !== undefined) values.set(key, value);
  };
  for (const key of Object.keys(pageShapes)) await add(key);
  for (const { id } of adaptersIn(values)) await add(adapterKey(id));
  return values;
}

const adaptersIn = (values: Values) => (values.get("chat-adapters") as Adapters | undefined)?.adapters ?? [];
const isEmpty = (value: unknown) =>
  Array.isArray(value)
    ? value.length === 0
    : Object.values(value as object).every((field) => Array.isArray(field) && field.length === 0);

/** Whether a page holds something. */
export async function hasPages(): Promise<boolean> {
  for (const key of Object.keys(pageShapes)) if ((await heldBy(key)) !== undefined) return true;
  return false;
}

/** The pages for a project file. Their files are added to `entries`. */
export async function packPages(entries: Zippable): Promise<PageFacts> {
  const facts: Record<string, WithoutBytes> = {};
  for (const [key, value] of await currentPages())
    facts[key] = takeBytes(stopped(value), (at, bytes) => (entries[pathOf(key, at)] = [bytes, { level: 0 }]));
  return facts;
}

/** Checkpoints are not included, so an unfinished training starts again and gives the same result. */
function stopped(value: unknown): unknown {
  const { status } = value as { status?: string };
  return status === "training" || status === "paused"
    ? { ...(value as object), status: "paused", training: [], validation: [] }
    : value;
}

/** A project's pages, as they were saved. Null if they are damaged. */
export function unpackPages(facts: unknown, bytesOf: (path: string) => Uint8Array): Values | null {
  if (facts === undefined) return new Map();
  if (typeof facts !== "object" || facts === null) return null;
  const values = new Map<string, unknown>();
  for (const [key, page] of Object.entries(facts)) {
    const check = Object.hasOwn(pageShapes, key) ? pageShapes[key]! : key.startsWith(adapterKey("")) ? isAdapter : null;
    // A newer Studio may have more pages.
    if (check === null) continue;
    if (typeof page !== "object" || page === null) return null;
    const value = putBytes(page as WithoutBytes, (at) => bytesOf(pathOf(key, at)));
    if (!check(value)) return null;
    values.set(key, value);
  }
  return adaptersIn(values).every(({ id }) => values.has(adapterKey(id))) ? values : null;
}

/** A page that holds something. */
export type Replaced = keyof typeof groups | "chat";

/** The first page that has something; null for none. */
export function firstPage(values: Values): Replaced | null {
  const [key] = values.keys();
  if (key === undefined) return null;
  const found = (Object.keys(groups) as (keyof typeof groups)[]).find((name) =>
    (groups[name] as readonly string[]).includes(key),
  );
  return found ?? "chat";
}

/** What opening a project changes. */
export interface PageChanges {
  /** New values by key; undefined removes. */
  readonly changes: Values;
  readonly replaced: readonly Replaced[];
  /** Ids of trainings that are replaced, whose files are of no use any more. */
  readonly dropped: readonly string[];
}

/** What to store so that a project's pages are shown. Pairs and adapters of the chat are added to those there are. */
export async function changesFor(given: Values): Promise<PageChanges> {
  const now = await currentPages();
  const changes = new Map<string, unknown>();
  const replaced: Replaced[] = [];
  for (const [name, keys] of Object.entries(groups) as [keyof typeof groups, readonly string[]][]) {
    if (!keys.some((key) => given.has(key))) continue;
    if (keys.some((key) => now.has(key))) replaced.push(name);
    for (const key of keys) if (given.has(key) || now.has(key)) changes.set(key, given.get(key));
  }
  const adapters = [...adaptersIn(now)];
  const add = (one: Adapters["adapters"][number], files: unknown) => {
    if (adapters.some(({ id }) => id === one.id)) return;
    adapters.push({ ...one, name: freeName(one.name, (name) => adapters.some((other) => other.name === name)) });
    changes.set(adapterKey(one.id), files);
    changes.set("chat-adapters", { adapters });
  };
  for (const one of adaptersIn(given)) add(one, given.get(adapterKey(one.id)));
  const [before, lesson] = [now.get("lesson"), given.get("lesson")] as (Lesson | undefined)[];
  if (lesson !== undefined) {
    changes.set("lesson", lesson);
    if (before !== undefined && before.id !== lesson.id) {
      const { id, name, model, files } = before;
      if (before.status === "finished") add({ id, name, model }, files);
      else replaced.push("chat");
    }
  }
  const pairs = given.get("chat-judged") as Pairs | undefined;
  if (pairs !== undefined) {
    const known = (now.get("chat-judged") as Pairs | undefined)?.pairs ?? [];
    const fresh = pairs.pairs.filter(({ id }) => !known.some((one) => one.id === id));
    changes.set("chat-judged", { pairs: [...known, ...fresh] });
  }
  const idOf = (value: unknown) => (value as { readonly id?: string } | undefined)?.id;
  const dropped = ["search run", "rank run", "lesson"]
    .filter((key) => changes.has(key) && idOf(now.get(key)) !== idOf(changes.get(key)))
    .map((key) => idOf(now.get(key)))
    .filter((id) => id !== undefined);
  return { changes, replaced, dropped };
}
