export const workspace: string;
export function dependenciesAreStale(): boolean;
export function installDependencies(): Promise<string>;
export function build(...projects: string[]): Promise<string>;
