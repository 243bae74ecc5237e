import { m } from "../../messages/index.js";
import { Icon } from "../../parts/icons.js";
import { later } from "../../parts/later.js";
import { TextLanguage } from "../../parts/text-language.js";
import { findings, stops } from "../../state/findings.js";
import { type EncoderId } from "../../engine/encoders.js";
import { chooseEncoder, encoder } from "../../state/project.js";
import { textLanguages } from "../../state/text-languages.js";
import { failure } from "../../state/training.js";
import { ReadProblem } from "./bring.js";
import { Findings } from "./findings.js";
import { HowRead } from "./how-read.js";
import { Labels } from "./labels.js";
import { Rows } from "./rows.js";
import { openFile } from "./state.js";

const PairsOffer = later(async () => (await import("./pairs-offer.js")).PairsOffer);

/** An open table: how it was read, its possible problems, and its rows. */
export function OpenTable() {
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void openFile(file);
  };
  // What another model failed at, such as its download, is no longer of interest.
  const choose = (id: EncoderId) => {
    failure.value = null;
    chooseEncoder(id);
  };
  return (
    <div class="data" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <HowRead />
      <ReadProblem />
      <TextLanguage found={textLanguages.value} encoder={encoder.value} choose={choose} />
      {findings.value.some(({ kind }) => kind === "halfPair") && <PairsOffer />}
      <div class="beside">
        <div class="side">
          <Labels />
          <Findings />
          <a class="button primary wide next" href="#train" aria-disabled={stops.value}>
            {m().data.next} <Icon name="arrow" />
          </a>
        </div>
        <Rows />
      </div>
    </div>
  );
}
