import type { Program, ProgramFolders } from './programs.mjs';

export function installMissingPrograms(folders?: () => ProgramFolders, programs?: Program[]): void;
