/** A compiled binary, where the runtime or bundler imports .wasm files as modules. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** A binary's bytes as text; our own rollup plugin puts them in. */
declare module "*.wasm?deflated" {
  const text: string;
  export default text;
}
