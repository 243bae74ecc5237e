import { useSignal } from "@preact/signals";
import { open, reading, readProblem } from "../../engine/search/collection.js";
import { m } from "../../messages/index.js";
import { search } from "../../messages/search.js";
import { DropZone } from "../../parts/drop-zone.js";
import { Icon } from "../../parts/icons.js";
import { ProjectFile } from "../../parts/project-file.js";
import { Paste } from "../../parts/paste.js";

const reader = () => import("../../data/apart/read-apart.js");
const openFile = (file: File | undefined) => file && void open(async () => (await reader()).readApart("search", file));

function Shape() {
  const t = search();
  return (
    <table class="shape">
      <caption>{t.shapeCaption}</caption>
      <thead>
        <tr>
          <th scope="col">{t.shapeQuestion}</th>
          <th scope="col">{t.shapeAnswer}</th>
        </tr>
      </thead>
      <tbody>
        {t.shape.map(([question, answer]) => (
          <tr key={question}>
            <td>{question}</td>
            <td>{answer}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The start: drop, choose or paste questions and answers or a list of texts, or try the example. */
export function Bring() {
  const t = search();
  const { choose, paste, reading: isReading, problems } = m().data;
  const pasting = useSignal(false);
  const problem = readProblem.value;
  return (
    <section class="bring">
      <div class="lead">
        <h1>{t.heading}</h1>
        <p class="intro">{t.intro}</p>
      </div>
      <DropZone onFiles={([file]) => openFile(file)}>
        <Icon name="file" />
        <p class="what">{reading.value ? isReading : t.drop}</p>
        <p class="hint">{t.formats}</p>
        <div class="actions">
          <label class="button primary">
            {choose}
            <input
              type="file"
              accept=".csv,.tsv,.tab,.txt,.json,.jsonl,.ndjson,.xlsx"
              onChange={({ currentTarget: { files } }) => openFile(files?.[0])}
            />
          </label>
          <button type="button" onClick={() => (pasting.value = true)}>
            {paste}
          </button>
        </div>
        {problem !== null && (
          <p class="problem" role="alert">
            <Icon name="stop" /> {problems[problem.kind]!(String(problem.detail))}
          </p>
        )}
      </DropZone>
      <aside>
        <Shape />
        <div class="example">
          <button
            type="button"
            onClick={() =>
              void open(async () => (await import("../../data/search-sample.js")).readSampleFaq(t.sampleName))
            }
          >
            {t.sample} <Icon name="arrow" />
          </button>
          <p class="hint">{t.sampleHint}</p>
        </div>
        <div class="saved">
          <ProjectFile />
          <p class="hint">{m().project.openHint}</p>
        </div>
      </aside>
      {pasting.value && (
        <Paste hint={t.pasteHint} label={t.pasteLabel} onText={openFile} onClose={() => (pasting.value = false)} />
      )}
    </section>
  );
}
