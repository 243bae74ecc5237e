import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Effort, EncoderRun, encoderTraining } from "../../engine/encoder-training.js";
import { m } from "../../messages/index.js";
import { Problem } from "../../parts/problem.js";
import { Elsewhere } from "./elsewhere.js";
import { JobLive } from "./job-live.js";

type Training<R extends EncoderRun> = ReturnType<typeof encoderTraining<R>>;

interface Props<R extends EncoderRun> {
  readonly of: Pick<Training<R>, "run" | "progress" | "problem" | "goOn" | "forget" | "pause">;
  readonly texts: {
    readonly trainHeading: string;
    readonly trainIntro: string;
    readonly efforts: Readonly<Record<Effort, string>>;
    readonly start: string;
    readonly trainAgain: string;
    readonly forget: string;
    readonly phases: Readonly<Record<string, string>>;
    trainedOn(name: string): string;
  };
  /** Why there can be no training; null if there can. */
  readonly untrainable: ComponentChildren;
  /** Fields for other settings. */
  readonly details?: ComponentChildren;
  /** Null without a table: what there is of an earlier run is shown. */
  readonly begin: ((effort: Effort) => void) | null;
  /** The result of a finished run. */
  readonly children: ComponentChildren;
}

/** Starts a training, or says why there can be none. */
function Begin<R extends EncoderRun>({
  of,
  texts: t,
  untrainable,
  details,
  begin,
}: Omit<Props<R>, "children" | "begin"> & { readonly begin: (effort: Effort) => void }) {
  const effort = useSignal<Effort>("normal");
  const has = of.run.value?.status === "finished";
  return (
    <form class="prepared" onSubmit={(event) => (event.preventDefault(), begin(effort.value))}>
      {untrainable !== null ? (
        <p class="hint" id="untrainable">
          {untrainable}
        </p>
      ) : (
        <fieldset>
          <legend class="hidden">{m().train.effort}</legend>
          {(["quick", "normal"] as const).map((name) => (
            <label class="check" key={name}>
              <input
                type="radio"
                name="own-effort"
                checked={effort.value === name}
                onChange={() => (effort.value = name)}
              />
              {t.efforts[name]}
            </label>
          ))}
        </fieldset>
      )}
      {untrainable === null && details}
      <button
        class={has ? "" : "primary"}
        disabled={untrainable !== null}
        aria-describedby={untrainable === null ? undefined : "untrainable"}
      >
        {has ? t.trainAgain : t.start}
      </button>
    </form>
  );
}

/** The training of a page of its own: its start, its progress, and what it gave. */
export function OwnTraining<R extends EncoderRun>({ children, begin, ...props }: Props<R>) {
  const { of, texts: t } = props;
  const { goOn, discard, failed, unfinished } = m().train;
  const now = of.run.value;
  const progress = of.progress.value;
  return (
    <section class="train-search" aria-labelledby="own-training">
      <h2 id="own-training">{t.trainHeading}</h2>
      {of.problem.value !== null && <Problem error={of.problem.value} title={failed} />}
      {progress !== null ? (
        <JobLive
          {...{ progress, curves: now!, phases: t.phases, onPause: of.pause }}
          isOver={() => of.run.value?.status === "finished"}
        />
      ) : now?.status === "training" ? (
        <Elsewhere name={now.name} />
      ) : now?.status === "paused" ? (
        <div class="paused">
          <p>{unfinished(now.name)}</p>
          <div class="actions">
            <button type="button" class="primary" onClick={() => void of.goOn(now)}>
              {goOn}
            </button>
            <button type="button" onClick={() => void of.forget()}>
              {discard}
            </button>
          </div>
        </div>
      ) : (
        <>
          {now !== null ? (
            <>
              <p>
                {t.trainedOn(now.name)}{" "}
                <button type="button" class="small" onClick={() => void of.forget()}>
                  {t.forget}
                </button>
              </p>
              {children}
            </>
          ) : (
            <p class="hint">{t.trainIntro}</p>
          )}
          {begin !== null && <Begin {...props} begin={begin} />}
        </>
      )}
    </section>
  );
}
