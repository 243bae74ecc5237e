import type { Task } from "../../data/target.js";
import { m } from "../../messages/index.js";
import { Empty } from "../../parts/empty.js";
import { later } from "../../parts/later.js";
import { run, taskOf } from "../../state/runs.js";

/** The results of each task, loaded when they are shown. */
const pages = {
  classify: later(async () => (await import("./classify-page.js")).ClassifyPage),
  "multi-label": later(async () => (await import("./labels-page.js")).LabelsPage),
  regress: later(async () => (await import("./numbers-page.js")).NumbersPage),
  tokens: later(async () => (await import("./words-page.js")).WordsPage),
} as const satisfies Readonly<Record<Task, unknown>>;

/** Below the results of every task. */
const Retrain = later(
  async () => (await import("./mended.js")).Retrain,
  () => null,
);

/** The third step: how good the model is, and where it is wrong. */
function Judge() {
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
  const Page = pages[taskOf(now)];
  return (
    <>
      <Page />
      <Retrain />
    </>
  );
}

/** `fetched` loads the code for the results that there are, `all` for every task. */
export const JudgeStep = Object.assign(Judge, {
  fetched: async () => {
    if (run.value !== null) await Promise.all([pages[taskOf(run.value)].fetched(), Retrain.fetched()]);
  },
  all: [...Object.values(pages), Retrain].map(({ fetched }) => fetched),
});
