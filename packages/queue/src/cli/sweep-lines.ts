import { tableLines } from "lowrank/extension/cli";
import type { SweepReport } from "../index.js";

/** A sweep's table, the best setting first. */
export function sweepLines({ results, steps, stepsInFull, rungs }: SweepReport): string[] {
  const names = Object.keys(results[0]?.choice ?? {});
  const rows = results.map(({ choice, loss, steps: until, error }) => [
    ...names.map((name) => valueText(choice[name])),
    loss === null ? "–" : loss.toFixed(4),
    String(until),
    error ?? "",
  ]);
  const share = Math.round((100 * steps) / stepsInFull);
  return [
    ...tableLines([[...names, "loss", "steps", ""], ...rows], [...names.map(() => "right" as const), "right", "right"]),
    "",
    `${steps.toLocaleString("en-US")} steps, ${share} % of the ${stepsInFull.toLocaleString("en-US")} for full training; ` +
      `stages: ${rungs.map(({ settings, until }) => `${settings} until ${until}`).join(", ")}`,
  ];
}

const valueText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
