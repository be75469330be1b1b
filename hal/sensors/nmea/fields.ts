/**
 * The fields of a sentence. Each function gives `undefined` for an empty field and NaN for one
 * that is not what it must be, so that "not measured" and "damaged" are told apart.
 */

const DIGITS_MAX = 12;

/** `[-]digits[.digits]`, nothing else: no exponent, no blank, no sign of its own. */
export function numberField(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (text.length > DIGITS_MAX + 2) return Number.NaN;
  return /^-?\d+(\.\d*)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Digits only. */
export function countField(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  return /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
}

/** `ddmm.mmmm` and N or S, to degrees, north positive. */
export function latitudeField(angle?: string, side?: string): number | undefined {
  return angleField(angle, side, { degreeDigits: 2, max: 90, positive: "N", negative: "S" });
}

/** `dddmm.mmmm` and E or W, to degrees, east positive. */
export function longitudeField(angle?: string, side?: string): number | undefined {
  return angleField(angle, side, { degreeDigits: 3, max: 180, positive: "E", negative: "W" });
}

interface AngleForm {
  readonly degreeDigits: number;
  readonly max: number;
  readonly positive: string;
  readonly negative: string;
}

function angleField(angle = "", side = "", form: AngleForm): number | undefined {
  if (angle === "" && side === "") return undefined;
  const { degreeDigits, max, positive, negative } = form;
  const sign = side === positive ? 1 : side === negative ? -1 : Number.NaN;
  const point = angle.indexOf(".");
  const whole = point < 0 ? angle.length : point;
  if (whole !== degreeDigits + 2 || angle.startsWith("-")) return Number.NaN;
  const degrees = countField(angle.slice(0, degreeDigits)) ?? Number.NaN;
  const minutes = numberField(angle.slice(degreeDigits)) ?? Number.NaN;
  const value = degrees + minutes / 60;
  return minutes < 60 && value <= max ? sign * value : Number.NaN;
}

/** `hhmmss[.sss]`, to seconds of the UTC day. A leap second is :60. */
export function timeField(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d{6}(\.\d{0,4})?$/.test(text)) return Number.NaN;
  const hours = Number(text.slice(0, 2));
  const minutes = Number(text.slice(2, 4));
  const seconds = Number(text.slice(4));
  if (hours > 23 || minutes > 59 || seconds >= 61) return Number.NaN;
  return hours * 3600 + minutes * 60 + seconds;
}

/** `ddmmyy`, to days since 1970-01-01. */
export function dateField(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d{6}$/.test(text)) return Number.NaN;
  const day = Number(text.slice(0, 2));
  const month = Number(text.slice(2, 4));
  const shortYear = Number(text.slice(4));
  // There was no GPS before 1980.
  const year = shortYear < 80 ? 2000 + shortYear : 1900 + shortYear;
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return Number.NaN;
  return daysSince1970(year, month, day);
}

function daysOfMonth(year: number, month: number): number {
  // 1980-2079: every fourth year is a leap year.
  if (month === 2) return year % 4 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** For the years in which every fourth is a leap year, 1901-2099. */
function daysSince1970(year: number, month: number, day: number): number {
  let days = (year - 1970) * 365 + Math.floor((year - 1969) / 4) + day - 1;
  for (let before = 1; before < month; before++) days += daysOfMonth(year, before);
  return days;
}
