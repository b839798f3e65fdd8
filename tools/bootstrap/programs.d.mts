export interface RequiredProgram {
  name: string;
  title: string;
  apt: string;
  brew: string;
}
export const requiredPrograms: RequiredProgram[];
export function findProgram(name: string): string | undefined;
export function postgresFolders(): { path: string; major: number }[];
export function missingPrograms(): RequiredProgram[];
