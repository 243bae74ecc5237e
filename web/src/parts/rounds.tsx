import { headline } from "../messages/headline.js";
import "../style/headline.css";

const [WIDTH, HEIGHT] = [120, 28];

/** The result of a training, in one number. */
export interface Round {
  readonly value: number;
  readonly written: string;
}

/** The results of the trainings with a table, the oldest first, as a line and in words. */
export function Rounds({ results }: { results: readonly Round[] }) {
  const values = results.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, i) => {
    const up = high === low ? 0.5 : (value - low) / (high - low);
    return [4 + ((WIDTH - 8) * i) / (values.length - 1), HEIGHT - 4 - (HEIGHT - 8) * up] as const;
  });
  const [x, y] = points.at(-1)!;
  return (
    <p class="rounds">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
        <polyline points={points.map((point) => point.join()).join(" ")} />
        <circle cx={x} cy={y} r="3.5" />
      </svg>
      {headline().rounds(results.map(({ written }) => written))}
    </p>
  );
}
