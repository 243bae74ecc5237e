import { useRef } from "preact/hooks";
import { progress } from "../../messages/progress.js";
import { Icon } from "../../parts/icons.js";
import "../../style/progress.css";

/** A stage of a training: its title, and the phases of the job that belong to it. */
export interface Stage {
  readonly title: string;
  /** None for what comes before the job's first phase. */
  readonly phases: readonly string[];
}

/**
 * The stages of a training, with ticks for those that are done. A phase that comes again, such as a test between steps, takes back no tick.
 * @param phase the job's phase; null before the first
 */
export function Stages({ stages, phase }: { stages: readonly Stage[]; phase: string | null }) {
  const t = progress();
  const furthest = useRef(0);
  const at = phase === null ? 0 : stages.findIndex(({ phases }) => phases.includes(phase));
  furthest.current = Math.max(furthest.current, at);
  const now = furthest.current;
  return (
    <ol class="stages" aria-label={t.stages}>
      {stages.map(({ title }, i) => (
        <li
          key={title}
          data-state={i < now ? "done" : i === now ? "now" : "ahead"}
          aria-current={i === now ? "step" : undefined}
        >
          {i < now ? <Icon name="check" /> : <span class="place" aria-hidden="true" />}
          <span>
            {title} {i < now && <span class="hidden">({t.done})</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
