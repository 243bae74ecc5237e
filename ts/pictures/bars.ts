import { type Colour, escape, Palette } from "./svg.js";

/** One bar of a group. */
export interface Bar {
  /** Which of the sides it belongs to. */
  readonly side: string;
  /** Length, in the panel's unit. */
  readonly value: number;
  /** What is written at its end. */
  readonly text: string;
}

/** Groups of bars over one axis. */
export interface Panel {
  readonly title: string;
  /** One a label; those without bars are left out. */
  readonly groups: readonly { readonly label: string; readonly bars: readonly Bar[] }[];
  /** The value of a bar that is as long as there is room. */
  readonly most: number;
  /** A value to compare with, as a line; null for none. */
  readonly mark: { readonly at: number; readonly text: string } | null;
}

/** What bars are compared. */
export interface BarsText {
  readonly title: string;
  readonly subtitle: string;
  readonly description: string;
  /** What stands below the panels. */
  readonly footnote: string;
  /** Sides by name: their colour and what the legend calls them. The first is set off. */
  readonly sides: Readonly<Record<string, { readonly label: string; readonly colour: Colour }>>;
}

const WIDTH = 880;
const COLUMN = { width: 416, label: 118, bars: 216 };
const MARGIN = 24;
const BAR = { height: 9, gap: 2, group: 10 };
const HEAD = 30;

/** Panels of bars as an SVG document, `columns[i][j]` in column i and row j; for light and dark. */
export function barChart(columns: readonly (readonly Panel[])[], text: BarsText): string {
  const { title, subtitle, description, footnote, sides } = text;
  const palette = new Palette(Object.fromEntries(Object.entries(sides).map(([side, { colour }]) => [side, colour])));
  const filled = columns.map((panels) =>
    panels.map((panel) => ({ ...panel, groups: panel.groups.filter(({ bars }) => bars.length > 0) })),
  );
  const used = new Set(
    filled.flat().flatMap(({ groups }) => groups.flatMap(({ bars }) => bars.map(({ side }) => side))),
  );
  const legend = drawLegend(
    palette,
    Object.entries(sides).flatMap(([side, { label }]) => (used.has(side) ? [{ side, label }] : [])),
  );
  const heights: number[] = [];
  for (const panels of filled)
    panels.forEach((panel, i) => (heights[i] = Math.max(heights[i] ?? 0, HEAD + barsHeight(panel) + 26)));
  const top = 70 + legend.height;
  const height = top + heights.reduce((sum, row) => sum + row, 0) + 44;
  const drawn = filled.flatMap((panels, column) =>
    panels.map((panel, i) => {
      const y = heights.slice(0, i).reduce((sum, row) => sum + row, top);
      const [own] = Object.keys(sides);
      return drawPanel(palette, panel, own, MARGIN + column * COLUMN.width, y);
    }),
  );
  const body = `<text ${palette.paint({ fill: "ink" })} font-size="18" font-weight="600" x="${MARGIN}" y="34">${escape(title)}</text>
<g font-size="12">
<text ${palette.paint({ fill: "quiet" })} x="${MARGIN}" y="54">${escape(subtitle)}</text>
<g transform="translate(${MARGIN} 78)">${legend.svg}</g>
${drawn.join("\n")}
<text ${palette.paint({ fill: "quiet" })} font-size="10" x="${MARGIN}" y="${height - 14}">${escape(footnote)}</text>
</g>`;
  return palette.page({ width: WIDTH, height, title, description, body });
}

function groupHeight(bars: readonly Bar[]): number {
  return bars.length * (BAR.height + BAR.gap) + BAR.group;
}

function barsHeight({ groups }: Panel): number {
  return groups.reduce((sum, { bars }) => sum + groupHeight(bars), 0);
}

function drawPanel(palette: Palette<string>, panel: Panel, own: string | undefined, x: number, y: number): string {
  const { title, groups, most, mark } = panel;
  if (groups.length === 0) return "";
  // A border of the page's colour keeps a number legible where it lies over a line.
  const number = (fill: "ink" | "quiet") =>
    `${palette.paint({ fill, stroke: "page" })} font-size="10" paint-order="stroke" stroke-width="3" stroke-linejoin="round"`;
  const label = palette.paint({ fill: "quiet" });
  const parts = [
    `<text ${palette.paint({ fill: "ink" })} font-size="13" font-weight="600" x="0" y="14">${escape(title)}</text>`,
  ];
  const from = COLUMN.label;
  const bottom = HEAD + barsHeight(panel) - BAR.group + 2;
  if (mark !== null) {
    const line = (from + (COLUMN.bars * mark.at) / most).toFixed(1);
    parts.push(
      `<line ${palette.paint({ stroke: "ink" })} stroke-width="1" stroke-dasharray="3 3" x1="${line}" x2="${line}" y1="${HEAD - 4}" y2="${bottom}"/>` +
        `<text ${number("quiet")} x="${line}" y="${bottom + 12}" text-anchor="middle">${escape(mark.text)}</text>`,
    );
  }
  let at = HEAD;
  for (const group of groups) {
    const middle = at + (group.bars.length * (BAR.height + BAR.gap)) / 2 + 3;
    parts.push(
      `<text ${label} x="${from - 8}" y="${middle.toFixed(1)}" text-anchor="end">${escape(group.label)}</text>`,
    );
    for (const { side, value, text } of group.bars) {
      const width = Math.max(1, (COLUMN.bars * value) / most).toFixed(1);
      const kind = side === own ? `${number("ink")} font-weight="600"` : number("quiet");
      parts.push(
        `<rect ${palette.paint({ fill: side })} x="${from}" y="${at}" width="${width}" height="${BAR.height}" rx="1"/>` +
          `<text ${kind} x="${(from + Number(width) + 5).toFixed(1)}" y="${at + BAR.height - 1}">${escape(text)}</text>`,
      );
      at += BAR.height + BAR.gap;
    }
    at += BAR.group;
  }
  parts.push(
    `<line ${palette.paint({ stroke: "grid" })} stroke-width="1" x1="${from - 0.5}" x2="${from - 0.5}" y1="${HEAD - 4}" y2="${bottom}"/>`,
  );
  return `<g transform="translate(${x} ${y})">${parts.join("")}</g>`;
}

function drawLegend(palette: Palette<string>, sides: readonly { side: string; label: string }[]) {
  let [x, y] = [0, 0];
  const parts = sides.map(({ side, label }) => {
    const width = 42 + 6.9 * label.length;
    if (x + width > WIDTH - 2 * MARGIN) [x, y] = [0, y + 18];
    const entry =
      `<rect ${palette.paint({ fill: side })} x="${x}" y="${y - 9}" width="12" height="9" rx="1"/>` +
      `<text ${palette.paint({ fill: "quiet" })} x="${x + 18}" y="${y}">${escape(label)}</text>`;
    x += width;
    return entry;
  });
  return { svg: parts.join(""), height: 30 + y };
}
