/** Round values (1, 2 or 5 times a power of ten apart) from `low` to the first one at or above `high`, about `count` of them. */
export function axisTicks(low: number, high: number, count: number): number[] {
  const rough = Math.max(high - low, Number.MIN_VALUE) / count;
  const power = Number(`1e${rough.toExponential().split("e")[1]}`);
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A tick's label with as many decimals as its axis needs. */
export function tickLabel(value: number, ticks: readonly number[]): string {
  const decimals = Math.max(...ticks.map((tick) => (String(tick).split(".")[1] ?? "").length));
  return value.toFixed(Math.min(decimals, 6));
}
