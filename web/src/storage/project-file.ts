import { strFromU8, strToU8, type Zippable } from "fflate";
import { isProject, isRun, isSettings } from "./saved-shapes.js";
import { unzipped, zipped } from "./zip.js";
import { type Settings, settings } from "../engine/settings.js";
import { type Project, project, takeProject } from "../state/project.js";
import { forgetRun, type Run, runs, saveRun } from "../state/runs.js";

/** The format version in a project file's first entry. */
const [KIND, VERSION] = ["lowrank studio", 1];
const FACTS = "project.json";
/** Largest unpacked size in bytes. The page holds it in memory. */
const LARGEST = 1e9;

/** Why a project file cannot be opened; `kind` is a key of the messages. */
export class ProjectProblem extends Error {
  constructor(readonly kind: "notProject" | "newer" | "tooLarge" | "damaged") {
    super(kind);
    this.name = "ProjectProblem";
  }
}

interface Facts {
  readonly kind: string;
  readonly version: number;
  readonly project: Project | null;
  readonly settings: Settings;
  /** Runs without their files, which are separate entries. */
  readonly runs: readonly (Omit<Run, "data" | "files"> & { readonly files: readonly string[] | null })[];
}

/** Table, settings and runs, as one zip. */
export function projectFile(): Promise<Uint8Array> {
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
    ...{ kind: KIND, version: VERSION },
    ...{ project: project.value, settings: settings.value, runs: known },
  };
  return zipped({ [FACTS]: strToU8(JSON.stringify(facts)), ...entries });
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

/**
 * Opens a project. Its table replaces the open one, its runs are added.
 * Throws `ProjectProblem`, or the browser's error if storage is full. Then nothing has changed.
 */
export async function openProject(file: Blob): Promise<void> {
  const files = await unpacked(new Uint8Array(await file.arrayBuffer()));
  const facts = factsOf(files[FACTS]);
  const there = new Set(runs.value.map(({ id }) => id));
  const taken = facts.runs.map(({ files: names, ...run }) => {
    const of = (name: string) => {
      const bytes = files[`runs/${run.id}/${name}`];
      if (bytes === undefined) throw new ProjectProblem("damaged");
      return bytes;
    };
    return {
      ...run,
      data: of("data.jsonl"),
      files: names && Object.fromEntries(names.map((name) => [name, of(name)])),
    } as Run;
  });
  const fresh = taken.filter(({ id }) => !there.has(id));
  try {
    for (const run of fresh) await saveRun(run);
  } catch (error) {
    for (const { id } of fresh) await forgetRun(id).catch(() => undefined);
    throw error;
  }
  if (facts.project !== null) takeProject(facts.project);
  settings.value = facts.settings;
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
