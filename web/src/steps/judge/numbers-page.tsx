import { hasHead, modelOf, predictAll } from "../../engine/classify.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { isOf, run } from "../../state/runs.js";
import { AskBoth } from "./ask-both.js";
import { LabelFile } from "./file.js";
import { Headline } from "./headline.js";
import { Lead } from "./lead.js";
import { Errors } from "./numbers/errors.js";
import { Scatter } from "./numbers/scatter.js";
import { NumberSides } from "./numbers/sides.js";
import { predictedNumber } from "./numbers/predicted-number.js";
import { usesHead } from "./verdict-text.js";
import "../../style/tasks.css";

/** How good a model for numbers is, and where it is wrong. */
export function NumbersPage() {
  const t = m().judge;
  const own = forTasks();
  const now = run.value;
  if (now === null || !isOf("regress", now)) return null;
  const hasResult = now.report !== null;
  return (
    <div class="judge" key={now.id}>
      <Lead
        run={now}
        measured={hasResult ? now.predictions.length : null}
        parts={[
          ["ask-heading", t.tryHeading],
          ...(hasResult
            ? ([
                ["scatter-heading", own.numbers.scatter],
                ["errors-heading", own.numbers.errors],
              ] as const)
            : []),
          ["file-heading", own.numbers.file],
        ]}
      >
        {hasResult && (
          <Headline run={now} next={["toMistakes", "errors-heading"]}>
            <NumberSides run={now} />
          </Headline>
        )}
      </Lead>
      <AskBoth<number> run={now}>
        {(kind, title, number) => (
          <div class={`odds ${kind} number-answer`}>
            <h3>{title}</h3>
            <p class="big">{predictedNumber(now, number)}</p>
          </div>
        )}
      </AskBoth>
      {hasResult && (
        <div class="beside">
          <Scatter samples={now.predictions} />
          <Errors run={now} />
        </div>
      )}
      <LabelFile
        heading={own.numbers.file}
        hint={own.numbers.fileHint}
        go={own.numbers.fileDo}
        columns={[own.numbers.filePredicted]}
        byHead={hasHead(now) ? usesHead(now) : null}
        predict={async (texts, onDone, byHead) => {
          const said = await predictAll(await modelOf(now, byHead), texts, onDone);
          return said.map((number) => (written) => [written(number)]);
        }}
      />
    </div>
  );
}
