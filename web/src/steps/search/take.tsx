import { table } from "../../engine/search/collection.js";
import { encoder } from "../../engine/search/encoder.js";
import { indexedAdapter } from "../../engine/search/indexing.js";
import { search } from "../../messages/search.js";
import { ProjectFile } from "../../parts/project-file.js";
import { Programs } from "../../parts/programs.js";
import { SaveButton } from "../../parts/save-button.js";
import { programFor } from "./programs.js";
import "../../style/take.css";

/** The search as a zip, and programs that use it. */
export function Take() {
  const t = search();
  const isAdapted = indexedAdapter.value !== null;
  return (
    <section class="take take-search" aria-labelledby="take-search">
      <h2 id="take-search">{t.takeHeading}</h2>
      <p class="hint">{t.takeHint(isAdapted)}</p>
      <SaveButton
        title={t.take}
        preparing={t.preparing}
        name={`${table.value!.name.replace(/\.[^.]*$/, "")}-search.zip`}
        make={async () => (await import("./archive.js")).searchZip()}
      />
      <h3>{t.project}</h3>
      <p class="hint">{t.projectHint}</p>
      <ProjectFile />
      <Programs name="search-place" texts={t} programFor={(place) => programFor(place, isAdapted, encoder.value)} />
    </section>
  );
}
