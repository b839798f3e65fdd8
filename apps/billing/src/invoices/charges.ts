import { type Meter, meterSchema, type ResponseOf, type invoiceGetUpcoming } from '@capsule/contracts';
import { formatFixed, parseFixed, shortestDecimal } from '../money/fixed-point.js';
import { roundToTotal, sum } from '../money/rounding.js';
import type { Price } from '../plans/plan.service.js';

type Invoice = ResponseOf<typeof invoiceGetUpcoming>;
type Line = Invoice['lines'][number];

/** Decimals of quantities and of unit prices, as the columns have them; a product has those of both. */
const QUANTITY_SCALE = 9;
const UNIT_AMOUNT_SCALE = 12;
const AMOUNT_SCALE = QUANTITY_SCALE + UNIT_AMOUNT_SCALE;

const DESCRIPTIONS: Readonly<Record<Meter, string>> = {
  cpu_seconds: 'CPU, seconds',
  memory_gib_hours: 'Memory, GiB-hours',
  deployments: 'Deployments',
};

/** A line before rounding. */
interface Charge {
  line: Omit<Line, 'amountMinor'>;
  /** Minor units times ten to the AMOUNT_SCALE. */
  exactAmount: bigint;
}

/** The lines of one period: the plan, and each meter's usage beyond what the plan includes. They sum to the total. */
export function chargesOf(
  price: Price,
  usage: ReadonlyMap<Meter, string>,
): Pick<Invoice, 'lines' | 'totalAmountMinor'> {
  const charges = [subscriptionCharge(price), ...usageCharges(price, usage)];
  const amounts = roundToTotal(
    charges.map(({ exactAmount }) => exactAmount),
    AMOUNT_SCALE,
  );
  return {
    lines: charges.map(({ line }, index) => ({ ...line, amountMinor: String(amounts[index]) })),
    totalAmountMinor: String(sum(amounts)),
  };
}

function subscriptionCharge({ plan, monthlyAmountMinor }: Price): Charge {
  return {
    line: {
      kind: 'subscription',
      description: `${plan.name} plan`,
      meter: null,
      quantity: '1',
      includedQuantity: '0',
      unitAmountMinor: String(monthlyAmountMinor),
    },
    exactAmount: monthlyAmountMinor * 10n ** BigInt(AMOUNT_SCALE),
  };
}

function usageCharges({ usage: prices }: Price, usage: ReadonlyMap<Meter, string>): Charge[] {
  return meterSchema.options.flatMap((meter): Charge[] => {
    const price = prices.find((each) => each.meter === meter);
    if (!price) return [];
    const quantity = parseFixed(usage.get(meter) ?? '0', QUANTITY_SCALE);
    const beyond = quantity - parseFixed(price.includedQuantity, QUANTITY_SCALE);
    const unitAmount = parseFixed(price.unitAmountMinor, UNIT_AMOUNT_SCALE);
    return [
      {
        line: {
          kind: 'usage',
          description: DESCRIPTIONS[meter],
          meter,
          quantity: formatFixed(quantity, QUANTITY_SCALE),
          includedQuantity: shortestDecimal(price.includedQuantity),
          unitAmountMinor: shortestDecimal(price.unitAmountMinor),
        },
        exactAmount: beyond > 0n ? beyond * unitAmount : 0n,
      },
    ];
  });
}
