// What a model with a chat template needs, in a chunk that is fetched when such a model is loaded.
export { boundedTemplate } from "./bounded-template.js";
export { prepareTools, textWithTools, withoutFunctions } from "./tools/prepare-tools.js";
