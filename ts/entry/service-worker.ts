import { weightedSums } from "../adapters/adapter-set.js";
import { weightedSum } from "../adapters/weighted/weighted-sum.js";
import { modelPlanNow } from "../models/all-architectures.js";
import { otherPlans } from "../models/architectures.js";
import { decoderLayers } from "../models/decoders.js";
import { encoderTypes } from "../models/encoder-types.js";
import { openAdapterFolder } from "../models/sentence/adapter-folder.js";
import { adapterFolder, loadEncoder } from "../models/sentence/load-encoder.js";
import { encoderSaver } from "../models/sentence/saved-encoder.js";
import { encoderLoader } from "../models/sentence/sentence-encoder.js";
import { saveEncoder } from "../models/sentence/saving/save-encoder.js";
import { openAnswers } from "../tasks/cross/answers/open-answers.js";
import { answersOpener } from "../tasks/cross/open-cross.js";
import { crossSaver } from "../tasks/cross/saved-cross.js";
import { saveCross } from "../tasks/cross/saving/save-cross.js";
import { openedParts, openedRun } from "../tasks/opened-parts.js";
import { opener } from "../tasks/opener.js";
import * as multiLabelCalls from "../tasks/multi-label/multi-label-calls.js";
import { measures, severalLabels } from "../tasks/text-classifier.js";
import { libraryTokenizer } from "../tokenize/library-tokenizer.js";
import { library } from "../tokenize/text-tokenizer.js";
import { measureLogits } from "../train/metrics/metrics.js";

// A service worker that no bundler made one script of: it has no `import()`.
encoderLoader.provide(loadEncoder);
opener.provide({ openedParts, openedRun });
measures.provide(measureLogits);
severalLabels.provide(multiLabelCalls);
library.provide(libraryTokenizer);
weightedSums.provide(weightedSum);
otherPlans.provide((json) => (encoderTypes.includes(String(json["model_type"])) ? modelPlanNow : decoderLayers)(json));
adapterFolder.provide(openAdapterFolder);
encoderSaver.provide(saveEncoder);
crossSaver.provide(saveCross);
answersOpener.provide(openAnswers);

export * from "./browser.js";
