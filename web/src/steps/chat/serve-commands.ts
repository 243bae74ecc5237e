import type { Lesson } from "../../engine/chat/teach.js";

/** A name as an argument of a command. */
const argument = (name: string) => (/^[\w@:./-]+$/.test(name) ? name : `"${name.replace(/["\\$`]/g, "\\$&")}"`);

/** Commands that serve a model with its adapter, beside the folder "adapter". A zip with a model is unpacked beside it too. */
export const serveCommands = ({ model }: Pick<Lesson, "model">, converses: boolean): string => {
  const [path, body] = converses
    ? ["chat/completions", '"messages": [{"role": "user", "content": "a message"}]']
    : ["completions", '"prompt": "the start of a text"'];
  return `# a server on this machine, with Node; the model is a name on the Hugging Face hub, a folder or a GGUF file
npm install lowrank
npx lowrank serve --model ${argument(model.replace(/\.zip$/i, ""))} --adapter mine=adapter

# from another terminal or program
curl http://127.0.0.1:8080/v1/${path} -H "Content-Type: application/json" -d '{"model": "mine", ${body}}'`;
};
