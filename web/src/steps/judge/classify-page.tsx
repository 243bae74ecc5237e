import { isForeign } from "../../data/text-languages.js";
import { encoderOf, hasHead, modelOf, predictAll } from "../../engine/classify.js";
import { headline } from "../../messages/headline.js";
import { m } from "../../messages/index.js";
import { project } from "../../state/project.js";
import { isOf, run } from "../../state/runs.js";
import { textLanguages } from "../../state/text-languages.js";
import { Ask } from "./ask.js";
import { ConfusionTable } from "./confusion.js";
import { Doubts, isChecked } from "./doubts.js";
import { LabelFile } from "./file.js";
import { Headline } from "./headline.js";
import { Lead } from "./lead.js";
import { Next } from "./next.js";
import { Sides, warningsOf } from "./sides.js";
import { usesHead } from "./verdict-text.js";

/** How good a classifier is, and where it is wrong. */
export function ClassifyPage() {
  const t = m().judge;
  const now = run.value;
  if (now === null || !isOf("classify", now)) return null;
  const hasDoubts = now.report !== null && now.data.length > 0;
  const languages = project.value?.table.name === now.name ? textLanguages.value : null;
  const isForeignToIt = languages !== null && isForeign(languages) && encoderOf(now) === "english";
  const predict = async (texts: readonly string[], onDone: (count: number) => void, byHead: boolean) => {
    const said = await predictAll(await modelOf(now, byHead), texts, onDone);
    return said.map(({ label, probability }) => (written: (value: number) => string) => [label, written(probability)]);
  };
  return (
    <div class="judge" key={now.id}>
      <Lead
        run={now}
        measured={now.report?.result.after.count ?? null}
        parts={[
          ["ask-heading", t.tryHeading],
          ...(now.report === null ? [] : ([["confusion-heading", t.confusion]] as const)),
          ["next-heading", t.next],
          ...(hasDoubts ? ([["doubts-heading", t.doubts]] as const) : []),
          ["file-heading", t.fileHeading],
        ]}
      >
        {now.report !== null && (
          <Headline
            run={now}
            warnings={[...warningsOf(now), ...(isForeignToIt ? [headline().foreign] : [])]}
            next={hasDoubts && !isChecked(now.id) ? ["toDoubts", "doubts-heading"] : null}
          >
            <Sides run={now} />
          </Headline>
        )}
      </Lead>
      <Ask run={now} />
      <div class="beside">
        <div>
          {now.report !== null && <ConfusionTable run={now} />}
          <Next run={now} />
        </div>
        {hasDoubts && <Doubts run={now} />}
      </div>
      <LabelFile
        heading={t.fileHeading}
        hint={t.fileHint}
        columns={[t.filePredicted, t.fileProbability]}
        byHead={hasHead(now) ? usesHead(now) : null}
        predict={predict}
      />
    </div>
  );
}
