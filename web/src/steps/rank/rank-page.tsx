import { useEffect } from "preact/hooks";
import { findTable, judged, table } from "../../engine/rank/collection.js";
import { chooseEncoder, encoder, languages } from "../../engine/rank/encoder.js";
import { findRankRun, rankRun } from "../../engine/rank/training.js";
import { TextLanguage } from "../../parts/text-language.js";
import { Ask } from "./ask.js";
import { Bring } from "./bring.js";
import { TableBar } from "./table-bar.js";
import { Take } from "./take.js";
import { Train } from "./train.js";
import "../../style/search.css";
import "../../style/rank.css";

/** Trains a reranker on questions and texts of which some fit better than others. */
export function RankPage() {
  useEffect(() => void findRankRun().then(findTable), []);
  const run = rankRun.value;
  const isTrained = run?.status === "finished" && run.files !== null;
  const hasTable = table.value !== null;
  return (
    <div class="search">
      {hasTable ? <TableBar /> : <Bring />}
      {hasTable && <TextLanguage found={languages.value} encoder={encoder.value} choose={chooseEncoder} />}
      {(hasTable || run !== null) && (
        <div class="beside">
          <Train />
          {isTrained && <Take run={run} />}
        </div>
      )}
      {hasTable && judged.value!.ordered.length > 0 && <Ask />}
    </div>
  );
}
