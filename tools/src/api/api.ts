/** A thin client of the gateway for our own tools. */
export class Api {
  constructor(
    readonly base: string,
    private readonly accessToken?: string,
    /** Gives up every request that is under way when it aborts. */
    private readonly ended?: AbortSignal,
  ) {}

  /** The same API, spoken to as whoever the token was given to. */
  as(accessToken: string): Api {
    return new Api(this.base, accessToken, this.ended);
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.send(path, { method: 'GET' });
  }

  post<Answer>(path: string, body: object, idempotencyKey?: string): Promise<Answer> {
    return this.send(path, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(idempotencyKey && { 'Idempotency-Key': idempotencyKey }),
      },
      body: JSON.stringify(body),
    });
  }

  postArchive<Answer>(path: string, archive: Buffer): Promise<Answer> {
    return this.send(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/gzip' },
      body: new Uint8Array(archive),
    });
  }

  private async send<Answer>(path: string, init: RequestInit): Promise<Answer> {
    const authorization = this.accessToken && { Authorization: `Bearer ${this.accessToken}` };
    const response = await fetch(this.base + path, {
      ...init,
      headers: { ...init.headers, ...authorization },
      signal: this.ended ?? null,
    });
    const answer = await response.text();
    if (!response.ok) {
      throw new ApiError(response.status, `${init.method} ${path} answered ${response.status}: ${answer}`);
    }
    return JSON.parse(answer) as Answer;
  }
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}
