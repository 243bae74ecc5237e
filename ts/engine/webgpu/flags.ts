// WebGPU's bit flags (W3C WebGPU, "GPUBufferUsage", "GPUMapMode", "GPUShaderStage"): browsers have them as globals, Node has not.

export const MAP_READ = 0x1;
export const COPY_SRC = 0x4;
export const COPY_DST = 0x8;
export const UNIFORM = 0x40;
export const STORAGE = 0x80;

/** The mode of `mapAsync` for reading. */
export const READ = 0x1;

/** The visibility of a binding in compute programs. */
export const COMPUTE = 0x4;
