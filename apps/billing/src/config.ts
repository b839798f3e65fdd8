import { registerAs } from '@nestjs/config';
import { billingEnvironment, loadEnvironment, type SettingsFrom } from '@capsule/config';

export type BillingSettings = SettingsFrom<typeof billingEnvironment>;

export const config = registerAs('billing', (): BillingSettings =>
  loadEnvironment(billingEnvironment, process.env),
);
