import type { RunningText } from "../../models/language/batch/continuous-batch.js";

/** Upper bounds of the times to a first token, in seconds. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What each value is, for its line of HELP. */
const HELP = {
  requests_total: "Answered requests, by route and status.",
  prompt_tokens_total: "Tokens of prompts.",
  cached_prompt_tokens_total: "Tokens of prompts whose keys and values were in memory.",
  stored_prompt_tokens_total: "Tokens of prompts whose keys and values came from the folder of beginnings.",
  generated_tokens_total: "Generated tokens.",
  time_to_first_token_seconds: "Seconds until the first token of an answer.",
};

/** Values of a moment. */
const GAUGES = {
  running: "Answers that are generated.",
  waiting: "Answers that wait for a place.",
  waiting_texts: "Texts that wait to be embedded, reranked or classified.",
  prefix_cache_bytes: "Bytes of the beginnings of prompts in memory.",
  prefix_store_bytes: "Bytes of the beginnings of prompts in their folder.",
  memory_bytes: "Bytes of the engines' memory in use.",
  requests: "Requests that are answered.",
};

/** What a server counts, in the text format of Prometheus. */
export class Metrics {
  promptTokens = 0;
  /** Tokens of prompts that were read from the store of beginnings. */
  storedTokens = 0;
  private tokens = 0;
  private reused = 0;
  private readonly requests = new Map<string, number>();
  /** Texts by the time to their first token; the last ones took longer than all bounds. */
  private readonly firsts = new Array<number>(BOUNDS.length + 1).fill(0);
  private firstSeconds = 0;

  /** Counts an answer. @param route one of a few: not what the client wrote */
  answered(route: string, status: number): void {
    const labels = `route="${route}",status="${status}"`;
    this.requests.set(labels, (this.requests.get(labels) ?? 0) + 1);
  }

  /** Returns the text; counts its tokens and the time to the first of them. */
  observed(text: RunningText): RunningText {
    const begun = Date.now();
    let first = true;
    const next = async () => {
      const token = await text.next();
      if (token !== null && first) this.began((Date.now() - begun) / 1000, text.reused);
      if (token !== null) this.tokens++;
      first = false;
      return token;
    };
    return {
      get reused() {
        return text.reused;
      },
      get begun() {
        return text.begun;
      },
      next,
      end: text.end,
    };
  }

  /** The page for Prometheus. @param gauges values of this moment */
  page(gauges: Readonly<Record<keyof typeof GAUGES, number>>): string {
    const count = this.firsts.reduce((sum, texts) => sum + texts, 0);
    let below = 0;
    const buckets = [...BOUNDS, "+Inf"].map(
      (bound, i) => [`_bucket{le="${bound}"}`, (below += this.firsts[i]!)] as const,
    );
    const counters: [keyof typeof HELP, number][] = [
      ["prompt_tokens_total", this.promptTokens],
      ["cached_prompt_tokens_total", this.reused],
      ["stored_prompt_tokens_total", this.storedTokens],
      ["generated_tokens_total", this.tokens],
    ];
    return [
      ...family(
        "requests_total",
        HELP.requests_total,
        "counter",
        [...this.requests].map(([labels, value]) => [`{${labels}}`, value]),
      ),
      ...counters.flatMap(([name, value]) => family(name, HELP[name], "counter", [["", value]])),
      ...family("time_to_first_token_seconds", HELP.time_to_first_token_seconds, "histogram", [
        ...buckets,
        ["_sum", this.firstSeconds],
        ["_count", count],
      ]),
      ...Object.entries(GAUGES).flatMap(([name, help]) =>
        family(name, help, "gauge", [["", gauges[name as keyof typeof GAUGES]]]),
      ),
    ].join("");
  }

  private began(seconds: number, reused: number): void {
    const place = BOUNDS.findIndex((bound) => seconds <= bound);
    this.firsts[place < 0 ? BOUNDS.length : place]!++;
    this.firstSeconds += seconds;
    this.reused += reused;
  }
}

const family = (name: string, help: string, type: string, values: readonly (readonly [string, number])[]) => [
  `# HELP lowrank_${name} ${help}\n`,
  `# TYPE lowrank_${name} ${type}\n`,
  ...values.map(([suffix, value]) => `lowrank_${name}${suffix} ${value}\n`),
];
