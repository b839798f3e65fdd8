import type { ProgramFolders } from './programs.mjs';

export function installMissingPrograms(folders?: () => ProgramFolders): void;
