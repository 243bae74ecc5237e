import { useSignal } from "@preact/signals";
import { hasHead } from "../../engine/classify.js";
import { downloads } from "../../messages/downloads.js";
import { m } from "../../messages/index.js";
import { Icon } from "../../parts/icons.js";
import { Problem } from "../../parts/problem.js";
import { ProjectFile } from "../../parts/project-file.js";
import { save } from "../../parts/save.js";
import { VerdictLine } from "../../parts/verdict-line.js";
import { type Run, run, taskOf } from "../../state/runs.js";
import { notify } from "../../state/notice.js";
import { usesHead, verdictTextOf } from "../judge/verdict-text.js";
import { nameOf, reportText } from "./names.js";
import { History } from "./history.js";
import { htmlFile, htmlSize } from "./html-file.js";
import { ModelCard } from "./model-card.js";
import { Snippets } from "./snippets.js";
import "../../style/take.css";

const ZIP = "application/zip";
/** The code for zip files is loaded on demand. */
const archives = () => import("./archives.js");

function Item({
  title,
  hint,
  name,
  make,
  type,
  isMain = false,
}: {
  title: string;
  hint: string;
  name: string;
  type: string;
  make: () => Promise<Uint8Array | string | Blob>;
  isMain?: boolean;
}) {
  const t = downloads();
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const take = async () => {
    busy.value = true;
    error.value = null;
    try {
      save(name, await make(), type);
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = false;
    }
  };
  return (
    <li>
      <div>
        <h3>{title}</h3>
        <p class="hint">{hint}</p>
        {error.value !== null && <Problem error={error.value} title="" />}
      </div>
      <button
        type="button"
        class={isMain ? "primary" : ""}
        disabled={busy.value}
        aria-label={`${t.save}: ${title}`}
        onClick={() => void take()}
      >
        <Icon name="down" /> {busy.value ? t.preparing : t.save}
      </button>
    </li>
  );
}

function Items({ of }: { of: Run }) {
  const t = downloads();
  const name = nameOf(of);
  const isHead = usesHead(of);
  const verdict = verdictTextOf(of);
  const hintOf = (which: "adapter" | "head", hint: string) =>
    verdict?.use === which ? `${hint} ${t.recommended}` : hint;
  const head = hasHead(of) && (
    <Item
      title={t.head}
      hint={hintOf("head", t.headHint)}
      name={`${name}-head.zip`}
      type={ZIP}
      make={async () => (await archives()).headZip(of)}
      isMain={isHead}
    />
  );
  return (
    <>
      {verdict !== null && <VerdictLine {...verdict} />}
      <ul class="items">
        {isHead && head}
        <Item
          title={t.adapter}
          hint={hintOf("adapter", t.adapterHint)}
          name={`${name}-adapter.zip`}
          type={ZIP}
          make={async () => (await archives()).adapterZip(of)}
          isMain={!isHead}
        />
        {!isHead && head}
        <Item
          title={t.page.titles[taskOf(of)]}
          hint={t.page.hint(m().size(htmlSize(of)), isHead ? t.head : t.adapter)}
          name={`${name}.html`}
          type="text/html"
          make={() => htmlFile(of)}
        />
        {of.report !== null && (
          <Item
            title={t.report}
            hint={t.reportHint}
            name={`${name}-report.json`}
            type="application/json"
            make={async () => reportText(of)}
          />
        )}
      </ul>
    </>
  );
}

function Load() {
  const t = downloads();
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const load = async (file: File) => {
    error.value = null;
    busy.value = true;
    try {
      const { loadZip } = await archives();
      notify(t.loaded((await loadZip(file)).name));
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = false;
    }
  };
  return (
    <section class="load">
      <h2>{t.load}</h2>
      <p class="hint">{t.loadHint}</p>
      <label class="button" aria-disabled={busy.value}>
        {busy.value ? t.preparing : t.loadChoose}
        <input
          type="file"
          accept=".zip"
          disabled={busy.value}
          onChange={({ currentTarget: { files } }) => files?.[0] && void load(files[0])}
        />
      </label>
      {error.value !== null && <Problem error={error.value} title={t.loadProblem} files />}
    </section>
  );
}

/** The last step: downloads, and saved runs. */
export function TakeStep() {
  const t = downloads();
  const now = run.value;
  return (
    <div class="take">
      <h1>
        {t.heading} {now !== null && <span class="of">{now.name}</span>}
      </h1>
      {now === null ? <p class="intro">{`${t.nothing} ${t.nothingHint}`}</p> : <Items of={now} />}
      {now !== null && <ModelCard of={now} />}
      <div class="beside">
        {now !== null && <Snippets run={now} />}
        <div>
          <Load />
          <section>
            <h2>{t.project}</h2>
            <p class="hint">{t.projectHint}</p>
            <ProjectFile />
          </section>
        </div>
      </div>
      <History />
    </div>
  );
}
