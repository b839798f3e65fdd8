import type { SeedPlan } from '@capsule/contracts';

type PlanCode = SeedPlan['organizations'][number]['planCode'];

export interface DemoApp {
  name: string;
  memoryMebibytes: number;
  /** Cores it keeps busy at the busiest hour. */
  peakCores: number;
}

export interface DemoOrganization {
  name: string;
  /** Of the members' addresses; a name that can belong to nobody (RFC 2606 §2). */
  domain: string;
  planCode: PlanCode;
  /** In the order of `demoRoles`. */
  people: readonly [string, string, string, string, string];
  projects: readonly { name: string; apps: readonly DemoApp[] }[];
}

export const demoRoles = ['owner', 'admin', 'developer', 'developer', 'viewer'] as const;

export const demoOrganizations: readonly DemoOrganization[] = [
  {
    name: 'Bluebird Bakery',
    domain: 'bluebird.example',
    planCode: 'free',
    people: ['Ada Winter', 'Bruno Costa', 'Chiara Neri', 'David Okoye', 'Elif Kaya'],
    projects: [{ name: 'Shop', apps: [{ name: 'storefront', memoryMebibytes: 256, peakCores: 0.12 }] }],
  },
  {
    name: 'Harbour Studio',
    domain: 'harbour.example',
    planCode: 'pro',
    people: ['Farid Rahimi', 'Greta Lund', 'Hugo Martin', 'Ines Duarte', 'Jonas Weber'],
    projects: [
      {
        name: 'Portfolio',
        apps: [
          { name: 'site', memoryMebibytes: 512, peakCores: 0.4 },
          { name: 'images', memoryMebibytes: 1_024, peakCores: 0.9 },
        ],
      },
      { name: 'Newsletter', apps: [{ name: 'mailer', memoryMebibytes: 512, peakCores: 0.25 }] },
    ],
  },
  {
    name: 'Meridian Freight',
    domain: 'meridian.example',
    planCode: 'enterprise',
    people: ['Keiko Mori', 'Liam Byrne', 'Mira Shah', 'Nils Berg', 'Olga Petrova'],
    projects: [
      {
        name: 'Tracking',
        apps: [
          { name: 'tracking-api', memoryMebibytes: 4_096, peakCores: 3.2 },
          { name: 'tracking-web', memoryMebibytes: 1_024, peakCores: 0.8 },
          { name: 'position-feed', memoryMebibytes: 2_048, peakCores: 2.1 },
        ],
      },
      {
        name: 'Warehouse',
        apps: [
          { name: 'stock-api', memoryMebibytes: 2_048, peakCores: 1.4 },
          { name: 'picking', memoryMebibytes: 1_024, peakCores: 0.6 },
        ],
      },
      { name: 'Invoicing', apps: [{ name: 'invoices', memoryMebibytes: 1_024, peakCores: 0.3 }] },
    ],
  },
];
