import type { LocatedExample } from "../../io/examples/index.js";
import type { TokenizedExample } from "../classifier-training.js";

/** A labelled text as tokens. */
export interface TokenizedText extends TokenizedExample {
  readonly example: LocatedExample;
}
