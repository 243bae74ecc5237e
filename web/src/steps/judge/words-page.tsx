import { textIn } from "../../data/words/marked-columns.js";
import type { Mark } from "../../data/words/marks.js";
import { hasHead, modelOf, predictAll } from "../../engine/classify.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { inShort, Marked } from "../../parts/marked.js";
import { isOf, run } from "../../state/runs.js";
import { AskBoth } from "./ask-both.js";
import { LabelFile } from "./file.js";
import { Headline } from "./headline.js";
import { Lead } from "./lead.js";
import { EachLabel } from "./words/each-label.js";
import { WordSides } from "./words/sides.js";
import { usesHead } from "./verdict-text.js";
import "../../style/tasks.css";

type Marks = readonly (Mark & { readonly probability: number })[];

/** How well a model finds the labels of words. */
export function WordsPage() {
  const t = m().judge;
  const own = forTasks().words;
  const now = run.value;
  if (now === null || !isOf("tokens", now)) return null;
  const { report } = now;
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
      <AskBoth<Marks> run={now}>
        {(kind, title, marks, text) => (
          <div class={`odds ${kind}`}>
            <h3>{title}</h3>
            <p class="hint">{marks.length === 0 ? own.none : own.answerHint}</p>
            <Marked
              text={text}
              marks={marks.map((mark) => ({ ...mark, label: `${mark.label} ${m().odds(mark.probability)}` }))}
            />
          </div>
        )}
      </AskBoth>
      {report !== null && <EachLabel run={now} />}
      <LabelFile
        heading={own.file}
        hint={own.fileHint}
        go={own.fileDo}
        columns={[own.filePredicted]}
        byHead={hasHead(now) ? usesHead(now) : null}
        predict={async (fields, onDone, byHead) => {
          // A file of words has a list of them in each row.
          const texts = fields.map(textIn);
          const said = await predictAll(await modelOf(now, byHead), texts, onDone);
          return said.map((marks, i) => () => [inShort(texts[i]!, marks)]);
        }}
      />
    </div>
  );
}
