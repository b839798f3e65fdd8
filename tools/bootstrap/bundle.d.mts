export function bundleApps(workspace?: string): Promise<void>;
export function bundledProgram(workspace: string, app: string, program: 'main' | 'command'): string;
