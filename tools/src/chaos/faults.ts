import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ServiceName, serviceNames } from '@capsule/contracts';

/** Preloaded into a service, kills it at the treacherous places, which it describes. */
export const FAULTS = resolve(import.meta.dirname, '../../chaos/faults.mjs');

export const places = ['prompt', 'loop', 'marked', 'consumer', 'acknowledged'] as const;
export type Place = (typeof places)[number];
export type Deaths = Record<Place, number>;

/** In thousandths, per passage. */
const CERTAIN = 1_000;
const CHANCES: Deaths = { prompt: 60, loop: 60, marked: 60, consumer: 15, acknowledged: 15 };

/**
 * Chances for the next life of a service. Where it has not died yet it does at the first passage: a run proves nothing
 * of a place that chance has spared. A death of the one publisher leaves a row that makes the other pass its place.
 */
export function nextChances(deaths: Deaths): Deaths {
  return perPlace((place) => (deaths[place] === 0 ? CERTAIN : CHANCES[place]));
}

/** What a service told of its deaths, in its log and those that were rotated away from it. */
export function deathsOf(service: ServiceName, logs: string): Deaths {
  const texts = readdirSync(logs)
    .filter((file) => file.startsWith(`${service}.log`))
    .map((file) => readFileSync(join(logs, file), 'utf8'));
  return perPlace((place) => {
    const deaths = new RegExp(`^chaos: dying at ${place}$`, 'gm');
    return texts.reduce((sum, text) => sum + [...text.matchAll(deaths)].length, 0);
  });
}

export function deathsOfAll(logs: string): Deaths {
  const each = serviceNames.map((service) => deathsOf(service, logs));
  return perPlace((place) => each.reduce((sum, deaths) => sum + deaths[place], 0));
}

function perPlace(count: (place: Place) => number): Deaths {
  return Object.fromEntries(places.map((place) => [place, count(place)])) as Deaths;
}
