import { computed } from "@preact/signals";
import { table } from "../../engine/search/collection.js";
import { encoder } from "../../engine/search/encoder.js";
import { adapter, indexedAdapter } from "../../engine/search/indexing.js";
import { searchRun } from "../../engine/search/training.js";
import { search } from "../../messages/search.js";
import { ProjectFile } from "../../parts/project-file.js";
import { Programs } from "../../parts/programs.js";
import { SaveButton } from "../../parts/save-button.js";
import { programFor } from "./programs.js";
import { kindOf } from "./verdict.js";
import "../../style/take.css";

/** Whether the trained search is the better one, as far as it was measured. */
const isTrainedBetter = computed(() => {
  const run = searchRun.value;
  if (run?.result == null) return true;
  const { yardsticks, after } = run.result;
  return kindOf(yardsticks.base, after, run.interval) !== "simple";
});

/**
 * The search as a zip, and programs that use it. After training there are two: the better one is the main one. The trained one can be
 * saved once the trained model has read the texts.
 */
export function Take() {
  const t = search();
  const hasAdapter = adapter.value !== null;
  const isAdapted = hasAdapter && isTrainedBetter.value;
  const name = table.value!.name.replace(/\.[^.]*$/, "");
  const base = { which: "base", title: hasAdapter ? t.takeBase : t.take } as const;
  const trained = { which: "adapted", title: t.take } as const;
  const both = hasAdapter ? (isAdapted ? [trained, base] : [base, trained]) : [base];
  return (
    <section class="take take-search" aria-labelledby="take-search">
      <h2 id="take-search">{t.takeHeading}</h2>
      <p class="hint">{t.takeHint(isAdapted)}</p>
      <div class="actions">
        {both.map(({ which, title }, i) => (
          <SaveButton
            key={which}
            {...{
              title,
              preparing: t.preparing,
              isMain: i === 0,
              isReady: which === "base" || indexedAdapter.value !== null,
            }}
            name={`${name}-search${hasAdapter && which === "base" ? "-without-training" : ""}.zip`}
            make={async () => (await import("./archive.js")).searchZip(which)}
          />
        ))}
      </div>
      <h3>{t.project}</h3>
      <p class="hint">{t.projectHint}</p>
      <ProjectFile />
      <Programs name="search-place" texts={t} programFor={(place) => programFor(place, isAdapted, encoder.value)} />
    </section>
  );
}
