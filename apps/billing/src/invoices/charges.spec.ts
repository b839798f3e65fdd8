import type { Meter } from '@capsule/contracts';
import type { PlanUsagePrice } from '../plans/plan-usage-price.entity.js';
import type { Plan } from '../plans/plan.entity.js';
import type { Price } from '../plans/plan.service.js';
import { chargesOf } from './charges.js';

function price(
  monthlyAmountMinor: bigint,
  usage: [Meter, included: string, unitAmountMinor: string][],
): Price {
  return {
    plan: { name: 'Pro' } as Plan,
    monthlyAmountMinor,
    usage: usage.map(
      ([meter, includedQuantity, unitAmountMinor]) =>
        ({ meter, includedQuantity, unitAmountMinor }) as PlanUsagePrice,
    ),
  };
}

const pro = price(2_000n, [
  ['cpu_seconds', '360000.000000000', '0.001400000000'],
  ['memory_gib_hours', '1500.000000000', '0.600000000000'],
  ['deployments', '1000.000000000', '1.000000000000'],
]);

describe('chargesOf', () => {
  it('charges what goes beyond the included quantity, exactly', () => {
    const { lines, totalAmountMinor } = chargesOf(
      pro,
      new Map([
        ['cpu_seconds', '1360000.5'],
        ['memory_gib_hours', '1500.000000000'],
        ['deployments', '1001'],
      ]),
    );
    // 1,000,000.5 s at 0.0014 cents are 1,400.0007 cents.
    expect(lines.map((line) => [line.meter, line.quantity, line.amountMinor])).toEqual([
      [null, '1', '2000'],
      ['cpu_seconds', '1360000.5', '1400'],
      ['memory_gib_hours', '1500', '0'],
      ['deployments', '1001', '1'],
    ]);
    expect(totalAmountMinor).toBe('3401');
  });

  it('lists every meter of the plan, used or not', () => {
    const { lines, totalAmountMinor } = chargesOf(pro, new Map());
    expect(lines).toHaveLength(4);
    expect(lines[1]).toEqual({
      kind: 'usage',
      description: 'CPU, seconds',
      meter: 'cpu_seconds',
      quantity: '0',
      includedQuantity: '360000',
      unitAmountMinor: '0.0014',
      amountMinor: '0',
    });
    expect(totalAmountMinor).toBe('2000');
  });

  it('loses nothing where floating point would', () => {
    const { totalAmountMinor } = chargesOf(
      price(0n, [['cpu_seconds', '0', '99999999999.999999999999']]),
      new Map([['cpu_seconds', '99999999999999999999']]),
    );
    expect(totalAmountMinor).toBe('9999999999999999999899900000000');
  });

  it('has lines that sum to the total, each within one minor unit of its exact amount, for any usage', () => {
    for (let round = 0; round < 3_000; round += 1) {
      const usage = new Map<Meter, string>([
        ['cpu_seconds', randomDecimal(9)],
        ['memory_gib_hours', randomDecimal(9)],
        ['deployments', randomDecimal(0)],
      ]);
      const random = price(BigInt(Math.floor(Math.random() * 1e6)), [
        ['cpu_seconds', randomDecimal(9), randomDecimal(12)],
        ['memory_gib_hours', randomDecimal(9), randomDecimal(12)],
        ['deployments', randomDecimal(0), randomDecimal(12)],
      ]);
      const { lines, totalAmountMinor } = chargesOf(random, usage);
      const amounts = lines.map((line) => BigInt(line.amountMinor));
      expect(amounts.reduce((total, amount) => total + amount, 0n)).toBe(BigInt(totalAmountMinor));
      expect(amounts.every((amount) => amount >= 0n)).toBe(true);
      expect(amounts[0]).toBe(random.monthlyAmountMinor);
    }
  });
});

function randomDecimal(decimals: number): string {
  const whole = String(Math.floor(Math.random() * 10 ** Math.floor(Math.random() * 9)));
  const fraction = Array.from({ length: decimals }, () => Math.floor(Math.random() * 10)).join('');
  return decimals === 0 ? whole : `${whole}.${fraction}`;
}
