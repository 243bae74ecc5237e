const startsWith = (bytes: Uint8Array, signature: string) =>
  [...signature].every((character, i) => bytes[i] === character.charCodeAt(0));

/** The kind of a file that is not safetensors, by its first bytes; null if unknown. */
export function recogniseForeign(start: Uint8Array): string | null {
  if (start.length === 0) return "an empty file";
  if (startsWith(start, "version https://git-lfs"))
    return "a git-lfs pointer: the file itself was not fetched, `git lfs pull` brings it";
  if (startsWith(start, "GGUF")) return "a GGUF file, which `openGguf` reads";
  if (startsWith(start, "PK\x03\x04"))
    return "a zip archive, such as PyTorch's .bin and .pt: load it there and save it with safetensors.torch.save_file";
  if (start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5 && start[7] !== 0)
    return "a Python pickle: load it in Python and save it with safetensors.torch.save_file";
  if (startsWith(start, "\x89HDF")) return "an HDF5 file (Keras)";
  if (startsWith(start, "\x1f\x8b")) return "a gzip archive";
  const text = String.fromCharCode(...start.subarray(0, 64)).trimStart();
  if (text.startsWith("<")) return "an HTML or XML page, probably a server's error page saved under this name";
  if (text.startsWith("{")) return "a JSON file, such as the index of a sharded model";
  return null;
}
