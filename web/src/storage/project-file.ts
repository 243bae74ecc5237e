import { strFromU8, strToU8, type Zippable } from "fflate";
import { read, remove, write } from "./database.js";
import { isPageBusy, pageValue, showPage } from "./page-values.js";
import { changesFor, firstPage, type PageFacts, packPages, type Replaced, unpackPages } from "./project-pages.js";
import { isProject, isRun, isSettings } from "./saved-shapes.js";
import { unzipped, zipped } from "./zip.js";
import { type Project, project, settings, takeProject } from "../state/project.js";
import { forgetRun, type Run, runs, saveRun } from "../state/runs.js";
import type { Settings } from "../state/settings.js";

/** The format version in a project file's first entry. */
const [KIND, VERSION] = ["lowrank studio", 1];
const FACTS = "project.json";
/** Largest unpacked size in bytes. The page holds it in memory. */
const LARGEST = 1e9;

/** Why a project file cannot be opened; `kind` is a key of the messages. */
export class ProjectProblem extends Error {
  constructor(readonly kind: "notProject" | "newer" | "tooLarge" | "damaged" | "busy") {
    super(kind);
    this.name = "ProjectProblem";
  }
}

interface Facts {
  readonly kind: string;
  readonly version: number;
  readonly project: Project | null;
  /** Settings of the table; the defaults without one. */
  readonly settings: Settings;
  /** Runs without their files, which are separate entries. */
  readonly runs: readonly (Omit<Run, "data" | "files"> & { readonly files: readonly string[] | null })[];
  /** What the other pages hold; projects of earlier versions lack it. */
  readonly pages?: PageFacts;
}

/** Table, settings, runs, and what the search, the reranker and the chat hold, as one zip. */
export async function projectFile(): Promise<Uint8Array> {
  const entries: Zippable = {};
  const known = runs.value.map(({ data, files, ...facts }) => {
    entries[`runs/${facts.id}/data.jsonl`] = data;
    for (const [name, bytes] of Object.entries(files ?? {}))
      entries[`runs/${facts.id}/${name}`] = [bytes, { level: 0 }];
    // Checkpoints are not included. Elsewhere the run starts again and gives the same result.
    const status = facts.status === "training" ? ("paused" as const) : facts.status;
    return {
      ...facts,
      status,
      training: status === "paused" ? [] : facts.training,
      files: files && Object.keys(files),
    };
  });
  const facts: Facts = {
    kind: KIND,
    version: VERSION,
    project: project.value,
    settings: settings.value,
    runs: known,
    pages: await packPages(entries),
  };
  return zipped({ [FACTS]: strToU8(JSON.stringify(facts)), ...entries });
}

export { hasPages } from "./project-pages.js";

/** The name of a project file: that of its table, of its newest run, or of what is searched or put in order. */
export async function projectName(): Promise<string> {
  const named = project.value?.table ?? runs.value[0];
  if (named !== undefined) return named.name;
  for (const key of ["search", "search run", "rank table", "rank run", "lesson"]) {
    const value = (await pageValue(key)) as { readonly name: string } | undefined;
    if (value !== undefined) return value.name;
  }
  return "studio";
}

/** Unpacks all files of an archive. Throws `ProjectProblem`. */
async function unpacked(bytes: Uint8Array): Promise<Record<string, Uint8Array>> {
  let sum = 0;
  const files = await unzipped(bytes, ({ originalSize }) => (sum += originalSize) <= LARGEST).catch(() => {
    throw new ProjectProblem("notProject");
  });
  if (sum > LARGEST) throw new ProjectProblem("tooLarge");
  return files;
}

/** A project that was read and checked. */
export interface ReadProject {
  /** Name of the open table, and the pages, that it replaces. */
  readonly replaces: { readonly table: string | null; readonly pages: readonly Replaced[] };
  /** The page to show: that of a project without table and runs; null for the one that is open. */
  readonly page: Replaced | null;
  /**
   * Opens it. Its table replaces the open one, and its search and reranker those there are; runs, pairs and adapters are added. Throws
   * `ProjectProblem` while a page trains, or the browser's error if storage is full. Then nothing has changed.
   */
  open(): Promise<void>;
}

/** Reads a project. Throws `ProjectProblem`. */
export async function readProject(file: Blob): Promise<ReadProject> {
  const files = await unpacked(new Uint8Array(await file.arrayBuffer()));
  const facts = factsOf(files[FACTS]);
  const of = (path: string) => {
    const bytes = files[path];
    if (bytes === undefined) throw new ProjectProblem("damaged");
    return bytes;
  };
  const taken = facts.runs.map(({ files: names, ...run }) => {
    const named = (name: string) => of(`runs/${run.id}/${name}`);
    return {
      ...run,
      data: named("data.jsonl"),
      files: names && Object.fromEntries(names.map((name) => [name, named(name)])),
    } as Run;
  });
  const pages = unpackPages(facts.pages, of);
  if (pages === null) throw new ProjectProblem("damaged");
  const { replaced } = await changesFor(pages);
  const there = project.value;
  const isOfPages = facts.project === null && facts.runs.length === 0;
  return {
    page: isOfPages ? firstPage(pages) : null,
    replaces: { table: facts.project === null || there === null ? null : there.table.name, pages: replaced },
    async open() {
      if (isPageBusy()) throw new ProjectProblem("busy");
      const { changes, dropped } = await changesFor(pages);
      await store(taken, changes);
      if (dropped.length > 0) {
        const { storeOf } = await import("../engine/stores.js");
        for (const id of dropped) await (await storeOf(id)).discard().catch(() => undefined);
      }
      for (const [key, value] of changes) showPage(key, value ?? null);
      if (facts.project !== null) takeProject({ ...facts.project, settings: facts.settings });
    },
  };
}

/** Stores runs that are not there yet, and changes of pages: all of them, or nothing. */
async function store(taken: readonly Run[], changes: ReadonlyMap<string, unknown>): Promise<void> {
  const there = new Set(runs.value.map(({ id }) => id));
  const fresh = taken.filter(({ id }) => !there.has(id));
  const set = (key: string, value: unknown) =>
    value === undefined ? remove("project", key) : write("project", key, value);
  const before = new Map<string, unknown>();
  try {
    for (const run of fresh) await saveRun(run);
    for (const [key, value] of changes) {
      before.set(key, await read("project", key));
      await set(key, value);
    }
  } catch (error) {
    for (const { id } of fresh) await forgetRun(id).catch(() => undefined);
    for (const [key, value] of before) await set(key, value).catch(() => undefined);
    throw error;
  }
}

function factsOf(bytes: Uint8Array | undefined): Facts {
  if (bytes === undefined) throw new ProjectProblem("notProject");
  let facts: Partial<Facts> | null;
  try {
    facts = JSON.parse(strFromU8(bytes)) as Partial<Facts> | null;
  } catch {
    throw new ProjectProblem("damaged");
  }
  if (facts?.kind !== KIND || typeof facts.version !== "number") throw new ProjectProblem("notProject");
  if (facts.version > VERSION) throw new ProjectProblem("newer");
  const { project, runs, settings } = facts;
  if ((project !== null && !isProject(project)) || !Array.isArray(runs) || !runs.every(isRun) || !isSettings(settings))
    throw new ProjectProblem("damaged");
  return facts as Facts;
}
