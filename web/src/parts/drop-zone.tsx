import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

interface Props {
  readonly onFiles: (files: readonly File[]) => void;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** The dropped files, including those in dropped folders, each with its path. */
async function dropped({ items, files }: DataTransfer): Promise<File[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const given = [...files];
  if (!entries.some(({ isDirectory }) => isDirectory)) return given;
  return (await Promise.all(entries.map((entry) => filesIn(entry, "")))).flat();
}

async function filesIn(entry: FileSystemEntry, path: string): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [Object.defineProperty(file, "webkitRelativePath", { value: path + entry.name })];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // The reader returns some entries per call.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    all.push(...some);
  }
  return (await Promise.all(all.map((inner) => filesIn(inner, `${path}${entry.name}/`)))).flat();
}

/** An area that accepts dropped files and folders. Its children offer the same without a mouse. */
export function DropZone({ onFiles, class: name = "drop", children }: Props) {
  const over = useSignal(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    over.value = false;
    const { dataTransfer } = event;
    if (dataTransfer !== null) void dropped(dataTransfer).then((files) => files.length > 0 && onFiles(files));
  };
  return (
    <div
      class={name}
      data-over={over.value}
      onDragOver={(event) => (event.preventDefault(), (over.value = true))}
      onDragLeave={() => (over.value = false)}
      onDrop={drop}
    >
      {children}
    </div>
  );
}
