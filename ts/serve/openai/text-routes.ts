import type { Deadline } from "../deadline.js";
import { classify } from "./endpoints/classify.js";
import { embeddings } from "./endpoints/embeddings.js";
import { type Body, present } from "./endpoints/endpoint.js";
import { rerank } from "./endpoints/rerank.js";
import type { ModelNames } from "./model-names.js";
import type { WithRoom } from "./text-queues.js";
import { type Answering, type TextEndpoint, type TextLimits, Texts } from "./texts.js";

/** Endpoints that compute something of texts, by path. */
export const textEndpoints = {
  "/v1/embeddings": embeddings,
  "/v1/rerank": rerank,
  // Where Cohere's newer clients ask.
  "/v2/rerank": { ...rerank, summary: "The same, at the address of Cohere's newer clients" },
  "/v1/classify": classify,
} as const satisfies Readonly<Record<string, TextEndpoint>>;

/** Paths of these endpoints. */
export type TextRoute = keyof typeof textEndpoints;

/** An answer, and the number of tokens of all its texts. */
interface TextAnswer {
  readonly body: object;
  readonly model: string;
  readonly tokens: number;
}

/** Answers at these paths, in a script that is fetched with the first request. */
export class TextRoutes {
  private readonly texts: Texts;

  constructor(names: ModelNames, limits: TextLimits, withRoom: WithRoom) {
    this.texts = new Texts(names, limits, withRoom);
  }

  /** Number of texts that wait. */
  get waiting(): number {
    return this.texts.queues.count;
  }

  /** Answers a request. Rejects with `ApiError` if it is invalid, with `Refusal` if it is late or there is no place. */
  async answer(route: TextRoute, body: Body, until: Deadline): Promise<TextAnswer> {
    const request: Answering = { until, tokens: 0 };
    const answered = await textEndpoints[route].compute(this.texts, present(body), request);
    const { tokens } = request;
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return { body: { object: "list", ...answered, usage }, model: answered.model, tokens };
  }
}
