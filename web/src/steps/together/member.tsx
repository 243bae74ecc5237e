import { leave } from "../../engine/federation.js";
import { together } from "../../messages/together.js";
import { m } from "../../messages/index.js";
import { Meter } from "../../parts/meter.js";
import { type Membership } from "../../state/membership.js";
import { Rounds } from "./rounds.js";

/** A tab that takes part in a federation: its state, and its rounds. */
export function Member({ now, state }: { now: Membership; state: Exclude<Membership["state"], "over"> }) {
  const t = together();
  const { download, rounds, sent, received } = now;
  const title = t.states[state];
  const current = state === "learning" ? rounds.at(-1)! : null;
  const share =
    current !== null
      ? current.done / current.steps
      : state === "model" && download !== null
        ? download.received / download.total
        : null;
  return (
    <section class="live">
      <p class="hidden" role="status">
        {title}
      </p>
      <div class="now">
        <h2>{title}</h2>
        <p class="facts">
          {current !== null && <span>{t.roundNow(current.round, current.rounds)}</span>}
          {current !== null && <span>{t.step(current.done, current.steps)}</span>}
          {state === "model" && download !== null && (
            <span>{`${m().size(download.received)} / ${m().size(download.total)}`}</span>
          )}
          {received > 0 && <span>{t.traffic(t.kilobytes(sent), t.kilobytes(received))}</span>}
        </p>
        <Meter done={share} label={title} />
        <div class="actions">
          <button type="button" disabled={state === "leaving"} onClick={leave}>
            {t.leave}
          </button>
          <span class="hint">{t.stay}</span>
        </div>
      </div>
      <Rounds now={now} />
    </section>
  );
}
