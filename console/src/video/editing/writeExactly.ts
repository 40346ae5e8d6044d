/** Writes a position to the millisecond, as short as that goes: `0:07`, `0:07.45`, `1:02:03.5`. `parseClock` reads it. */
export function writeExactly(seconds: number): string {
  const thousandths = Math.round(Math.max(0, seconds) * 1000);
  const whole = Math.floor(thousandths / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const head = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  const rest = String(thousandths % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${head}:${two(whole % 60)}${rest === '' ? '' : `.${rest}`}`;
}
