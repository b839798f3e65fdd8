import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';

/**
 * Tells of every change of a file in a folder and the folders in it, also of those that come later. It watches folders,
 * not files: Node's own recursive watch follows the files it found, and loses each that an editor saves by renaming.
 * @returns a function that ends it.
 */
export function watchTree(root: string, onChange: (path: string) => void): () => void {
  const watchers = new Map<string, FSWatcher>();

  /** @param isNew nobody was told of the files in it */
  const add = (folder: string, isNew: boolean) => {
    if (watchers.has(folder)) return;
    const watcher = watch(folder, (_, name) => {
      if (name === null) return;
      const path = join(folder, name);
      if (isFolder(path)) add(path, true);
      else onChange(path);
    });
    watchers.set(folder, watcher);
    // A folder that is removed ends its watch.
    watcher.on('error', () => {
      watcher.close();
      watchers.delete(folder);
    });
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) add(path, isNew);
      else if (isNew) onChange(path);
    }
  };

  add(root, false);
  return () => {
    for (const watcher of watchers.values()) watcher.close();
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
