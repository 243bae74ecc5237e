import { engine } from "../../engine/engine.js";
import type { Adapter } from "../../io/peft/index.js";
import { type Finding, findingText, gaps, misfits, suspicions } from "../../merging/findings.js";
import { otherBase } from "../../io/peft/check.js";
import { planMerge } from "../../merging/merge-plan.js";
import { changeNorms, updateNorm } from "../../merging/extract.js";
import { breather } from "../../waiting/next-task.js";
import { startEngine } from "../engine-start.js";
import { familyOf } from "../files/base-model.js";
import type { Session } from "../session.js";
import { formatCount } from "../terminal/number-format.js";
import { inModelOrder } from "./inspected-gguf.js";
import { tableLines } from "../terminal/terminal.js";
import { openBase } from "../files/open-base.js";

/** A layer of an adapter. */
interface ExplainedLayer {
  readonly module: string;
  readonly kind: "linear" | "embedding";
  readonly rank: number;
  readonly scaling: number;
  /** ‖W' − W‖ if the base is known, otherwise ‖s·A·B‖; null for DoRA without the base, which it needs. */
  readonly update: number | null;
  /** ‖W‖; null if the base is not known. */
  readonly weight: number | null;
}

/** An adapter by layer, with suspicious findings. */
export interface ExplainedAdapter {
  readonly perLayer: readonly ExplainedLayer[];
  readonly suspicious: readonly Finding[];
  /** Why it does not fit the base; empty if it does, or no base was named. */
  readonly problems: readonly string[];
}

/** A change as large as the weight. */
const LARGE = 1;

/** Explains an adapter, compared with its base if one is named. */
export async function explainAdapter(
  given: Adapter,
  base: readonly string[] | undefined,
  session: Session,
): Promise<ExplainedAdapter> {
  const layers = [...given.layers].sort(([a], [b]) => inModelOrder(a, b));
  const adapter = { ...given, layers: new Map(layers) };
  const alone = layers.map(([module, layer]) => ({
    module,
    kind: layer.kind,
    rank: layer.rank,
    scaling: layer.scaling,
    update: layer.magnitude === undefined ? updateNorm(layer) : null,
    weight: null,
  }));
  const suspicious = suspicions(adapter);
  if (base === undefined) return { perLayer: alone, suspicious: [...suspicious, ...gaps(adapter)], problems: [] };
  const opened = await openBase(base, session);
  const family = familyOf(opened);
  const other = [...otherBase(adapter, family)].map((problem) => ({ at: null, problem }));
  try {
    const plan = planMerge(opened.tensors, adapter, opened.config);
    await startEngine({});
    const norms = new Map<string, { update: number; weight: number }>();
    for await (const { module, ...both } of changeNorms(engine(), plan, breather(session.signal)))
      norms.set(module, both);
    const perLayer = alone.map((layer) => ({ ...layer, ...norms.get(layer.module) }));
    const large = perLayer
      .filter(({ update, weight }) => update! > LARGE * weight!)
      .map(({ module }) => ({ at: module, problem: "the update is larger than the weight itself" }));
    return { perLayer, suspicious: [...suspicious, ...other, ...large], problems: [] };
  } catch (error) {
    return {
      perLayer: alone,
      suspicious: [...suspicious, ...other],
      problems: misfits(error, adapter, opened.tensors),
    };
  } finally {
    await opened.close();
  }
}

const MANY = 12;
const digits = (value: number | null) => (value === null ? "–" : String(Number(value.toPrecision(3))));

/** Lines that explain it: problems, suspicious findings, then one line per layer. */
export function explainedLines({ perLayer, suspicious, problems }: ExplainedAdapter): string[] {
  const against = perLayer.some(({ weight }) => weight !== null);
  const heading = ["layer", "rank", "scale", "‖update‖", ...(against ? ["‖weight‖", "ratio"] : [])];
  const rows = perLayer.map(({ module, kind, rank, scaling, update, weight }) => [
    kind === "embedding" ? `${module} (embedding)` : module,
    String(rank),
    digits(scaling),
    digits(update),
    ...(against ? [digits(weight), digits(weight === null || update === null ? null : update / weight)] : []),
  ]);
  const list = (title: string, lines: readonly string[]) => [
    ...(lines.length === 0 ? [] : [title, ...lines.slice(0, MANY).map((line) => `  ${line}`)]),
    ...(lines.length > MANY ? [`  and ${formatCount(lines.length - MANY)} more`] : []),
  ];
  return [
    ...list("does not fit the base", problems),
    ...list("suspicious", suspicious.map(findingText)),
    ...tableLines([heading, ...rows], ["left", "right", "right", "right", "right", "right"]),
  ];
}
