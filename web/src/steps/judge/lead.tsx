import type { ComponentChildren } from "preact";
import { m } from "../../messages/index.js";
import type { Run } from "../../state/runs.js";
import { Jump } from "./jump.js";

interface Props {
  readonly run: Run;
  /** Number of texts that the result is measured on; null for a loaded adapter. */
  readonly measured: number | null;
  readonly parts: readonly (readonly [heading: string, name: string])[];
  /** The result, which stands above the links. */
  readonly children?: ComponentChildren;
}

/** What the result is of, and links to its sections. */
export function Lead({ run, measured, parts, children }: Props) {
  const t = m().judge;
  return (
    <>
      <div class="lead">
        <h1>
          {t.heading} <span class="of">{run.name}</span>
        </h1>
        <p class="intro">{measured === null ? t.loaded : t.intro(measured)}</p>
      </div>
      {children}
      <Jump parts={parts} />
    </>
  );
}
