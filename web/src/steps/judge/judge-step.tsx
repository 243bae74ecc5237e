import { m } from "../../messages/index.js";
import { Empty } from "../../parts/empty.js";
import { run } from "../../state/runs.js";
import { Ask } from "./ask.js";
import { ConfusionTable } from "./confusion.js";
import { Doubts } from "./doubts.js";
import { LabelFile } from "./file.js";
import { Jump } from "./jump.js";
import { Retrain } from "./mended.js";
import { Next } from "./next.js";
import { Sides } from "./sides.js";

/** The third step: how good the model is, and where it is wrong. */
export function JudgeStep() {
  const t = m().judge;
  const now = run.value;
  if (now === null)
    return (
      <>
        <Empty title={t.nothing} hint={t.nothingHint}>
          <a class="button primary" href="#train">
            {t.toTrain}
          </a>
          <a class="button" href="#take">
            {t.toTake}
          </a>
        </Empty>
        <section class="to-come" aria-labelledby="to-come">
          <h2 id="to-come">{t.toCome}</h2>
          <dl>
            {t.toComeHere.map(([what, how]) => (
              <div key={what}>
                <dt>{what}</dt>
                <dd>{how}</dd>
              </div>
            ))}
          </dl>
        </section>
      </>
    );
  const hasDoubts = now.report !== null && now.data.length > 0;
  return (
    <div class="judge" key={now.id}>
      <div class="lead">
        <h1>
          {t.heading} <span class="of">{now.name}</span>
        </h1>
        <p class="intro">{now.report === null ? t.loaded : t.intro(now.report.result.after.count)}</p>
      </div>
      <Jump
        parts={[
          ["ask-heading", t.tryHeading],
          ...(now.report === null ? [] : ([["confusion-heading", t.confusion]] as const)),
          ["next-heading", t.next],
          ...(hasDoubts ? ([["doubts-heading", t.doubts]] as const) : []),
          ["file-heading", t.fileHeading],
        ]}
      />
      {now.report !== null && <Sides run={now} />}
      <Ask run={now} />
      <div class="beside">
        <div>
          {now.report !== null && <ConfusionTable run={now} />}
          <Next run={now} />
        </div>
        {hasDoubts && <Doubts run={now} />}
      </div>
      <Retrain />
      <LabelFile run={now} />
    </div>
  );
}
