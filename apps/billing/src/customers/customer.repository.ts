import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import type { Customer } from './customer.entity.js';

const INSERT = {
  name: 'customer-insert',
  text: `INSERT INTO customers (id, tenant_id, name, email, currency) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT uq_customers__tenant_id DO NOTHING
         RETURNING id`,
};

@Injectable()
export class CustomerRepository {
  /** @returns false when the tenant has a customer already */
  async insert(
    tx: Transaction,
    { id, name, email, currency }: Pick<Customer, 'id' | 'name' | 'email' | 'currency'>,
  ): Promise<boolean> {
    return (await tx.query(INSERT, [id, tx.tenantId, name, email, currency])).length === 1;
  }
}
