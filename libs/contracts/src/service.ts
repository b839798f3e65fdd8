/** The four services that own a database, and so a stream and request subjects. */
export const serviceNames = ['auth', 'billing', 'deploy', 'monitor'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Every process that connects to the bus; each has a NATS user of its own. */
export const appNames = ['gateway', ...serviceNames] as const;
export type AppName = (typeof appNames)[number];
