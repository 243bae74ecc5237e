import { signal } from "@preact/signals";
import { isConfirmed } from "../data/rows.js";
import type { Table } from "../data/table.js";
import { project, rows } from "../state/project.js";
import type { RunOf } from "../state/runs.js";
import { client } from "./client.js";
import { encoderOf, examplesOf, predictAll, recovering, sharedEncoder } from "./classify.js";
import { partsOf } from "./parts.js";

/** Row ids with their table, since ids of different tables can be equal. */
export interface TableRows {
  readonly table: Table | null;
  readonly ids: ReadonlySet<number>;
}

/** A text whose label may be wrong. */
export interface Doubt {
  readonly text: string;
  readonly label: string;
  /** The rows that had this text and label when the search ran. */
  readonly rows: TableRows;
  readonly predicted: string;
  /** Predicted probability of the row's own label. */
  readonly own: number;
}

/** Results by run id. While a search runs, the value is the finished share (0 to 1). */
export const doubts = signal<Readonly<Record<string, readonly Doubt[] | number>>>({});
const set = (id: string, value: readonly Doubt[] | number) => void (doubts.value = { ...doubts.value, [id]: value });

/** Number of folds. Each fold is predicted by a head that is trained on the other folds. */
const PARTS = 3;

/**
 * Finds rows whose label differs from the prediction of a model that was not trained on them, the most doubtful first. Each third is
 * predicted by a head trained on the other two, on the unchanged model: a model that is trained on a wrong label would repeat it.
 */
export async function findDoubts(run: RunOf<"classify">, abort: AbortSignal): Promise<void> {
  set(run.id, 0);
  try {
    const examples = examplesOf(run);
    const parts = partsOf(examples, PARTS);
    const rowsOf = tableRows();
    const found: Doubt[] = [];
    // Each text is encoded once for each head.
    let before = 0;
    const onDone = (done: number) => set(run.id, (before + done) / (PARTS * examples.length));
    for (let part = 0; part < PARTS; part++) {
      const training = examples.filter((_, i) => parts[i] !== part);
      const labels = [...new Set(training.map(({ label }) => label))].sort();
      // Rows with a label that the other folds lack cannot be predicted.
      const known = examples.filter(({ label }, i) => parts[i] === part && labels.includes(label));
      // Equal rows are predicted once.
      const heldOut = [...new Map(known.map((example) => [keyOf(example), example])).values()];
      if (labels.length > 1) {
        const predictions = await recovering(() => predictUnseen(run, { labels, training, heldOut }, onDone, abort));
        found.push(...predictions.map((one) => ({ ...one, rows: rowsOf(one) })));
      }
      before += examples.length;
    }
    const confirmed = new Set(rows.value.filter(isConfirmed).map(keyOf));
    set(
      run.id,
      found.filter((one) => one.label !== one.predicted && !confirmed.has(keyOf(one))).sort((a, b) => a.own - b.own),
    );
  } catch (error) {
    const { [run.id]: _, ...others } = doubts.value;
    doubts.value = others;
    if (!abort.aborted) throw error;
  }
}

/** A key for equal texts with equal labels. */
export const keyOf = ({ text, label }: Pick<Doubt, "text" | "label">) => JSON.stringify([text, label]);

/** The ids of the current table's rows by text and label. */
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
  readonly training: readonly { readonly text: string; readonly label: string }[];
  readonly heldOut: readonly { readonly text: string; readonly label: string }[];
}

async function predictUnseen(
  run: RunOf<"classify">,
  { labels, training, heldOut }: Part,
  onDone: (done: number) => void,
  abort: AbortSignal,
): Promise<Omit<Doubt, "rows">[]> {
  const encoder = await sharedEncoder(encoderOf(run));
  const { TextClassifier } = await client();
  const classifier = await TextClassifier.create(encoder, {
    labels: [...labels],
    lora: null,
    adapter: `${run.id}-part`,
  });
  try {
    const onProgress = ({ phase, done }: { phase: string; done: number }) => void (phase === "encode" && onDone(done));
    await classifier.fitHead(training, { onProgress, signal: abort });
    const texts = heldOut.map(({ text }) => text);
    const predictions = await predictAll(classifier, texts, (done) => onDone(training.length + done), abort);
    return heldOut.map(({ text, label }, i) => {
      const { label: predicted, probabilities } = predictions[i]!;
      return { text, label, predicted, own: probabilities[label]! };
    });
  } finally {
    await classifier.dispose();
  }
}
