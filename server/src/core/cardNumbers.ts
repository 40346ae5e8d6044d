/**
 * Finds numbers of payment cards in text that people type. Keeps: C2. A card belongs on Stripe's page; one that is typed anywhere else is refused
 * before it is stored or logged.
 */

/** Digits in one row, or in the groups that are printed on cards. Not inside of longer numbers, identifiers or hexadecimal text. */
const candidates = /(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?![\w-])/g;

/** First digits and lengths that the large networks give out (ISO/IEC 7812). */
const networks =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17})$/;

/** The check digit of ISO/IEC 7812 (Luhn). */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Whether a text holds a number that is one of a payment card. */
export function holdsCardNumber(text: string): boolean {
  for (const [found] of text.matchAll(candidates)) {
    const digits = found.replace(/\D/g, '');
    if (networks.test(digits) && hasCheckDigit(digits)) {
      return true;
    }
  }
  return false;
}

/** Whether any text in a value of JSON holds one. Fields of these names are left out: they are never stored as they are. */
export function anyHoldsCardNumber(value: unknown, leftOut: ReadonlySet<string>): boolean {
  if (typeof value === 'string') {
    return holdsCardNumber(value);
  }
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  return Object.entries(value).some(([name, each]) => !leftOut.has(name) && anyHoldsCardNumber(each, leftOut));
}
