import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../../errors/errors.js";

/** Where the hub's own programs keep the token after `hf auth login`. */
function tokenFile(): string {
  const { HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_TOKEN_PATH) return HF_TOKEN_PATH;
  return join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"), "token");
}

/** The user's token: $HF_TOKEN, else the hub's token file. Throws `ConfigError` if there is none, or it is none of the hub's. */
export function hubToken(): string {
  const file = tokenFile();
  const given = process.env.HF_TOKEN?.trim();
  const token = given || (existsSync(file) ? readFileSync(file, "utf8").trim() : "");
  const place = given ? "$HF_TOKEN" : file;
  if (token === "")
    throw new ConfigError(
      `a token of the hub is expected in $HF_TOKEN or in ${file}: make one that may write at https://huggingface.co/settings/tokens, or run \`hf auth login\``,
      { option: "HF_TOKEN", file },
    );
  if (!/^hf_\w+$/.test(token))
    throw new ConfigError(`the token in ${place} does not look like one: the hub's begin with "hf_"`, {
      option: "HF_TOKEN",
      file: place,
    });
  return token;
}
