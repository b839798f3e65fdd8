/** Runs one statement of the report and gives its rows. */
export type Ask = <Row>(statement: string, parameters?: readonly unknown[]) => Promise<Row[]>;

/** Something to act upon. A `warning` costs users something already or soon will; a `notice` is worth to know. */
export interface Finding {
  severity: 'notice' | 'warning';
  finding: string;
  recommendation: string;
}

/** One subject of the report: its figures, and what follows from them. */
export interface Section<Figures> {
  figures: Figures;
  findings: Finding[];
}

export function notice(finding: string, recommendation: string): Finding {
  return { severity: 'notice', finding, recommendation };
}

export function warning(finding: string, recommendation: string): Finding {
  return { severity: 'warning', finding, recommendation };
}

/** For people: 1536 becomes `1.5 KB`, of 1024 bytes as PostgreSQL counts. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export function percentText(share: number): string {
  return `${(share * 100).toFixed(share > 0.99 && share < 1 ? 2 : 1)} %`;
}
