import type { PriceMeter } from '@carmic/contract';

interface Item {
  id: string;
  priceId: string;
  meter: PriceMeter | null;
}

/** How the items of a subscription change with its plan. */
export interface ItemChange {
  /** In one request with the new price: what is replaced (by id) and what comes in. Empty when all of it is in force. */
  changed: { id?: string; priceId: string }[];
  /** What the new plan does not sell by use; it goes once the new price is in force. */
  removed: string[];
}

/**
 * The prices by use go with their plan: each is replaced by the new plan's one for the same meter. Two prices on one meter would charge the same minute
 * twice, so that a replacement is never an addition and a removal.
 */
export function changeItems(
  items: readonly Item[],
  mainItemId: string,
  priceId: string,
  extras: readonly { id: string; meter: PriceMeter | null }[],
): ItemChange {
  const metered = items.filter((item) => item.meter !== null && item.id !== mainItemId);
  const replaced = metered.map((item) => ({ item, by: extras.find((extra) => extra.meter === item.meter) }));
  const added = extras.filter((extra) => !metered.some((item) => item.meter === extra.meter));
  const byUse = [
    ...replaced.flatMap(({ item, by }) => (by === undefined || by.id === item.priceId ? [] : [{ id: item.id, priceId: by.id }])),
    ...added.map((extra) => ({ priceId: extra.id })),
  ];
  const isInForce = byUse.length === 0 && items.some((item) => item.id === mainItemId && item.priceId === priceId);
  return {
    changed: isInForce ? [] : [{ id: mainItemId, priceId }, ...byUse],
    removed: replaced.flatMap(({ item, by }) => (by === undefined ? [item.id] : [])),
  };
}
