import { fitIn, judgedTable } from "../../data/judged-table.js";
import { rank } from "../../messages/rank.js";
import { project } from "../../state/project.js";
import { go } from "../../state/view.js";
import "../../style/pairs-offer.css";

/** The choice of what to train for a table of questions and texts. Either opens the table on a page of its own. */
export function PairsOffer() {
  const { offerHeading, offers } = rank();
  const table = judgedTable(project.value!.table);
  const { name, columns, records, question, text, value } = table;
  const openRank = async () => {
    (await import("../../engine/rank/collection.js")).use(table);
    go("rank");
  };
  const openSearch = async () => {
    // A text that does not fit is no answer.
    const fits = value === null ? records : records.filter((record) => (fitIn(record[value]!) ?? 0) > 0);
    (await import("../../engine/search/collection.js")).use({ name, columns, records: fits, text, question });
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
            {offers.rankHint} {value === null && offers.noLabels}
          </dd>
        </div>
      </dl>
      <p class="hint">{offers.stay}</p>
    </section>
  );
}
