import { weightedSums } from "../adapters/adapter-set.js";
import { weightedSum } from "../adapters/weighted/weighted-sum.js";
import { joining } from "../engine/engine.js";
import { join } from "../engine/join.js";
import { otherPlans } from "../models/architectures.js";
import { decoderLayers } from "../models/decoders.js";
import { debertaV2 } from "../models/deberta-v2/index.js";
import type { Architecture } from "../models/architecture.js";
import type { LazyArchitecture } from "../models/encoder-types.js";
import { modernbert } from "../models/modernbert/index.js";
import { nomicBert } from "../models/nomic-bert/index.js";
import { languageLayers, lazyEncoders, otherPlan } from "../models/other-architectures.js";
import { openAdapterFolder } from "../models/sentence/adapter-folder.js";
import { adapterFolder, loadEncoder } from "../models/sentence/load-encoder.js";
import { encoderSaver } from "../models/sentence/saved-encoder.js";
import { saveEncoder } from "../models/sentence/saving/save-encoder.js";
import { encoderLoader } from "../models/sentence/sentence-encoder.js";
import { openAnswers } from "../tasks/cross/answers/open-answers.js";
import { answersOpener } from "../tasks/cross/open-cross.js";
import { crossSaver } from "../tasks/cross/saved-cross.js";
import { saveCross } from "../tasks/cross/saving/save-cross.js";
import * as multiLabelCalls from "../tasks/multi-label/multi-label-calls.js";
import { openedParts, openedRegressor, openedRun } from "../tasks/opened-parts.js";
import { opener } from "../tasks/opener.js";
import { measures, severalLabels } from "../tasks/text-classifier.js";
import { libraryTokenizer } from "../tokenize/library-tokenizer.js";
import { library } from "../tokenize/text-tokenizer.js";
import { measureLogits } from "../train/metrics/metrics.js";

// A service worker that no bundler made one script of: it has no `import()`.
joining.provide(join);
encoderLoader.provide(loadEncoder);
opener.provide({ openedParts, openedRegressor, openedRun });
measures.provide(measureLogits);
severalLabels.provide(multiLabelCalls);
library.provide(libraryTokenizer);
weightedSums.provide(weightedSum);
const encoders: Readonly<Record<LazyArchitecture, Architecture>> = {
  "deberta-v2": debertaV2,
  modernbert,
  nomic_bert: nomicBert,
};
for (const [type, code] of Object.entries(encoders)) lazyEncoders[type as LazyArchitecture].provide(code);
languageLayers.provide(decoderLayers);
otherPlans.provide(otherPlan);
adapterFolder.provide(openAdapterFolder);
encoderSaver.provide(saveEncoder);
crossSaver.provide(saveCross);
answersOpener.provide(openAnswers);

export * from "./browser.js";
