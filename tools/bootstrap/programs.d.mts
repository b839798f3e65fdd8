export interface Program {
  name: string;
  title: string;
  apt: string;
  brew: string;
}
export const requiredPrograms: Program[];
export const testPrograms: Program[];
export interface ProgramFolders {
  usual: string[];
  postgres: string[];
}
export function systemFolders(): ProgramFolders;
export function findProgram(name: string, folders?: ProgramFolders): string | undefined;
export function postgresFolders(folders?: ProgramFolders): { path: string; major: number }[];
export function missingPrograms(folders?: ProgramFolders, programs?: Program[]): Program[];
