import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '@capsule/contracts';
import { type Answer, parsed, readAnswer, succeeded } from './answer.fixture.js';
import type { Operation } from './api-document.fixture.js';
import { describePlace, type IdPlace, idPlacesOf } from './id-places.fixture.js';
import { KnownIds, lowerFirst } from './known-ids.fixture.js';
import { Samples } from './samples.fixture.js';

const RETRY_MS = 100;
/** A busy machine is no finding. */
const BUSY_TRIES = 5;

/** Ids for places of a request, by `describePlace`. */
export type Filling = Readonly<Record<string, string>>;

export interface Extras {
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** Instead of a new sample. */
  body?: unknown;
  /** What else success takes. */
  isEnough?: (answer: Answer) => boolean;
}

export interface Attempt {
  answer: Answer;
  filling: Filling;
}

/** Sends requests that are made from the document alone, as members of one organization. */
export class Organization {
  readonly ids = new KnownIds();
  private readonly samples: Samples;
  /** What one service made another learns from an event, so a request that is refused for it is sent again until then. */
  patienceMs = 8_000;

  constructor(
    private readonly gatewayUrl: string,
    private readonly operations: readonly Operation[],
    private readonly mark: string,
    /** A new access token each time, of a session of its own: a route may end the one it is called in. */
    private readonly tokenOf: (role: Role) => Promise<string>,
  ) {
    this.samples = new Samples(mark);
  }

  /** What an answer to somebody else must not contain. */
  get secrets(): string[] {
    return [...this.ids.all, this.mark];
  }

  async call(
    operation: Operation,
    role: Role | undefined,
    filling: Filling,
    extras: Extras = {},
  ): Promise<Answer> {
    const url = this.urlOf(operation, { ...filling, ...inQuery(extras.query) });
    const token = role && (await this.tokenOf(role));
    for (let left = BUSY_TRIES; ; left -= 1) {
      const response = await fetch(url, {
        method: operation.method,
        headers: {
          ...extras.headers,
          ...(token && { authorization: `Bearer ${token}` }),
          ...(operation.body && { 'content-type': operation.body.contentType }),
        },
        body: this.bodyOf(operation, filling, extras.body),
      });
      const answer = await readAnswer(response);
      if (left === 0 || (answer.status !== 503 && answer.status !== 504)) return answer;
      await sleep(RETRY_MS);
    }
  }

  /**
   * Calls with own ids until it succeeds: with what there is, newest first, then with something made for it.
   * @param place to be filled too, where the request could do without
   * @returns the last attempt; it is a refusal when the role may not call the route, or when nothing helped
   */
  async succeed(operation: Operation, role: Role, place?: IdPlace, extras?: Extras): Promise<Attempt> {
    const places = idPlacesOf(operation).filter((each) => each.required || isSame(each, place));
    const deadline = performance.now() + this.patienceMs;
    const isEnough = ({ answer }: Attempt) => succeeded(answer) && (extras?.isEnough?.(answer) ?? true);
    for (;;) {
      const known = Math.max(1, ...places.map(({ name }) => this.ids.of(name).length));
      let attempt: Attempt | undefined;
      for (let age = 0; age < known; age += 1) {
        attempt = await this.attempt(operation, role, places, age, extras);
        if (isEnough(attempt)) return this.learnFrom(operation, attempt);
        if ([401, 403, 415, 422].includes(attempt.answer.status)) return attempt;
      }
      if (attempt && performance.now() > deadline) return attempt;
      for (const { name } of places) await this.make(name);
      // At once: some things are only for a moment what a route asks for, such as a deployment that can be cancelled.
      attempt = await this.attempt(operation, role, places, 0, extras);
      if (isEnough(attempt)) return this.learnFrom(operation, attempt);
      await sleep(RETRY_MS);
    }
  }

  /** Makes one more of what `name` is the id of, in the oldest of what it belongs to. Nothing where no route makes any. */
  async make(name: string): Promise<void> {
    const maker = this.operations.find(
      (operation) => isMaker(operation) && name === `${lowerFirst(operation.answer.component ?? '')}Id`,
    );
    if (!maker) return;
    const places = idPlacesOf(maker).filter(({ required }) => required);
    for (const place of places) if (this.ids.of(place.name).length === 0) await this.make(place.name);
    const attempt = await this.attempt(maker, 'owner', places, Infinity);
    if (succeeded(attempt.answer)) this.learnFrom(maker, attempt);
  }

  private learnFrom(operation: Operation, attempt: Attempt): Attempt {
    // Whoever signs up is another organization.
    if (!operation.isPublic) this.ids.learn(parsed(attempt.answer), operation.answer);
    return attempt;
  }

  private async attempt(
    operation: Operation,
    role: Role,
    places: readonly IdPlace[],
    age: number,
    extras?: Extras,
  ): Promise<Attempt> {
    const filling = Object.fromEntries(
      places.map((place) => {
        const known = this.ids.of(place.name);
        return [describePlace(place), known[Math.min(age, known.length - 1)] ?? `no-${place.name}-known`];
      }),
    );
    return { answer: await this.call(operation, role, filling, extras), filling };
  }

  private urlOf({ path, parameters }: Operation, filling: Filling): URL {
    const query = new URLSearchParams();
    let filled = path;
    for (const { in: where, name, required, schema } of parameters) {
      if (where === 'header') continue;
      const value =
        filling[`${where} ${name}`] ?? (required ? String(this.samples.valueOf(schema)) : undefined);
      if (value === undefined) continue;
      if (where === 'query') query.set(name, value);
      else filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    }
    return new URL(`${filled}?${query}`, this.gatewayUrl);
  }

  private bodyOf({ body }: Operation, filling: Filling, given: unknown): string | undefined {
    if (!body) return undefined;
    if (body.contentType !== 'application/json') return 'bytes that are no archive';
    let value = given ?? this.samples.bodyOf(body);
    for (const place of idPlacesOf({ parameters: [], body })) {
      const id = filling[describePlace(place)];
      if (id !== undefined) value = this.samples.withValueAt(value, body.schema, place.path, id);
    }
    return JSON.stringify(value);
  }
}

/** Whether the route makes something new, and not out of another of its kind as a rollback does. */
export function isMaker({ method, isPublic, answer, path }: Operation): boolean {
  if (method !== 'POST' || isPublic || answer.component === undefined) return false;
  const made = lowerFirst(answer.component);
  return !path.includes(`{${made}Id}`);
}

function inQuery(values: Record<string, string> = {}): Filling {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`query ${name}`, value]));
}

function isSame(a: IdPlace, b: IdPlace | undefined): boolean {
  return b !== undefined && describePlace(a) === describePlace(b);
}
