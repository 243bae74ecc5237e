import type { Architecture } from "../architecture.js";
import { bertLikeConfig } from "../post-norm/config.js";
import { poolerHead } from "../heads.js";
import { bertNames, postNormEncoder } from "../post-norm/index.js";

/** BERT (arXiv 1810.04805), and what was distilled from it under its name, as MiniLM and BGE. */
export const bert: Architecture = (json) => postNormEncoder(bertLikeConfig(json), bertNames, poolerHead("bert."));
