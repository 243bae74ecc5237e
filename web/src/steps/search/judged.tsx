import { formula } from "../../data/formula.js";
import { judgedQueries, judgements, forgetJudgements, precisionOf } from "../../engine/search/judged.js";
import { indexedAdapter } from "../../engine/search/indexing.js";
import { isAnswer } from "../../engine/search/training-pairs.js";
import { search } from "../../messages/search.js";
import { Icon } from "../../parts/icons.js";
import { save } from "../../parts/save.js";
import { judging } from "./judging.js";

/** What the user's judgements say, and what can be done with them. */
export function Judged() {
  const t = search();
  const all = judgements.value;
  if (all.length === 0) return null;
  const right = all.filter((one) => one.right);
  const sides = [
    {
      title: indexedAdapter.value === null ? t.base : t.baseOf,
      precision: precisionOf("base", isAnswer),
      kind: "base",
    },
    { title: t.adapted, precision: precisionOf("adapted", isAnswer), kind: "adapter" },
  ];
  const take = async (name: string, fields: readonly string[], data: readonly (readonly string[])[]) => {
    const { default: Papa } = await import("papaparse");
    const table = { fields: [...fields], data: data.map((row) => [...row]) };
    // Spreadsheets must not run formulas from the texts.
    save(name, `${Papa.unparse(table, { newline: "\n", escapeFormulae: formula })}\n`, "text/csv");
  };
  return (
    <section class="judged" aria-labelledby="judged">
      <h2 id="judged">{t.judgedHeading}</h2>
      <ul class="precisions">
        {sides.map(
          ({ title, precision, kind }) =>
            precision !== null && (
              <li key={kind} class={kind}>
                <strong>{title}</strong> {t.precision(precision.right, precision.judged)}
              </li>
            ),
        )}
      </ul>
      <p class="hint">{t.precisionHint(judgedQueries.value.length)}</p>
      <p>
        {t.judgedCount(right.length, all.length - right.length)} <span class="hint">{t.useJudged}</span>
      </p>
      <div class="actions">
        <button
          type="button"
          class="small"
          disabled={right.length === 0}
          onClick={() =>
            void take(
              "right-pairs.csv",
              ["question", "answer"],
              right.map(({ query, text }) => [query, text]),
            )
          }
        >
          <Icon name="down" /> {t.takePairs}
        </button>
        <button
          type="button"
          class="small"
          onClick={() =>
            void take(
              "judgements.csv",
              ["sentence1", "sentence2", "label"],
              all.map((one) => [one.query, one.text, one.right ? "1" : "0"]),
            )
          }
        >
          <Icon name="down" /> {t.takeJudged}
        </button>
        <button type="button" class="small quiet" onClick={() => judging(forgetJudgements)}>
          {t.forgetJudged}
        </button>
      </div>
    </section>
  );
}
