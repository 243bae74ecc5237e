import { createEngine, type Engine, type InitOptions } from "../../../ts/index.js";

/** An engine on a GPU with its device, which the engine keeps to itself, for tests that take it away. */
export async function engineAndDevice(options: InitOptions): Promise<{ engine: Engine; device: GPUDevice }> {
  const { requestDevice } = GPUAdapter.prototype;
  let device: GPUDevice | undefined;
  GPUAdapter.prototype.requestDevice = async function (...rest) {
    return (device = await requestDevice.apply(this, rest));
  };
  try {
    return { engine: await createEngine({ ...options, device: "webgpu" }), device: device! };
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
}

/** An engine on a GPU that was asked for no features, as of a device that has none. */
export async function engineWithoutFeatures(options: InitOptions): Promise<Engine> {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = function (descriptor) {
    return requestDevice.call(this, { ...descriptor, requiredFeatures: [] });
  };
  try {
    return await createEngine({ ...options, device: "webgpu" });
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
}
