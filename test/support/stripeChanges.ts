/** What a change of items does to a subscription of our stand-in, and what a preview of it says. */
import type { WirePrice, WireSubscription } from './stripeObjects.ts';
import { type Form, missing, partsOf, textOf, WireError } from './stripeWire.ts';

interface Shelf {
  priceOf(id: string): WirePrice;
  newItemId(): string;
  nextEnd(price: WirePrice): number;
}

const meterOf = (price: WirePrice) =>
  price.recurring.usage_type !== 'metered' ? null : ((price['metadata'] as Record<string, string>)['carmic_meter'] ?? 'minutes');

/** The items after a change; the subscription stays as it is until they are put in. Throws as Stripe refuses. */
export function itemsAfter({ items }: WireSubscription, form: Form, shelf: Shelf): WireSubscription['items']['data'] {
  let after = [...items.data];
  for (const wish of partsOf(form['items'])) {
    const id = textOf(wish['id']);
    const own = after.find((each) => each.id === id);
    if (id !== undefined && own === undefined) {
      throw missing('subscription item', id);
    }
    if (own !== undefined && textOf(wish['deleted']) === 'true') {
      after = after.filter((each) => each !== own);
      continue;
    }
    const price = shelf.priceOf(textOf(wish['price']) ?? '');
    const item = {
      object: 'subscription_item',
      current_period_end: own?.current_period_end ?? shelf.nextEnd(price),
      id: own?.id ?? shelf.newItemId(),
      price,
    };
    after = own === undefined ? [...after, item] : after.map((each) => (each === own ? item : each));
  }
  const meters = after.flatMap(({ price }) => meterOf(price) ?? []);
  if (new Set(meters).size < meters.length || after.length === 0) {
    throw new WireError(400, 'invalid_request_error', 'parameter_invalid', 'One meter cannot be charged by two prices of a subscription.');
  }
  return after;
}

/** The invoice that a change of the first item would make. */
export function previewOf(subscription: WireSubscription, form: Form, priceOf: (id: string) => WirePrice): Record<string, unknown> {
  const [wish] = partsOf((form['subscription_details'] as Form)['items']);
  const price = priceOf(textOf(wish?.['price']) ?? '');
  const now = subscription.items.data[0]?.price.unit_amount ?? 0;
  const lines = [
    { description: 'Unused time', amount: -now },
    { description: 'Remaining time', amount: price.unit_amount },
  ];
  return {
    object: 'invoice',
    currency: price.currency,
    total: price.unit_amount - now,
    lines: { object: 'list', data: lines, has_more: false },
  };
}
