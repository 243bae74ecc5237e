import { unlikeBert } from "../models/architectures.js";
import { debertaV2 } from "../models/deberta-v2/index.js";
import { modernbert } from "../models/modernbert/index.js";
import { nomicBert } from "../models/nomic-bert/index.js";
import { libraryTokenizer } from "../tokenize/library-tokenizer.js";
import { library } from "../tokenize/text-tokenizer.js";

// A service worker that no bundler made one script of: it has no `import()`.
library.atHand(libraryTokenizer);
unlikeBert["deberta-v2"].atHand(debertaV2);
unlikeBert.modernbert.atHand(modernbert);
unlikeBert.nomic_bert.atHand(nomicBert);

export * from "./browser.js";
