import { existsSync } from "node:fs";
import { findToolchain } from "../../wasm/toolchain.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { SetupError } from "../report.mjs";

/** Debian's Rust has its own clippy, in a package of its own; rustup brings clippy with the compiler. */
export const clippy = {
  title: "clippy for the WASM toolchain (apt-get install rust-web-clippy)",
  after: ["rust target"],
  uses: "network",
  seconds: 5,
  needed: () => !existsSync("/usr/bin/cargo-clippy") && findToolchain()?.path.includes("/usr/bin") === true,
  async run() {
    if (!canInstall()) throw new SetupError("clippy for Debian's Rust is missing", installCommand(["rust-web-clippy"]));
    await install(["rust-web-clippy"]);
  },
};
