import { type Curves, type JobProgress, timeLeft } from "../../engine/job-progress.js";
import { m } from "../../messages/index.js";
import { progress as progressTexts } from "../../messages/progress.js";
import { Meter } from "../../parts/meter.js";
import { Curve } from "./curve.js";
import { useSpoken } from "./speak.js";
import { Stages } from "./stages.js";
import { Watch } from "./watch.js";

interface Props {
  readonly progress: JobProgress;
  readonly curves: Curves;
  /** Names of phases. */
  readonly phases: Readonly<Record<string, string>>;
  readonly onPause: () => void;
  /** Whether the run has a result. */
  readonly isOver: () => boolean;
}

/** A running training: phase, estimate and curves. */
export function JobLive({ progress, curves: { training, validation }, phases, onPause, isOver }: Props) {
  const t = m().train;
  const { ready, phase, done, total, tokensPerSecond, stopping, watched } = progress;
  const isTraining = phase === "train";
  const stages = [
    { title: progressTexts().model, phases: [] },
    ...Object.entries(phases).map(([name, stage]) => ({ title: stage, phases: [name] })),
  ];
  const left = timeLeft(progress);
  const title = stopping ? t.states.pausing : phase === null ? t.states.starting : (phases[phase] ?? t.states.running);
  useSpoken(title, isOver);
  return (
    <div class="learning">
      <p class="name">{title}</p>
      <Stages stages={stages} phase={phase} />
      <Meter done={total === 0 || stopping ? null : done / total} label={title} />
      <p class="facts">
        {total > 0 && <span class="done">{t.of(done, total)}</span>}
        {left !== null && <span>{(left.isMeasured ? t : progressTexts()).left(m().duration(left.seconds))}</span>}
        {isTraining && tokensPerSecond !== null && <span>{t.speed(tokensPerSecond)}</span>}
      </p>
      <button type="button" disabled={stopping} onClick={onPause}>
        {t.pause}
      </button>
      {watched !== null && <Watch watched={watched} isSearch />}
      {ready !== null && (
        <>
          <p class="facts">
            <span>
              {t.estimate(m().duration(ready.estimate.seconds.total), m().size(ready.estimate.memory.needed))}
            </span>
          </p>
          {training.length > 1 && <Curve {...{ training, validation, steps: ready.steps }} />}
        </>
      )}
    </div>
  );
}
