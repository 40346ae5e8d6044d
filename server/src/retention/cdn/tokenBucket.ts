import { setTimeout } from 'node:timers/promises';

/** Lets `amount` pass now or after waiting, so that no more than the bucket and its refill go through. */
export type TokenBucket = (amount: number) => Promise<void>;

/** Builds a token bucket. An amount above the size of the bucket waits for a full one and leaves it in debt. */
export function createTokenBucket(options: {
  size: number;
  perSecond: number;
  now?: () => number;
  sleep?: (ms: number) => Promise<unknown>;
}): TokenBucket {
  const { size, perSecond, now = () => performance.now(), sleep = setTimeout } = options;
  let tokens = size;
  let filledAt = now();
  let queue: Promise<void> = Promise.resolve();
  const take = async (amount: number) => {
    for (;;) {
      const time = now();
      tokens = Math.min(size, tokens + ((time - filledAt) / 1000) * perSecond);
      filledAt = time;
      const missing = Math.min(amount, size) - tokens;
      if (missing <= 0) {
        tokens -= amount;
        return;
      }
      await sleep(Math.ceil((missing / perSecond) * 1000));
    }
  };
  return (amount) => {
    const turn = queue.then(() => take(amount));
    queue = turn.catch(() => undefined);
    return turn;
  };
}
