import type { EncoderId } from "../engine/encoders.js";
import { computed, effect, signal } from "@preact/signals";
import { countLabels, type Row } from "../data/rows.js";
import type { Table } from "../data/table.js";
import { isLabelled, oneLabel, renamed, type Target } from "../data/target.js";
import { read as stored, remove, write } from "../storage/database.js";

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
}

export const project = signal<Project | null>(null);
/** The rows before each change, the oldest first. */
const before = signal<readonly (readonly Row[])[]>([]);
const MOST_UNDONE = 20;

export const canUndo = computed(() => before.value.length > 0);
export const rows = computed(() => project.value?.rows ?? []);
export const target = computed(() => project.value?.target ?? oneLabel);
export const encoder = computed((): EncoderId => project.value?.encoder ?? "english");
export const labels = computed(() => countLabels(rows.value, target.value));
/** Rows that can be used for training: those with a text and a label. */
export const usable = computed(() =>
  rows.value.filter(({ text, label }) => text.trim() !== "" && isLabelled(label, target.value)),
);

/** Chooses the model to train on. */
export const chooseEncoder = (encoder: EncoderId) => void (project.value = { ...project.value!, encoder });

/** Opens a table as it was read, or a saved project. This discards changes to the rows. */
export function takeProject(opened: Project): void {
  before.value = [];
  project.value = opened;
}

function change(rows: readonly Row[]): void {
  before.value = [...before.value, project.value!.rows].slice(-MOST_UNDONE);
  project.value = { ...project.value!, rows };
}

export function undo(): void {
  const last = before.value.at(-1);
  if (last === undefined) return;
  before.value = before.value.slice(0, -1);
  project.value = { ...project.value!, rows: last };
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
    ...{ ...row, label: name(row.label) },
    ...(confirmed !== undefined && { confirmed: name(confirmed) }),
  });
  change(project.value!.rows.map(rename));
}

export function closeProject(): void {
  project.value = null;
  before.value = [];
}

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

/** Restores the table of an earlier visit, and saves changes from now on. */
export async function keepProject(): Promise<void> {
  const kept = await stored<Project>("project", "current").catch(() => undefined);
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
    const saved = now === null ? remove("project", "current") : write("project", "current", now);
    saved
      .then(() => {
        safe = now;
        if (now === null) others.postMessage(null);
      })
      .catch(() => undefined);
  };
  // Another tab has closed its table, which deleted the stored one, so this tab's is stored again.
  others.onmessage = () => {
    known = safe = null;
    save();
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
    try {
      sessionStorage.setItem(UNSAVED, JSON.stringify(project.value));
    } catch {
      // It is too large, or nothing is stored: the database may still get it.
    }
  });
}
