import pg from 'pg';

/**
 * The parts of pg's Query, Client and Connection that its typings leave out and that opening a transaction in one
 * round trip needs. pg-cursor and pg-query-stream stand on the same ones. statement-group.spec.ts fails when an
 * upgrade of pg changes them.
 */
export interface WireConnection {
  stream: { writable: boolean; write(chunk: Uint8Array): boolean };
  /** Text by name of what the server has prepared, and of what was sent to it for that. */
  parsedStatements: Record<string, string>;
  submittedNamedStatements: Record<string, string>;
  parse(message: { text: string; name: string; types?: number[] }): void;
  bind(message: {
    portal: string;
    statement: string;
    values: readonly unknown[];
    binary: boolean;
    valueMapper: (value: unknown) => unknown;
  }): void;
  execute(message: { portal: string; rows: number }): void;
  sync(): void;
}

export interface Statement {
  name?: string;
  text: string;
  values?: readonly unknown[];
}

/** What pg's Client asks of the query that it submits and whose answer it reads. */
export interface WireQuery {
  readonly name: string | undefined;
  readonly text: string;
  submit(connection: WireConnection): Error | null;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: WireConnection): void;
  handleEmptyQuery(connection: WireConnection): void;
  handleReadyForQuery(connection: WireConnection): void;
  handleError(error: Error, connection: WireConnection): void;
}

export interface SingleQuery extends WireQuery {
  name: string | undefined;
  queryMode: 'extended' | undefined;
  callback: (error: Error | null, result: pg.QueryResult | undefined) => void;
}

export const SingleQueryBase = pg.Query as unknown as new (
  text: string,
  values: readonly unknown[] | undefined,
) => SingleQuery;

export interface WireClient {
  query(statement: Statement | string | WireQuery, values?: readonly unknown[]): Promise<pg.QueryResult>;
  /** 'I' idle, 'T' in a transaction, 'E' in a failed one, null before the first answer. */
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
  /** 'error' comes before the statements that it took along are rejected. */
  on(event: 'error' | 'end', listener: () => void): this;
  end(): Promise<void>;
}

export const WireClientBase = pg.Client as unknown as new (config: pg.ClientConfig) => WireClient;
