import { textIn } from "../../data/words/marked-columns.js";
import type { Mark } from "../../data/words/marks.js";
import { adaptedOf, predictAll, recovering } from "../../engine/classify.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { inShort, Marked } from "../../parts/marked.js";
import { isOf, run } from "../../state/runs.js";
import { AskForm } from "./ask-form.js";
import { LabelFile } from "./file.js";
import { Headline } from "./headline.js";
import { Lead } from "./lead.js";
import { EachLabel } from "./words/each-label.js";
import { WordSides } from "./words/sides.js";
import "../../style/tasks.css";

interface Answer {
  readonly text: string;
  readonly marks: readonly (Mark & { readonly probability: number })[];
}

/** How well a model finds the labels of words. */
export function WordsPage() {
  const t = m().judge;
  const own = forTasks().words;
  const now = run.value;
  if (now === null || !isOf("tokens", now)) return null;
  const { report } = now;
  const predict = async (texts: readonly string[], onDone?: (count: number) => void) =>
    predictAll(await adaptedOf(now), texts, onDone);
  return (
    <div class="judge" key={now.id}>
      <Lead
        run={now}
        measured={report === null ? null : (report.data.test ?? report.data.validation).examples}
        parts={[
          ["ask-heading", t.tryHeading],
          ...(report === null ? [] : ([["labels-heading", forTasks().labels.each]] as const)),
          ["file-heading", own.file],
        ]}
      >
        {report !== null && (
          <Headline run={now} next={null}>
            <WordSides run={now} />
          </Headline>
        )}
      </Lead>
      <AskForm<Answer>
        ask={async (text, show) => {
          const [marks] = await recovering(() => predict([text]));
          show({ text, marks: marks! });
        }}
      >
        {({ text, marks }) => (
          <div class="odds adapter">
            <h3>{t.adapted}</h3>
            <p class="hint">{marks.length === 0 ? own.none : own.answerHint}</p>
            <Marked
              text={text}
              marks={marks.map((mark) => ({ ...mark, label: `${mark.label} ${m().percent(mark.probability)}` }))}
            />
          </div>
        )}
      </AskForm>
      {report !== null && <EachLabel run={now} />}
      <LabelFile
        heading={own.file}
        hint={own.fileHint}
        go={own.fileDo}
        columns={[own.filePredicted]}
        byHead={null}
        predict={async (fields, onDone) => {
          // A file of words has a list of them in each row.
          const texts = fields.map(textIn);
          const said = await predict(texts, onDone);
          return said.map((marks, i) => () => [inShort(texts[i]!, marks)]);
        }}
      />
    </div>
  );
}
