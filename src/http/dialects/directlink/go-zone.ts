/**
 * What Go prints for a time zone: the abbreviation of the tz database. JavaScript knows offsets and
 * full English names, and few abbreviations; the full name leads to the abbreviation. Zones that
 * the tz database gives none are printed as their offset, so São Paulo is `-03`.
 */

/** A zone's offset and abbreviation at one moment. */
export interface GoZone {
  /** Seconds east of Greenwich. */
  readonly offsetSeconds: number
  /** `CEST`, `UTC`; `-03` or `+0545` where the zone has no letters. */
  readonly abbreviation: string
}

/** Full English name to abbreviation; what is not here has no letters. */
const abbreviations: Readonly<Record<string, string>> = {
  'Alaska Daylight Time': 'AKDT',
  'Alaska Standard Time': 'AKST',
  'American Samoa Standard Time': 'SST',
  'Atlantic Daylight Time': 'ADT',
  'Atlantic Standard Time': 'AST',
  'Australian Central Daylight Time': 'ACDT',
  'Australian Central Standard Time': 'ACST',
  'Australian Eastern Daylight Time': 'AEDT',
  'Australian Eastern Standard Time': 'AEST',
  'Australian Western Standard Time': 'AWST',
  'British Summer Time': 'BST',
  'Central Africa Time': 'CAT',
  'Central Daylight Time': 'CDT',
  'Central European Standard Time': 'CET',
  'Central European Summer Time': 'CEST',
  'Central Indonesia Time': 'WITA',
  'Central Standard Time': 'CST',
  'Chamorro Standard Time': 'ChST',
  'China Standard Time': 'CST',
  'Coordinated Universal Time': 'UTC',
  'Cuba Daylight Time': 'CDT',
  'Cuba Standard Time': 'CST',
  'East Africa Time': 'EAT',
  'Eastern Daylight Time': 'EDT',
  'Eastern European Standard Time': 'EET',
  'Eastern European Summer Time': 'EEST',
  'Eastern Indonesia Time': 'WIT',
  'Eastern Standard Time': 'EST',
  'Greenwich Mean Time': 'GMT',
  'Hawaii-Aleutian Daylight Time': 'HDT',
  'Hawaii-Aleutian Standard Time': 'HST',
  'Hong Kong Standard Time': 'HKT',
  'India Standard Time': 'IST',
  'Irish Standard Time': 'IST',
  'Israel Daylight Time': 'IDT',
  'Israel Standard Time': 'IST',
  'Japan Standard Time': 'JST',
  'Korean Standard Time': 'KST',
  'Mexican Pacific Daylight Time': 'MDT',
  'Mexican Pacific Standard Time': 'MST',
  'Moscow Standard Time': 'MSK',
  'Mountain Daylight Time': 'MDT',
  'Mountain Standard Time': 'MST',
  'New Zealand Daylight Time': 'NZDT',
  'New Zealand Standard Time': 'NZST',
  'Newfoundland Daylight Time': 'NDT',
  'Newfoundland Standard Time': 'NST',
  'Pacific Daylight Time': 'PDT',
  'Pacific Standard Time': 'PST',
  'Pakistan Standard Time': 'PKT',
  'Philippine Standard Time': 'PST',
  'South Africa Standard Time': 'SAST',
  'Taiwan Standard Time': 'CST',
  'West Africa Time': 'WAT',
  'Western European Standard Time': 'WET',
  'Western European Summer Time': 'WEST',
  'Western Indonesia Time': 'WIB',
  'Yukon Time': 'MST',
}

/** Zones that share a full name with others and have, unlike them, no letters. */
const withoutLetters: ReadonlySet<string> = new Set([
  'Africa/Casablanca',
  'Africa/El_Aaiun',
  'Antarctica/Casey',
  'Antarctica/Troll',
  'Asia/Colombo',
  'Europe/Minsk',
])

/** Zones that JavaScript takes for UTC. */
const greenwich: ReadonlySet<string> = new Set(['Etc/GMT', 'GMT', 'GMT+0', 'GMT-0', 'GMT0'])

/** Zones whose summer time has no full name of its own. */
const britishSummer: ReadonlySet<string> = new Set([
  'Europe/Guernsey',
  'Europe/Isle_of_Man',
  'Europe/Jersey',
])

/**
 * Makes a function that tells what a zone is at a moment.
 *
 * @param timeZone A name of the tz database, `America/Sao_Paulo`.
 * @returns A function of milliseconds since 1970.
 * @throws {TypeError} Where there is no such zone.
 */
export function createZone(timeZone: string): (atMs: number) => GoZone {
  const names = formatter(timeZone, 'long')
  const offsets = formatter(timeZone, 'longOffset')
  return (atMs) => {
    const offset = zoneName(offsets, atMs)
    return {
      offsetSeconds: readOffset(offset),
      abbreviation: abbreviate(timeZone, zoneName(names, atMs), offset),
    }
  }
}

function abbreviate(timeZone: string, name: string, offset: string): string {
  if (greenwich.has(timeZone)) return 'GMT'
  const letters = withoutLetters.has(timeZone) ? undefined : abbreviations[name]
  if (letters !== undefined) return letters
  if (britishSummer.has(timeZone)) return 'BST'
  const digits = offset.slice('GMT'.length).replaceAll(':', '').replace(/00$/, '')
  return digits === '' ? '+00' : digits
}

/** `GMT-03:00` as seconds. */
function readOffset(offset: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(offset) ?? []
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? -size : size
}

function zoneName(format: Intl.DateTimeFormat, atMs: number): string {
  const part = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')
  return part?.value ?? 'GMT'
}

function formatter(timeZone: string, timeZoneName: 'long' | 'longOffset'): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName })
  } catch {
    throw new TypeError(`Cannot use time zone "${timeZone}": the tz database has no such name`)
  }
}
