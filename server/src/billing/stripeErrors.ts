import Stripe from 'stripe';
import { AppError, unavailable, wrongState } from '../core/errors.ts';

/** Answers null for what is not at Stripe; throws every other error again. */
export function nullIfMissing(error: unknown): null {
  if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing') {
    return null;
  }
  throw error;
}

/** Makes Stripe's errors ours. What Stripe says to a card or a request may be shown; what it says of keys may not. */
export async function speaking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Stripe.errors.StripeCardError) {
      throw wrongState(`The payment was refused: ${error.message}`);
    }
    if (error instanceof Stripe.errors.StripeInvalidRequestError) {
      throw new AppError('wrong_state', `Stripe refused this: ${error.message}`, { cause: error });
    }
    if (error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError) {
      throw unavailable('Stripe does not accept the key of this installation: tell its administrator.', 60, error);
    }
    if (error instanceof Stripe.errors.StripeError) {
      throw unavailable('Stripe cannot be reached or is busy: try again in a moment.', 5, error);
    }
    throw error;
  }
}

/** A time as Stripe writes it. */
export const secondsOf = (date: Date): number => Math.floor(date.getTime() / 1000);

/** A time of Stripe; null for none. */
export const dateOf = (seconds: number | null | undefined): Date | null => (typeof seconds === 'number' ? new Date(seconds * 1000) : null);
