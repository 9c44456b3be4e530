// Times are for people: order is by revision. Everything is told in UTC, whatever the reader's zone.

const dayMs = 86_400_000;

const two = (n: number): string => String(n).padStart(2, '0');
const three = (n: number): string => String(n).padStart(3, '0');

/** `12:04:31.020`, the time of day in UTC. */
export function timeOfDay(epochMs: number): string {
  const ms = ((Math.trunc(epochMs) % dayMs) + dayMs) % dayMs;
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}.${three(ms % 1_000)}`;
}

/** `2026-11-20`, the day in UTC. */
export function day(epochMs: number): string {
  // Days since 1970 to a civil date: Hinnant, "chrono-Compatible Low-Level Date Algorithms".
  const days = Math.floor(epochMs / dayMs) + 719_468;
  const era = Math.floor(days / 146_097);
  const ofEra = days - era * 146_097;
  const leapDays = Math.floor(ofEra / 1_460) - Math.floor(ofEra / 36_524);
  const yearOfEra = Math.floor((ofEra - leapDays - Math.floor(ofEra / 146_096)) / 365);
  const ofYear =
    ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * ofYear + 2) / 153);
  const dayOfMonth = ofYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(dayOfMonth)}`;
}

/** `0.012s`, `2m05s`, `3h12m` or `4d02h`: a span of time, short. */
export function span(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const size = Math.abs(Math.trunc(ms));
  const seconds = Math.floor(size / 1_000);
  if (seconds < 60) return `${sign}${String(seconds)}.${three(size % 1_000)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${sign}${String(minutes)}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${sign}${String(hours)}h${two(minutes % 60)}m`;
  return `${sign}${String(Math.floor(hours / 24))}d${two(hours % 24)}h`;
}
