import { computed, useSignal } from "@preact/signals";
import { TableProblem } from "../../data/problem.js";
import { findWavering, type Wavering, wavering } from "../../engine/next-to-label.js";
import { nameNow } from "../../engine/names-now.js";
import { m } from "../../messages/index.js";
import { FewFirst } from "../../parts/few-first.js";
import { LabelSelect } from "../../parts/label-select.js";
import { addTexts, mendRows, project, rows } from "../../state/project.js";
import type { RunOf } from "../../state/runs.js";
import { notify } from "../../state/notice.js";
import { mend } from "./mended.js";
import { RowState } from "./row-state.js";
import { Search } from "./search.js";

const LISTED = 30;
/** Up to this number of labels, each has a button; more are in a list. */
const BUTTONS = 4;

const unlabelled = computed(() => rows.value.filter(({ text, label }) => label === "" && text.trim() !== ""));

function One({ one, labels }: { one: Wavering; labels: readonly string[] }) {
  const t = m().judge;
  const { text, first, second, odds } = one;
  const ids = unlabelled.value.filter((row) => row.text === text).map(({ id }) => id);
  const take = (label: string) => mend(ids.length, () => mendRows(ids, { label }));
  const [p, q] = odds.map((share) => m().odds(share));
  return (
    <li>
      <p class="text">{text}</p>
      <p class="facts">{t.wavers(nameNow(first), p!, nameNow(second), q!)}</p>
      {ids.length === 0 ? (
        <RowState text={text} />
      ) : labels.length <= BUTTONS ? (
        <div class="actions">
          {labels.map((label) => (
            <button key={label} type="button" class="small" onClick={() => take(label)}>
              {label}
            </button>
          ))}
        </div>
      ) : (
        <LabelSelect label={t.labelOf} value="" names={labels} none={t.labelOf} onPick={take} />
      )}
    </li>
  );
}

/** Adds texts without labels from a file. */
function Bring({ run }: { run: RunOf<"classify"> }) {
  const t = m().judge;
  const problem = useSignal<string | null>(null);
  const bring = async (file: File) => {
    problem.value = null;
    try {
      const { readApart } = await import("../../data/apart/read-apart.js");
      const { texts } = await readApart("texts", file);
      const added = addTexts(texts);
      notify(t.brought(added), added > 0);
      const { [run.id]: _, ...others } = wavering.value;
      wavering.value = others;
    } catch (reason) {
      const { kind, detail } = reason instanceof TableProblem ? reason : new TableProblem("noTable");
      problem.value = m().data.problems[kind]!(String(detail));
    }
  };
  return (
    <>
      <label class="button small">
        {t.bring}
        <input
          type="file"
          accept=".csv,.tsv,.tab,.txt,.json,.jsonl,.ndjson,.xlsx"
          onChange={({ currentTarget: { files } }) => files?.[0] && void bring(files[0])}
        />
      </label>
      {problem.value !== null && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </>
  );
}

/** Rows without a label that are most useful to label. */
export function Next({ run }: { run: RunOf<"classify"> }) {
  const t = m().judge;
  const { length } = unlabelled.value;
  const texts = () => unlabelled.value.map(({ text }) => text);
  const found = wavering.value[run.id];
  const open = new Set(texts());
  // All that are listed have a label, or are of another table.
  const isDone = typeof found === "object" && !found.slice(0, LISTED).some(({ text }) => open.has(text));
  return (
    <section class="doubts next" aria-labelledby="next-heading">
      <h2 id="next-heading">{t.next}</h2>
      <p class="hint">{t.nextHint}</p>
      <Search
        id={`next ${run.id}`}
        found={found}
        begin={length === 0 ? null : t.findNext(length)}
        isDone={isDone}
        find={(signal) => findWavering(run, texts(), signal)}
      >
        {(found) => (
          <FewFirst labelledBy="next-heading">
            {found.slice(0, LISTED).map((one) => (
              <One key={one.text} one={one} labels={[...new Set(run.labels.map(nameNow))]} />
            ))}
          </FewFirst>
        )}
      </Search>
      {project.value !== null && (length === 0 || isDone || found === undefined) && <Bring run={run} />}
    </section>
  );
}
