import type { ReadyJob } from "lowrank/jobs";
import { calibrated } from "../../engine/calibration.js";
import { forms } from "../../engine/forms.js";
import { pause } from "../../engine/train.js";
import { training } from "../../state/training.js";
import { m } from "../../messages/index.js";
import { progress } from "../../messages/progress.js";
import { forTasks } from "../../messages/tasks.js";
import { Meter } from "../../parts/meter.js";
import { nameOf } from "../../state/graphics.js";
import { runs, taskOf } from "../../state/runs.js";
import { Curve } from "./curve.js";
import { useSpoken } from "./speak.js";
import { type Stage, Stages } from "./stages.js";
import { Watch } from "./watch.js";

/** The stages of a run. The last one is there if the run ends with a fit on all rows. */
function stagesOf(ready: ReadyJob | null): readonly Stage[] {
  const t = progress();
  return [
    { title: t.model, phases: [] },
    { title: t.read, phases: ["tokenize"] },
    { title: t.compare, phases: ["encode-validation", "encode-train", "head-only"] },
    { title: t.train, phases: ["train"] },
    { title: t.test, phases: ["validate"] },
    ...(ready?.finalFit === undefined ? [] : [{ title: t.final, phases: ["final-fit"] }]),
  ];
}

/** What trains: the graphics card, or the processor's threads. */
function whereOf({ engine: { adapter, threads } }: ReadyJob): string {
  return adapter === undefined ? m().train.threads(threads) : progress().onGraphics(nameOf(adapter));
}

/** A running training. */
export function Live() {
  const now = training.value!;
  const t = m().train;
  const { state, phase, done, total, download, ready, left, tokensPerSecond, checkpoint, validation } = now;
  const busy = state === "starting" || state === "pausing";
  const isDownload = state === "downloading" && download !== null;
  const share = isDownload ? download.received / download.total : busy || total === 0 ? null : done / total;
  const title = state === "running" && phase !== null ? t.phases[phase] : t.states[state];
  const task = taskOf(now.run);
  const texts = forTasks().each[task];
  const { metric, written } = forms[task];
  const held = ready?.data.validation.examples ?? 0;
  const newest = validation.at(-1)?.[metric];
  // Before steps were timed, nearly all of the estimate is left.
  const whole = left ?? (ready && calibrated(ready.estimate.seconds.total));
  const timeLeft =
    isDownload && download.secondsLeft !== null
      ? progress().left(m().duration(download.secondsLeft))
      : whole && t.left(m().span(whole));
  const best = Math.max(...validation.map((point) => point[metric] ?? -Infinity));
  useSpoken(title, () => runs.value.some(({ id, status }) => id === now.run.id && status === "finished"));
  return (
    <section class="live">
      <div class="now">
        <h1>{title}</h1>
        <p class="facts">
          {isDownload && <span>{`${m().size(download.received)} / ${m().size(download.total)}`}</span>}
          {state === "running" && total > 0 && <span class="done">{t.of(done, total)}</span>}
          {timeLeft !== null && <span>{timeLeft}</span>}
          {tokensPerSecond !== null && <span>{t.speed(tokensPerSecond)}</span>}
          {ready !== null && <span>{whereOf(ready)}</span>}
        </p>
        {now.fellBack && <p role="status">{progress().fellBack}</p>}
        <Stages stages={stagesOf(ready)} phase={phase} />
        <Meter done={share} label={title} />
        <div class="actions">
          <button type="button" disabled={state === "pausing"} onClick={pause}>
            {t.pause}
          </button>
          {checkpoint !== null && <span class="safe">{t.safe(checkpoint)}</span>}
        </div>
      </div>
      {ready !== null && (
        <p class="facts">
          <span>
            {t.estimate(m().span(calibrated(ready.estimate.seconds.total)), m().size(ready.estimate.memory.needed))}
          </span>
          {newest !== undefined && <span>{texts.measured(m()[written](newest, held), m()[written](best, held))}</span>}
        </p>
      )}
      {now.watched !== null && <Watch watched={now.watched} />}
      {ready !== null && ready.steps > 0 && now.training.length + validation.length > 0 && (
        <Curve
          metric={{ name: metric, title: texts.chart, written, count: held }}
          {...{ training: now.training, validation, steps: ready.steps }}
        />
      )}
      {now.warnings.length > 0 && (
        <details class="warnings">
          <summary>{t.technical}</summary>
          <ul lang="en">
            {now.warnings.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
