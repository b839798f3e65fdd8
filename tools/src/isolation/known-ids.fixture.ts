import type { Schema } from './api-document.fixture.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The ids of one organization, as its own answers told them: of what, and newest first. */
export class KnownIds {
  private readonly byName = new Map<string, string[]>();

  /** Those of `projectId`, say; `liveDeploymentId` is served by what is known as `deploymentId`. */
  of(name: string): readonly string[] {
    const exact = this.byName.get(name);
    if (exact) return exact;
    const names = [...this.byName.keys()].filter((each) => name.toLowerCase().endsWith(each.toLowerCase()));
    return this.byName.get(names.sort((a, b) => b.length - a.length)[0] ?? '') ?? [];
  }

  get all(): string[] {
    return [...new Set([...this.byName.values()].flat())];
  }

  /** Takes in every id of an answer. */
  learn(answer: unknown, schema: Schema | undefined, key = ''): void {
    if (Array.isArray(answer)) return answer.forEach((item) => this.learn(item, schema?.items, key));
    if (typeof answer !== 'object' || answer === null) return;
    const ownName = lowerFirst(schema?.component ?? key);
    for (const [name, value] of Object.entries(answer)) {
      if (typeof value === 'string' && UUID.test(value))
        this.add(name === 'id' ? `${ownName}Id` : name, value);
      else this.learn(value, schema?.properties?.[name], name);
    }
  }

  private add(name: string, id: string): void {
    if (!/Id$/.test(name)) return;
    const known = this.byName.get(name) ?? [];
    if (!known.includes(id)) this.byName.set(name, [id, ...known]);
  }
}

export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
