import { TextClassifier } from "lowrank/worker";
import { signal } from "@preact/signals";
import type { Table } from "../data/table.js";
import { project, rows } from "../state/project.js";
import type { Run } from "../state/runs.js";
import { examplesOf, predictAll, recovering, sharedEncoder } from "./classify.js";
import { partsOf } from "./parts.js";

/** Rows of a table: another table may have the same numbers. */
export interface TableRows {
  readonly table: Table | null;
  readonly ids: ReadonlySet<number>;
}

/** A text whose label is doubted. */
export interface Doubt {
  readonly text: string;
  readonly label: string;
  /** The rows of the table that had both when it was doubted. */
  readonly rows: TableRows;
  readonly predicted: string;
  /** Probability of the label in the data. */
  readonly own: number;
}

/** What was found in each run, by its id; a number while it is looked for: the share that is done. */
export const doubts = signal<Readonly<Record<string, readonly Doubt[] | number>>>({});
const set = (id: string, value: readonly Doubt[] | number) => void (doubts.value = { ...doubts.value, [id]: value });

/** Parts that rows are put into: each is asked of a head that was fitted to the others. */
const PARTS = 3;

/**
 * Rows that a classifier calls something else which has not seen them, the most doubtful first. Heads on the model as it is are
 * fitted, a third of the rows being asked of what the two others taught: whoever learnt a wrong label would defend it.
 */
export async function findDoubts(run: Run, abort: AbortSignal): Promise<void> {
  set(run.id, 0);
  try {
    const examples = examplesOf(run);
    const parts = partsOf(examples, PARTS);
    const rowsOf = tableRows();
    const found: Doubt[] = [];
    // Every text is encoded once for each of the heads.
    let before = 0;
    const told = (done: number) => set(run.id, (before + done) / (PARTS * examples.length));
    for (let part = 0; part < PARTS; part++) {
      const learnt = examples.filter((_, i) => parts[i] !== part);
      const labels = [...new Set(learnt.map(({ label }) => label))].sort();
      // A label that only this part has cannot be told by the others.
      const known = examples.filter(({ label }, i) => parts[i] === part && labels.includes(label));
      // What stands in several rows is asked once.
      const asked = [...new Map(known.map((example) => [keyOf(example), example])).values()];
      if (labels.length > 1) {
        const said = await recovering(() => askUnseen(run.id, { labels, learnt, asked }, told, abort));
        found.push(...said.map((one) => ({ ...one, rows: rowsOf(one) })));
      }
      before += examples.length;
    }
    set(
      run.id,
      found.filter(({ label, predicted }) => label !== predicted).sort((a, b) => a.own - b.own),
    );
  } catch (error) {
    const { [run.id]: _, ...others } = doubts.value;
    doubts.value = others;
    if (!abort.aborted) throw error;
  }
}

const keyOf = ({ text, label }: Pick<Doubt, "text" | "label">) => JSON.stringify([text, label]);

/** The rows that have a text and a label in the table as it is now. */
function tableRows(): (example: Pick<Doubt, "text" | "label">) => TableRows {
  const table = project.value?.table ?? null;
  const found = new Map<string, Set<number>>();
  for (const row of rows.value) {
    const ids = found.get(keyOf(row));
    if (ids) ids.add(row.id);
    else found.set(keyOf(row), new Set([row.id]));
  }
  return (example) => ({ table, ids: found.get(keyOf(example)) ?? new Set() });
}

interface Part {
  readonly labels: readonly string[];
  readonly learnt: readonly { readonly text: string; readonly label: string }[];
  readonly asked: readonly { readonly text: string; readonly label: string }[];
}

async function askUnseen(
  id: string,
  { labels, learnt, asked }: Part,
  told: (done: number) => void,
  abort: AbortSignal,
): Promise<Omit<Doubt, "rows">[]> {
  const encoder = await sharedEncoder();
  const classifier = await TextClassifier.create(encoder, { labels: [...labels], lora: null, adapter: `${id}-part` });
  try {
    const onProgress = ({ phase, done }: { phase: string; done: number }) => void (phase === "encode" && told(done));
    await classifier.fitHead(learnt, { onProgress, signal: abort });
    const texts = asked.map(({ text }) => text);
    const said = await predictAll(classifier, texts, (done) => told(learnt.length + done), abort);
    return asked.map(({ text, label }, i) => {
      const { label: predicted, probabilities } = said[i]!;
      return { text, label, predicted, own: probabilities[label]! };
    });
  } finally {
    await classifier.dispose();
  }
}
