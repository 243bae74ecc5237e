import { lazyArchitectures } from "../models/architectures.js";
import { debertaV2 } from "../models/deberta-v2/index.js";
import { modernbert } from "../models/modernbert/index.js";
import { nomicBert } from "../models/nomic-bert/index.js";
import { openAdapterFolder } from "../models/sentence/adapter-folder.js";
import { adapterFolder } from "../models/sentence/load-encoder.js";
import { encoderSaver } from "../models/sentence/saved-encoder.js";
import { saveEncoder } from "../models/sentence/saving/save-encoder.js";
import { crossSaver } from "../tasks/cross/saved-cross.js";
import { saveCross } from "../tasks/cross/saving/save-cross.js";
import { libraryTokenizer } from "../tokenize/library-tokenizer.js";
import { library } from "../tokenize/text-tokenizer.js";

// A service worker that no bundler made one script of: it has no `import()`.
library.provide(libraryTokenizer);
lazyArchitectures["deberta-v2"].provide(debertaV2);
lazyArchitectures.modernbert.provide(modernbert);
lazyArchitectures.nomic_bert.provide(nomicBert);
adapterFolder.provide(openAdapterFolder);
encoderSaver.provide(saveEncoder);
crossSaver.provide(saveCross);

export * from "./browser.js";
