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

/** A colour on a light page and on a dark one. */
export type Colour = readonly [light: string, dark: string];

/** Colours that every picture has, by what they are for. */
const COMMON = {
  page: ["#ffffff", "#15181d"],
  ink: ["#1f2328", "#e8eaed"],
  quiet: ["#656d76", "#9aa4b0"],
  grid: ["#e4e7eb", "#2b3038"],
} as const satisfies Record<string, Colour>;

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/** What a picture is made of. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** Description for those who cannot see the picture. */
  readonly description: string;
  /** Elements of the picture, as SVG. */
  readonly body: string;
}

/** The colours of one kind of picture, and the pages that are drawn with them. */
export class Palette<Name extends string> {
  private readonly colours: Readonly<Record<string, Colour>>;

  constructor(colours: Readonly<Record<Name, Colour>>) {
    this.colours = { ...COMMON, ...colours };
  }

  /**
   * Attributes that paint an element. The light colours are attributes and the dark ones rules of a style sheet: image viewers
   * and programs that make PDFs know no style sheets, or no variables in them, and would show black.
   */
  paint(uses: { readonly [Use in "fill" | "stroke"]?: Name | keyof typeof COMMON | "none" }): string {
    const named = Object.entries(uses).filter(([, name]) => name !== "none");
    const classes = named.map(([use, name]) => `${use}-${name}`).join(" ");
    const attributes = Object.entries(uses).map(([use, name]) => `${use}="${this.colours[name]?.[0] ?? name}"`);
    return [...(classes ? [`class="${classes}"`] : []), ...attributes].join(" ");
  }

  /** The whole document: for light and, where a viewer prefers that, dark. */
  page({ width, height, title, description, body }: Picture): string {
    const dark = Object.entries(this.colours).flatMap(([name, [, colour]]) =>
      ["fill", "stroke"]
        .map((use) => `${use}-${name}`)
        .flatMap((kind) => {
          const used = new RegExp(`class="([^"]* )?${kind}[ "]`).test(body) || kind === "fill-page";
          return used ? [`.${kind} { ${kind.split("-")[0]}: ${colour}; }`] : [];
        }),
    );
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escape(title)}</title>
<desc id="description">${escape(description)}</desc>
<style>
  svg { color-scheme: light dark; }
  @media (prefers-color-scheme: dark) {
    ${dark.join("\n    ")}
  }
</style>
<rect ${this.paint({ fill: "page" })} width="100%" height="100%"/>
<g font-family="${FONT}" font-size="13">
${body}
</g>
</svg>
`;
  }
}

/** A text as it may stand in an element or attribute. */
export function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
