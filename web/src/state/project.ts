import type { EncoderId } from "../engine/encoders.js";
import { computed, effect, signal } from "@preact/signals";
import { countLabels, type Row, usableRows } from "../data/rows.js";
import type { Table } from "../data/table.js";
import { oneLabel, renamed, type Target } from "../data/target.js";
import { read as stored, remove, write } from "../storage/database.js";
import { notice } from "./notice.js";
import { defaults, type Settings } from "./settings.js";

/** The open table: as read from the file, the selected columns, and the rows with the user's changes. */
export interface Project {
  readonly table: Table;
  readonly text: number;
  readonly label: number;
  /** Further columns of texts, in the order in which theirs follow that of `text`; projects of earlier versions lack it: none. */
  readonly more?: readonly number[];
  /** What the rows say; projects of earlier versions lack it: one label. */
  readonly target?: Target;
  readonly rows: readonly Row[];
  /** The model to train on; missing for the English one. */
  readonly encoder?: EncoderId;
  /** Settings of the next training; missing for the defaults. */
  readonly settings?: Settings;
}

export const project = signal<Project | null>(null);
/** The table before each change, the oldest first. Of tables that another one replaced there is only the last: each is as large as its file. */
const before = signal<readonly Project[]>([]);
const MOST_UNDONE = 20;

export const canUndo = computed(() => before.value.length > 0);
/** The table that was closed last, until another one is opened; null for none. */
export const closed = computed(() => (project.value === null ? (before.value.at(-1) ?? null) : null));
export const rows = computed(() => project.value?.rows ?? []);
export const target = computed(() => project.value?.target ?? oneLabel);
export const encoder = computed((): EncoderId => project.value?.encoder ?? "english");
export const settings = computed(() => project.value?.settings ?? defaults);
export const labels = computed(() => countLabels(rows.value, target.value));
/** Rows that can be used for training. */
export const usable = computed(() => usableRows(rows.value, target.value));

/** Chooses the model to train on. */
export const chooseEncoder = (encoder: EncoderId) => void (project.value = { ...project.value!, encoder });

export const changeSettings = (change: Partial<Settings>) =>
  void (project.value = { ...project.value!, settings: { ...settings.value, ...change } });

/** Sets what `undo` goes back to. An earlier notice would undo something else than it says. */
function remember(tables: readonly Project[]): void {
  before.value = tables;
  if (notice.value?.undo === true) notice.value = null;
}

/** Opens a table as it was read, or a saved project. This discards changes to the rows; `undo` brings back the table there was. */
export function takeProject(opened: Project): void {
  const now = project.value;
  remember(now === null ? [] : now.table === opened.table ? [...before.value, now].slice(-MOST_UNDONE) : [now]);
  project.value = opened;
}

function change(rows: readonly Row[]): void {
  remember([...before.value, project.value!].slice(-MOST_UNDONE));
  project.value = { ...project.value!, rows };
}

/** Takes back the last change of the rows, or shows the table again that was closed or replaced. */
export function undo(): void {
  const last = before.value.at(-1);
  if (last === undefined) return;
  before.value = before.value.slice(0, -1);
  const now = project.value;
  const isSameTable = now?.table === last.table;
  // The model to train on and the settings are no changes of the table.
  const { encoder, settings } = (isSameTable && now) || last;
  project.value = { ...last, ...(encoder && { encoder }), ...(settings && { settings }) };
}

export function removeRows(ids: readonly number[]): void {
  const gone = new Set(ids);
  change(project.value!.rows.filter(({ id }) => !gone.has(id)));
}

/** Changes rows in the same way, as one step for undo. */
export function mendRows(ids: readonly number[], mended: Partial<Omit<Row, "id">>): void {
  const wanted = new Set(ids);
  change(project.value!.rows.map((row) => (wanted.has(row.id) ? { ...row, ...mended } : row)));
}

/** Adds texts without a label, except those that the table already has. Returns the number of added rows. */
export function addTexts(texts: readonly string[]): number {
  const there = new Set(rows.value.map(({ text }) => text));
  const fresh = [...new Set(texts)].filter((text) => text.trim() !== "" && !there.has(text));
  // Not the place of a record whose row was removed.
  const first = rows.value.reduce((most, { id }) => Math.max(most, id), project.value!.table.records.length - 1) + 1;
  if (fresh.length > 0) change([...rows.value, ...fresh.map((text, i) => ({ id: first + i, text, label: "" }))]);
  return fresh.length;
}

export function renameLabels(from: readonly string[], to: string): void {
  const name = (label: string) => renamed(label, from, to, target.value);
  const rename = ({ confirmed, ...row }: Row): Row => ({
    ...row,
    label: name(row.label),
    ...(confirmed !== undefined && { confirmed: name(confirmed) }),
  });
  change(project.value!.rows.map(rename));
}

/** Closes the table. `undo` opens it again. */
export function closeProject(): void {
  remember(project.value === null ? [] : [project.value]);
  project.value = null;
}

/** Whether two tables, read separately, are the same file. */
const isSame = (a: Table, b: Table): boolean =>
  a.name === b.name &&
  a.records.length === b.records.length &&
  [a.columns, a.records[0], a.records.at(-1)].join("\n") === [b.columns, b.records[0], b.records.at(-1)].join("\n");

const UNSAVED = "lowrank-studio unsaved project";
/** The table that a reload interrupted the saving of; null if it was closed, undefined if there is none. */
function unsaved(): Project | null | undefined {
  try {
    const json = sessionStorage.getItem(UNSAVED);
    sessionStorage.removeItem(UNSAVED);
    const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    // Left in another way, the tab may come back when another tab has saved a newer one.
    return json === null || navigation?.type !== "reload" ? undefined : (JSON.parse(json) as Project | null);
  } catch {
    return undefined;
  }
}

const current = () => stored<Project>("project", "current").catch(() => undefined);

/** Restores the table of an earlier visit, and saves changes from now on. */
export async function keepProject(): Promise<void> {
  const kept = await current();
  const left = unsaved();
  const newest = left === undefined ? kept : left;
  if (newest && project.value === null) project.value = newest;
  // A table that could not be read is not deleted. `known` is what was last given to the database, `safe` what it has.
  let known = kept ?? null;
  let safe = known;
  const others = new BroadcastChannel("lowrank-studio project");
  const save = () => {
    const now = project.value;
    if (now === known) return;
    known = now;
    if (now !== null) others.postMessage("saving");
    const saved = now === null ? remove("project", "current") : write("project", "current", now);
    saved
      .then(() => {
        safe = now;
        others.postMessage(now === null ? "closed" : "saved");
      })
      .catch(() => undefined);
  };
  others.onmessage = async ({ data }: MessageEvent<"saving" | "saved" | "closed">) => {
    // Until it is known which table the other tab has stored, a reload comes back with this tab's.
    safe = null;
    if (data === "saving") return;
    const before = project.value;
    const theirs = data === "saved" ? await current() : undefined;
    const now = project.value;
    if (now === null) return;
    if (theirs !== undefined && isSame(theirs.table, now.table)) {
      // The same table in two tabs: else each would overwrite what the user corrects in the other.
      if (now !== before || now !== known) return;
      remember([]);
      project.value = known = safe = { ...theirs, table: now.table };
    } else {
      // The stored table is another one, or was deleted. After a reload this tab has its own again.
      known = safe = null;
      if (data === "closed") save();
    }
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const now = project.value;
    clearTimeout(timer);
    // A closed table is deleted at once: other tabs hear of it only while this one is open.
    if (now === null) save();
    else timer = setTimeout(save, 300);
  });
  // A reload does not wait for the timer, and the browser may give up a write that it has not begun.
  addEventListener("pagehide", () => {
    save();
    if (project.value === safe) return;
    // A page that is left has no later.
    others.postMessage(project.value === null ? "closed" : "saved");
    try {
      sessionStorage.setItem(UNSAVED, JSON.stringify(project.value));
    } catch {
      // It is too large, or nothing is stored: the database may still get it.
    }
  });
}
