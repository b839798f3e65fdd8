export function duration(milliseconds: number): string;
export function stepDone(title: string, milliseconds: number, detail?: string): void;
export function note(message: string): void;
export function failure(message: string): void;
export function step<T>(title: string, work: () => Promise<T> | T): Promise<T>;
