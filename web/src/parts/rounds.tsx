import { headline } from "../messages/headline.js";
import "../style/headline.css";

const [WIDTH, HEIGHT] = [120, 28];

/** The result of a training, in one number. */
interface Round {
  readonly value: number;
  readonly written: string;
}

interface Props {
  /** The oldest first. */
  readonly results: readonly Round[];
  /** Whether they are errors: a smaller one is better. */
  readonly areErrors?: boolean;
}

/** The results of the trainings with a table, as a line that rises where they do, and in words. */
export function Rounds({ results, areErrors = false }: Props) {
  const values = results.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, i) => {
    const up = high === low ? 0.5 : (value - low) / (high - low);
    return [4 + ((WIDTH - 8) * i) / (values.length - 1), 4 + (HEIGHT - 8) * (1 - up)] as const;
  });
  const [x, y] = points.at(-1)!;
  return (
    <p class="rounds">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
        <polyline points={points.map((point) => point.join()).join(" ")} />
        <circle cx={x} cy={y} r="3.5" />
      </svg>
      {headline()[areErrors ? "errors" : "rounds"](results.map(({ written }) => written))}
    </p>
  );
}
