import { registerAs } from '@nestjs/config';
import { billingEnvironment, loadEnvironment, type SettingsFrom } from '@capsule/config';

export type BillingSettings = SettingsFrom<typeof billingEnvironment>;

/** The only reader of the environment; everything else injects `config.KEY`. */
export const config = registerAs('billing', (): BillingSettings =>
  loadEnvironment(billingEnvironment, process.env),
);
