import { correctedRecords } from "../../data/corrected-records.js";
import { judgedRows } from "../../data/judged-rows.js";
import { type JudgedTable, judgedTable } from "../../data/judged-table.js";
import type { SearchTable } from "../../data/search-table.js";
import { rank } from "../../messages/rank.js";
import { project, target } from "../../state/project.js";
import { go } from "../../state/view.js";
import "../../style/pairs-offer.css";

/** The questions with the texts that fit. Those that do not are no answers. */
function answersIn(table: JudgedTable): SearchTable {
  const { rows, middle } = judgedRows(table);
  const { name, columns, question, text, encoder } = table;
  return {
    name,
    columns: [columns[question]!, columns[text]!],
    question: 0,
    text: 1,
    ...(encoder && { encoder }),
    records: rows.filter(({ label }) => label > middle).map((row) => [row.question, row.text]),
  };
}

/** The choice of what to train for a table of questions and texts. Either opens the table on a page of its own. */
export function PairsOffer() {
  const { offerHeading, offers } = rank();
  const read = judgedTable(project.value!.table);
  const corrected = (): JudgedTable => ({
    ...read,
    records: correctedRecords(project.value!, target.value),
    ...(project.value!.encoder && { encoder: project.value!.encoder }),
  });
  const openRank = async () => {
    const table = corrected();
    (await import("../../engine/rank/collection.js")).use(table);
    go("rank");
  };
  const openSearch = async () => {
    const { value, ...all } = corrected();
    (await import("../../engine/search/collection.js")).use(value === null ? all : answersIn({ ...all, value }));
    go("search");
  };
  return (
    <section class="pairs-offer" aria-labelledby="pairs-offer">
      <h2 id="pairs-offer">{offerHeading}</h2>
      <dl>
        <div>
          <dt>
            <button type="button" onClick={() => void openSearch()}>
              {offers.search}
            </button>
          </dt>
          <dd>{offers.searchHint}</dd>
        </div>
        <div>
          <dt>
            <button type="button" onClick={() => void openRank()}>
              {offers.rank}
            </button>
          </dt>
          <dd>
            {offers.rankHint} {read.value === null && offers.noLabels}
          </dd>
        </div>
      </dl>
      <p class="hint">{offers.stay}</p>
    </section>
  );
}
