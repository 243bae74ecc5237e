import { ask, debianPackages, findToolchain, target } from "../../wasm/toolchain.mjs";
import { isBuilt } from "../../wasm/build.mjs";
import { variants } from "../../wasm/variants.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { run } from "../process.mjs";
import { SetupError } from "../report.mjs";

/** A Rust that compiles for wasm32: the active one, else Debian's packages, else rustup's target. */
export const rustTarget = {
  title: `Rust's standard library for ${target}`,
  needed: () => !Object.keys(variants).every(isBuilt) && findToolchain() === null,
  async run() {
    if (canInstall()) await install(debianPackages);
    else if (ask("rustup", ["--version"]) !== "") await run("rustup", ["target", "add", target]);
    if (findToolchain() !== null) return;
    const commands = `rustup target add ${target}\n  or on Debian: ${installCommand(debianPackages)}`;
    throw new SetupError(`no Rust compiler for ${target} was found`, commands);
  },
};
