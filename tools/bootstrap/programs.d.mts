export interface RequiredProgram {
  name: string;
  title: string;
  apt: string;
  brew: string;
}
export const requiredPrograms: RequiredProgram[];
export interface ProgramFolders {
  usual: string[];
  postgres: string[];
}
export function systemFolders(): ProgramFolders;
export function findProgram(name: string, folders?: ProgramFolders): string | undefined;
export function postgresFolders(folders?: ProgramFolders): { path: string; major: number }[];
export function missingPrograms(folders?: ProgramFolders): RequiredProgram[];
