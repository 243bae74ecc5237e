import { encoderNamed } from "../../engine/encoders.js";
import type { RankRun } from "../../engine/rank/training.js";
import { rank } from "../../messages/rank.js";
import { Programs } from "../../parts/programs.js";
import { SaveButton } from "../../parts/save-button.js";
import { kindOf } from "../search/verdict.js";
import { programFor } from "./programs.js";
import "../../style/take.css";

/** The reranker as a zip with one folder, and programs that use it. */
export function Take({ run: { name, files, spec, result, interval } }: { run: RankRun }) {
  const t = rank();
  const isBetter = result === null || kindOf(result.yardsticks.cosine!, result.after, interval) !== "simple";
  return (
    <section class="take take-search" aria-labelledby="take-reranker">
      <h2 id="take-reranker">{t.takeHeading}</h2>
      <p class="hint">{t.takeHint}</p>
      <SaveButton
        title={t.take}
        preparing={t.preparing}
        isMain={isBetter}
        name={`${name.replace(/\.[^.]*$/, "")}-reranker.zip`}
        make={async () => {
          const { nested, zipped } = await import("../../storage/zip.js");
          return zipped({ reranker: nested(files!) });
        }}
      />
      <Programs name="rank-place" texts={t} programFor={(place) => programFor(place, encoderNamed(spec.model))} />
    </section>
  );
}
