import { lazyArchitectures } from "../models/architectures.js";
import { debertaV2 } from "../models/deberta-v2/index.js";
import { modernbert } from "../models/modernbert/index.js";
import { nomicBert } from "../models/nomic-bert/index.js";
import { openAdapterFolder } from "../models/sentence/adapter-folder.js";
import { adapterFolder, loadEncoder } from "../models/sentence/load-encoder.js";
import { encoderSaver } from "../models/sentence/saved-encoder.js";
import { encoderLoader } from "../models/sentence/sentence-encoder.js";
import { saveEncoder } from "../models/sentence/saving/save-encoder.js";
import { crossSaver } from "../tasks/cross/saved-cross.js";
import { saveCross } from "../tasks/cross/saving/save-cross.js";
import { openedParts, openedRun } from "../tasks/opened-parts.js";
import { opener } from "../tasks/opener.js";
import { measures } from "../tasks/text-classifier.js";
import { libraryTokenizer } from "../tokenize/library-tokenizer.js";
import { library } from "../tokenize/text-tokenizer.js";
import { measureLogits } from "../train/metrics/metrics.js";

// A service worker that no bundler made one script of: it has no `import()`.
encoderLoader.provide(loadEncoder);
opener.provide({ openedParts, openedRun });
measures.provide(measureLogits);
library.provide(libraryTokenizer);
lazyArchitectures["deberta-v2"].provide(debertaV2);
lazyArchitectures.modernbert.provide(modernbert);
lazyArchitectures.nomic_bert.provide(nomicBert);
adapterFolder.provide(openAdapterFolder);
encoderSaver.provide(saveEncoder);
crossSaver.provide(saveCross);

export * from "./browser.js";
