import { open, reading, readProblem } from "../../engine/rank/collection.js";
import { m } from "../../messages/index.js";
import { rank } from "../../messages/rank.js";
import { DropZone } from "../../parts/drop-zone.js";
import { Icon } from "../../parts/icons.js";

const reader = () => import("../../data/apart/read-apart.js");
const openFile = (file: File | undefined) => file && void open(async () => (await reader()).readApart("judged", file));

/** The start: drop or choose a table of questions, texts and labels. */
export function Bring() {
  const t = rank();
  const { choose, formats, reading: isReading, problems } = m().data;
  const problem = readProblem.value;
  return (
    <section class="bring">
      <div class="lead">
        <h1>{t.heading}</h1>
        <p class="intro">{t.intro}</p>
        <p class="hint">{t.notSearch}</p>
      </div>
      <DropZone onFiles={([file]) => openFile(file)}>
        <Icon name="file" />
        <p class="what">{reading.value ? isReading : t.drop}</p>
        <p class="hint">{formats}</p>
        <label class="button primary">
          {choose}
          <input
            type="file"
            accept=".csv,.tsv,.tab,.txt,.json,.jsonl,.ndjson,.xlsx"
            onChange={({ currentTarget: { files } }) => openFile(files?.[0])}
          />
        </label>
        {problem !== null && (
          <p class="problem" role="alert">
            <Icon name="stop" />{" "}
            {problem.kind === "oneColumn" ? t.oneColumn : problems[problem.kind]!(String(problem.detail))}
          </p>
        )}
      </DropZone>
      <aside>
        <table class="shape">
          <caption>{t.shapeCaption}</caption>
          <thead>
            <tr>
              {t.shapeColumns.map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {t.shape.map((row) => (
              <tr key={row.join()}>
                {row.map((field) => (
                  <td key={field}>{field}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </aside>
    </section>
  );
}
