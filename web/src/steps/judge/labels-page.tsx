import { hasHead, modelOf, predictAll } from "../../engine/classify.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { isOf, run } from "../../state/runs.js";
import { AskBoth, type Kind } from "./ask-both.js";
import { LabelFile } from "./file.js";
import { Headline } from "./headline.js";
import { Lead } from "./lead.js";
import { Odds } from "./odds.js";
import { LabelSides } from "./several/sides.js";
import { LabelTable } from "./several/label-table.js";
import { usesHead } from "./verdict-text.js";
import "../../style/tasks.css";

interface Answer {
  readonly labels: readonly string[];
  readonly scores: Readonly<Record<string, number>>;
}

/** A model's labels for a text, and the probability of each. */
function Labels({ kind, title, answer: { labels, scores } }: { kind: Kind; title: string; answer: Answer }) {
  const own = forTasks().labels;
  return (
    <div class="odds-beside">
      <p>{labels.length === 0 ? own.none : own.found(labels.map(m().quoted).join(", "))}</p>
      <Odds
        {...{ kind, title }}
        hint={own.answerHint}
        best={Object.entries(scores).sort(([, a], [, b]) => b - a)}
        taken={labels}
      />
    </div>
  );
}

/** How good a model for several labels is, and where it is wrong. */
export function LabelsPage() {
  const t = m().judge;
  const own = forTasks().labels;
  const now = run.value;
  if (now === null || !isOf("multi-label", now)) return null;
  return (
    <div class="judge" key={now.id}>
      <Lead
        run={now}
        measured={now.report === null ? null : now.predictions.length}
        parts={[
          ["ask-heading", t.tryHeading],
          ...(now.report === null ? [] : ([["labels-heading", own.each]] as const)),
          ["file-heading", t.fileHeading],
        ]}
      >
        {now.report !== null && (
          <Headline run={now} next={["toMistakes", "labels-heading"]}>
            <LabelSides run={now} />
          </Headline>
        )}
      </Lead>
      <AskBoth<Answer> run={now}>{(kind, title, answer) => <Labels {...{ kind, title, answer }} />}</AskBoth>
      {now.report !== null && <LabelTable run={now} />}
      <LabelFile
        heading={t.fileHeading}
        hint={own.fileHint}
        columns={[own.filePredicted, own.fileProbabilities]}
        byHead={hasHead(now) ? usesHead(now) : null}
        predict={async (texts, onDone, byHead) => {
          const said = await predictAll(await modelOf(now, byHead), texts, onDone);
          return said.map(({ labels, scores }) => (written) => [
            labels.join("; "),
            labels.map((label) => written(scores[label]!)).join("; "),
          ]);
        }}
      />
    </div>
  );
}
