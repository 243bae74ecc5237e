import type { Finding } from "../../data/findings.js";
import { m } from "../../messages/index.js";
import { forReading } from "../../messages/reading.js";
import { forTasks } from "../../messages/tasks.js";
import { Icon } from "../../parts/icons.js";
import { findings } from "../../state/findings.js";
import { labels, removeRows, renameLabels, target } from "../../state/project.js";
import { selectTask } from "../../state/reading.js";
import { notify } from "../../state/notice.js";
import { clearFilter, filter } from "./state.js";

/** A list of labels for a message. */
const named = (names: readonly string[]) =>
  names.slice(0, 6).map(m().quoted).join(", ") + (names.length > 6 ? ", …" : "");

const countOf = (name: string) => labels.value.find(([label]) => label === name)?.[1] ?? 0;

/** The sentence of a finding. */
function sentence({ kind, rows, labels, removable }: Finding): string {
  const { found } = m().data;
  const { missing, same, different } = forTasks().each[target.value.task];
  switch (kind) {
    case "emptyText":
    case "withoutLabels":
    case "notNumbers":
    case "farNumbers":
    case "notMarked":
      return found[kind](rows.length);
    case "emptyLabel":
      return found.emptyLabel(rows.length, missing);
    case "contradictions":
      return found.contradictions(rows.length, different);
    case "duplicates":
      return found.duplicates(removable.length, same);
    case "misspelt": {
      const [wrong, right] = labels as [string, string];
      return forReading().misspelt(wrong, countOf(wrong), right, countOf(right));
    }
    case "similarLabels":
    case "smallClass":
    case "joinedLabels":
      return found[kind](named(labels));
    case "halfPair":
      return found.halfPair(labels[0]!, labels[1]!);
    case "oneLabel":
      return found.oneLabel(labels[0]!);
    default:
      return found[kind]();
  }
}

/** Findings of which there is one for each group of labels, which one click joins. */
const JOINED: ReadonlySet<Finding["kind"]> = new Set(["similarLabels", "misspelt"]);

/** The caption of the rows shown for a finding: the remaining problem, or that it is fixed. */
export function ShownFinding({ shown }: { shown: Finding }) {
  const isSame = ({ kind, labels }: Finding) =>
    kind === shown.kind && (!JOINED.has(kind) || labels.some((label) => shown.labels.includes(label)));
  const now = findings.value.find(isSame);
  return <p class="filter">{now === undefined ? m().data.mended : sentence(now)}</p>;
}

function One({ finding }: { finding: Finding }) {
  const t = m().data;
  const { kind, rows, removable, stops, better } = finding;
  const remove = () => {
    removeRows(removable);
    clearFilter();
    notify(t.removed(removable.length), true);
  };
  const most = labels.value.find(([label]) => finding.labels.includes(label))?.[0];
  const join = () => {
    renameLabels(finding.labels, most!);
    clearFilter();
    notify(t.renamed(finding.labels.filter((label) => label !== most).join(", "), most!), true);
  };
  return (
    <li data-stops={stops}>
      <Icon name={stops ? "stop" : "warn"} />
      <div>
        <p>{sentence(finding)}</p>
        <div class="actions">
          {rows.length > 0 && (
            <button
              type="button"
              class="small"
              onClick={() => (filter.value = { finding, ids: new Set(rows), label: null })}
            >
              {t.show}
            </button>
          )}
          {removable.length > 0 && (
            <button type="button" class="small" onClick={remove}>
              {t.removeThem(removable.length)}
            </button>
          )}
          {JOINED.has(kind) && most !== undefined && (
            <button type="button" class="small" onClick={join}>
              {t.join(most)}
            </button>
          )}
          {better !== null && (
            <button type="button" class="small" onClick={() => (clearFilter(), selectTask(better))}>
              {forTasks().each[better].name}
            </button>
          )}
        </div>
      </div>
    </li>
  );
}

/** The possible problems of the rows, each with the buttons that fix it. */
export function Findings() {
  const t = m().data;
  return (
    <section class="findings" aria-labelledby="findings-heading">
      <h2 id="findings-heading">{t.findingsHeading}</h2>
      {findings.value.length === 0 ? (
        <p class="fine">
          <Icon name="check" /> {t.allFine}
        </p>
      ) : (
        <ul>
          {findings.value.map((finding) => (
            <One key={finding.kind + finding.labels.join()} finding={finding} />
          ))}
        </ul>
      )}
    </section>
  );
}
