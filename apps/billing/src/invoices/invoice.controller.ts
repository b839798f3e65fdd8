import { Controller } from '@nestjs/common';
import { invoiceGetUpcoming } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { InvoiceService } from './invoice.service.js';

@Controller()
export class InvoiceController {
  constructor(private readonly invoices: InvoiceService) {}

  @Rpc(invoiceGetUpcoming)
  getUpcoming() {
    return this.invoices.getUpcoming();
  }
}
