import { choice } from '../variable.js';
import {
  databaseVariables,
  httpVariables,
  logVariables,
  natsVariables,
  operationsVariables,
  outboxVariables,
  tokenVariables,
  traceVariables,
} from './shared.js';

export const billingEnvironment = {
  name: 'billing',
  variables: {
    http: httpVariables('BILLING_SERVICE', 'health and metrics of billing', 7103),
    database: databaseVariables('BILLING', 7113),
    nats: natsVariables('BILLING'),
    token: tokenVariables(),
    defaultCurrency: choice(
      'BILLING_SERVICE_DEFAULT_CURRENCY',
      'Currency of a new customer',
      ['USD', 'EUR', 'GBP', 'BRL'],
      'USD',
    ),
    operations: operationsVariables,
    outbox: outboxVariables,
    log: logVariables,
    traces: traceVariables,
  },
};
