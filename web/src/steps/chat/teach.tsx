import { useSignal } from "@preact/signals";
import { readApart } from "../../data/apart/read-apart.js";
import { areEnough, type Conversations } from "../../data/examples.js";
import { TableProblem } from "../../data/problem.js";
import { answering } from "../../engine/chat/answering.js";
import { loaded } from "../../engine/chat/language-model.js";
import {
  goOn,
  type Lesson,
  lesson,
  pauseTeaching,
  recommended,
  teach,
  teaching,
  teachProblem,
} from "../../engine/chat/teach.js";
import { chat } from "../../messages/chat.js";
import { downloads } from "../../messages/downloads.js";
import { headline } from "../../messages/headline.js";
import { m } from "../../messages/index.js";
import { DropZone } from "../../parts/drop-zone.js";
import { Icon } from "../../parts/icons.js";
import { Problem } from "../../parts/problem.js";
import { Program } from "../../parts/program.js";
import { save } from "../../parts/save.js";
import { Pairs } from "./judged/pairs.js";
import { serveCommands } from "./serve-commands.js";
import { Elsewhere } from "../train/elsewhere.js";
import { JobLive } from "../train/job-live.js";

/** With fewer examples, the measurement is rough. */
const FEW = 50;

/** Whether the better answers got the higher rewards, and became the more probable ones. */
function Preferred({ before, after, measured }: NonNullable<Lesson["preferences"]> & { readonly measured: number }) {
  const t = chat();
  const share = (value: number) => m().share(value, measured);
  const verdict = after.rewardAccuracy > before.rewardAccuracy ? t.preferred : t.notPreferred;
  return (
    <>
      <p class="verdict">{verdict(share(after.rewardAccuracy), share(before.rewardAccuracy))}</p>
      <p class="hint">{t.probable(share(before.accuracy), share(after.accuracy))}</p>
    </>
  );
}

/** How much likelier the words of the examples became: perplexity is one over their mean probability. */
function Likelier({ before, after, measured }: { before: number; after: number; measured: number }) {
  const t = chat();
  const written = (value: number) => m().plainNumber(value, measured < FEW ? 1 : 2);
  return (
    <>
      <p class="verdict">{after < before ? t.likelier(written(before / after)) : t.notLikelier}</p>
      <details class="details">
        <summary>{headline().details}</summary>
        <p>{t.perplexity(m().error(before, measured), m().error(after, measured))}</p>
        <p class="hint">{t.perplexityHint}</p>
      </details>
    </>
  );
}

function Result() {
  const t = chat();
  const now = lesson.value!;
  // Lessons of earlier versions do not have the number.
  const { measured = 0 } = now;
  const take = async () => {
    const { zipped } = await import("../../storage/zip.js");
    save(`${now.name.replace(/\.[^.]*$/, "")}-adapter.zip`, await zipped({ ...now.files! }), "application/zip");
  };
  return (
    <div class="trained">
      <p>{t.trained(now.name)}</p>
      {now.preferences != null && <Preferred {...now.preferences} measured={measured} />}
      {now.result !== null && (
        <Likelier before={now.result.before.perplexity} after={now.result.after.perplexity} measured={measured} />
      )}
      {measured > 0 && measured < FEW && <p class="hint warn">{t.fewMeasured(measured)}</p>}
      <button type="button" onClick={() => void take()}>
        <Icon name="down" /> {t.takeAdapter}
      </button>
      <details class="details">
        <summary>{t.serve}</summary>
        <p class="hint">{t.serveHint}</p>
        <Program program={serveCommands(now, loaded.value?.converses ?? true)} texts={downloads()} />
      </details>
    </div>
  );
}

function Prepared({ found, onDone }: { found: Conversations; onDone: () => void }) {
  const t = chat();
  const quick = useSignal(true);
  const steps = useSignal<number | null>(null);
  const usual = recommended(found.rows);
  const passes = m().plainNumber(usual.passes, usual.passes < 10 ? 1 : 2);
  const begin = () => {
    onDone();
    const effort = quick.value ? { steps: 20, batchSize: 2 } : usual;
    void teach(found, { ...effort, ...(steps.value !== null && { steps: steps.value }) });
  };
  return (
    <div class="prepared">
      <p>{t.found(found.rows.length, found.name)}</p>
      <blockquote>
        <p>{found.first.said}</p>
        {found.first.answer !== "" && (
          <p>
            {found.first.rejected !== undefined && <strong>{t.better}</strong>} {found.first.answer}
          </p>
        )}
        {found.first.rejected !== undefined && (
          <p>
            <strong>{t.worse}</strong> {found.first.rejected}
          </p>
        )}
      </blockquote>
      {!areEnough(found.rows) && <p class="hint warn">{t.tooFew}</p>}
      <fieldset>
        <legend class="hidden">{m().train.effort}</legend>
        {[true, false].map((isQuick) => (
          <label class="check" key={String(isQuick)}>
            <input
              type="radio"
              name="lesson"
              checked={quick.value === isQuick}
              onChange={() => (quick.value = isQuick)}
            />
            {isQuick ? t.quick : t.normal(usual.steps, passes)}
          </label>
        ))}
      </fieldset>
      <details class="details">
        <summary>{m().train.details}</summary>
        <div class="fields">
          <label>
            {t.steps}
            <input
              type="number"
              min={1}
              max={5000}
              value={steps.value ?? ""}
              placeholder={t.stepsAsAbove}
              onChange={({ currentTarget: { valueAsNumber } }) =>
                (steps.value = Number.isInteger(valueAsNumber) && valueAsNumber > 0 ? valueAsNumber : null)
              }
            />
          </label>
        </div>
      </details>
      <button type="button" class="primary" disabled={answering.value} onClick={begin}>
        {t.teach}
      </button>
    </div>
  );
}

/** Trains the model on a file of conversations. */
export function Teach() {
  const t = chat();
  const found = useSignal<Conversations | null>(null);
  const problem = useSignal<TableProblem | null>(null);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    problem.value = null;
    found.value = null;
    try {
      found.value = await readApart("conversations", file, loaded.value?.converses ?? true);
    } catch (error) {
      problem.value = error instanceof TableProblem ? error : new TableProblem("noTable", file.name);
    }
  };
  if (teaching.value !== null)
    return (
      <section class="teach">
        <h2>{t.teachHeading}</h2>
        <JobLive
          {...{ progress: teaching.value, curves: lesson.value!, phases: t.phases, onPause: pauseTeaching }}
          isOver={() => lesson.value?.status === "finished"}
        />
      </section>
    );
  const now = lesson.value;
  if (now?.status === "training")
    return (
      <section class="teach">
        <h2>{t.teachHeading}</h2>
        <Elsewhere name={now.name} />
      </section>
    );
  const isOwn = now !== null && now.model === loaded.value?.kept.name;
  return (
    <DropZone class="teach" onFiles={([file]) => void take(file)}>
      <h2>{t.teachHeading}</h2>
      {teachProblem.value !== null && <Problem error={teachProblem.value} title={m().train.failed} />}
      {isOwn && now.status === "finished" && <Result />}
      {isOwn && now.status === "paused" && (
        <div class="paused">
          <p>{m().train.unfinished(now.name)}</p>
          <button type="button" class="primary" onClick={() => void goOn(now)}>
            {m().train.goOn}
          </button>
        </div>
      )}
      {found.value !== null ? (
        <Prepared found={found.value} onDone={() => (found.value = null)} />
      ) : (
        <p class="hint">{t.teachHint}</p>
      )}
      <Pairs onTrain={(data) => (found.value = data)} />
      <label class="button">
        {t.chooseConversations}
        <input
          type="file"
          accept=".jsonl,.json,.ndjson,.csv,.tsv,.txt,.xlsx"
          onChange={({ currentTarget: { files } }) => void take(files?.[0])}
        />
      </label>
      {problem.value !== null && (
        <p class="problem" role="alert">
          <Icon name="stop" /> {m().data.problems[problem.value.kind]!(String(problem.value.detail))}
        </p>
      )}
    </DropZone>
  );
}
