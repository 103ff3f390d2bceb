/** The `time` of DirectLink's bodies against Go's `Time.String()`. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Clock } from '../../src/ports/clock.ts'
import { createGoTime, formatGoTime } from '../../src/http/dialects/directlink/go-time.ts'
import { createZone } from '../../src/http/dialects/directlink/go-zone.ts'

const winter = Date.UTC(2026, 0, 15, 12)
const summer = Date.UTC(2026, 6, 15, 12)

suite('formatGoTime', () => {
  const saoPaulo = { offsetSeconds: -10_800, abbreviation: '-03' }

  test('prints the first sample of the documentation', () => {
    const atMs = Date.UTC(2022, 5, 13, 20, 54, 10, 137) + 0.992
    assert.equal(
      formatGoTime(atMs, saoPaulo, 19_746_016.009415),
      '2022-06-13 17:54:10.137992 -0300 -03 m=+19746.016009415',
    )
  })

  test('trims zeros from the fraction and leaves it out at a whole second', () => {
    const second = Date.UTC(2022, 5, 13, 20, 54, 10)
    const fractions = ['', '.1', '.01', '.001', '.12', '.999']
    for (const fraction of fractions) {
      const atMs = second + Number(`0${fraction}`) * 1000
      const printed = formatGoTime(atMs, saoPaulo, 0)
      assert.equal(printed, `2022-06-13 17:54:10${fraction} -0300 -03 m=+0.000000000`)
    }
  })

  test('m= has nine digits and a sign', () => {
    const since = (ms: number) => formatGoTime(0, saoPaulo, ms).split(' ').at(-1)
    assert.equal(since(0), 'm=+0.000000000')
    assert.equal(since(733.33609), 'm=+0.733336090')
    assert.equal(since(86_400_000), 'm=+86400.000000000')
    assert.equal(since(-1500), 'm=-1.500000000')
  })

  test('the date is the one of the zone', () => {
    const newYear = Date.UTC(2027, 0, 1)
    assert.match(formatGoTime(newYear, saoPaulo, 0), /^2026-12-31 21:00:00 -0300 -03/)
    const kolkata = { offsetSeconds: 19_800, abbreviation: 'IST' }
    assert.match(formatGoTime(newYear, kolkata, 0), /^2027-01-01 05:30:00 \+0530 IST/)
  })

  test('any moment reads back to itself', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: Date.UTC(2200, 0) }),
        fc.integer({ min: -56, max: 56 }).map((quarters) => quarters * 900),
        (atMs, offsetSeconds) => {
          const printed = formatGoTime(atMs, { offsetSeconds, abbreviation: 'X' }, 0)
          const [date, time, offset] = printed.split(' ')
          const iso = `${date}T${time}${offset?.slice(0, 3)}:${offset?.slice(3)}`
          assert.equal(new Date(iso).getTime(), atMs)
        },
      ),
    )
  })
})

suite('createGoTime', () => {
  test('m= counts from its creation, on the monotonic clock alone', () => {
    let nowMs = summer
    let monotonicMs = 5000
    const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => monotonicMs, after: noTimer }
    const time = createGoTime(clock, 'America/Sao_Paulo')
    monotonicMs += 1500.25
    assert.equal(time(), '2026-07-15 09:00:00 -0300 -03 m=+1.500250000')
    // The clock is set back an hour.
    nowMs -= 3_600_000
    monotonicMs += 1
    assert.equal(time(), '2026-07-15 08:00:00 -0300 -03 m=+1.501250000')
  })

  test('follows the zone into summer time', () => {
    let nowMs = Date.UTC(2026, 2, 29, 0, 59, 59, 999)
    const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => 0, after: noTimer }
    const time = createGoTime(clock, 'Europe/Berlin')
    assert.match(time(), /^2026-03-29 01:59:59\.999 \+0100 CET /)
    nowMs += 1
    assert.match(time(), /^2026-03-29 03:00:00 \+0200 CEST /)
  })

  test('refuses a zone that does not exist, by its name', () => {
    const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: noTimer }
    assert.throws(() => createGoTime(clock, 'Mars/Olympus'), {
      name: 'TypeError',
      message: 'Cannot use time zone "Mars/Olympus": the tz database has no such name',
    })
  })
})

/** Zone, abbreviation and offset in January and in July 2026, as the tz database has them. */
const zones: readonly (readonly [string, string, number, string, number])[] = [
  ['UTC', 'UTC', 0, 'UTC', 0],
  ['Etc/UTC', 'UTC', 0, 'UTC', 0],
  ['GMT', 'GMT', 0, 'GMT', 0],
  ['Etc/GMT+3', '-03', -3, '-03', -3],
  ['America/Sao_Paulo', '-03', -3, '-03', -3],
  ['America/Noronha', '-02', -2, '-02', -2],
  ['America/Argentina/Buenos_Aires', '-03', -3, '-03', -3],
  ['America/New_York', 'EST', -5, 'EDT', -4],
  ['America/Chicago', 'CST', -6, 'CDT', -5],
  ['America/Phoenix', 'MST', -7, 'MST', -7],
  ['America/Los_Angeles', 'PST', -8, 'PDT', -7],
  ['America/Anchorage', 'AKST', -9, 'AKDT', -8],
  ['America/St_Johns', 'NST', -3.5, 'NDT', -2.5],
  ['America/Halifax', 'AST', -4, 'ADT', -3],
  ['America/Nuuk', '-02', -2, '-01', -1],
  ['America/Caracas', '-04', -4, '-04', -4],
  ['Pacific/Honolulu', 'HST', -10, 'HST', -10],
  ['Pacific/Marquesas', '-0930', -9.5, '-0930', -9.5],
  ['Pacific/Guam', 'ChST', 10, 'ChST', 10],
  ['Pacific/Chatham', '+1345', 13.75, '+1245', 12.75],
  ['Pacific/Auckland', 'NZDT', 13, 'NZST', 12],
  ['Australia/Sydney', 'AEDT', 11, 'AEST', 10],
  ['Australia/Perth', 'AWST', 8, 'AWST', 8],
  ['Australia/Eucla', '+0845', 8.75, '+0845', 8.75],
  ['Antarctica/Casey', '+08', 8, '+08', 8],
  ['Antarctica/Troll', '+00', 0, '+02', 2],
  ['Asia/Tokyo', 'JST', 9, 'JST', 9],
  ['Asia/Seoul', 'KST', 9, 'KST', 9],
  ['Asia/Shanghai', 'CST', 8, 'CST', 8],
  ['Asia/Kolkata', 'IST', 5.5, 'IST', 5.5],
  ['Asia/Colombo', '+0530', 5.5, '+0530', 5.5],
  ['Asia/Kathmandu', '+0545', 5.75, '+0545', 5.75],
  ['Asia/Dubai', '+04', 4, '+04', 4],
  ['Asia/Jerusalem', 'IST', 2, 'IDT', 3],
  ['Europe/London', 'GMT', 0, 'BST', 1],
  ['Europe/Jersey', 'GMT', 0, 'BST', 1],
  ['Europe/Dublin', 'GMT', 0, 'IST', 1],
  ['Europe/Lisbon', 'WET', 0, 'WEST', 1],
  ['Europe/Berlin', 'CET', 1, 'CEST', 2],
  ['Europe/Helsinki', 'EET', 2, 'EEST', 3],
  ['Europe/Moscow', 'MSK', 3, 'MSK', 3],
  ['Europe/Minsk', '+03', 3, '+03', 3],
  ['Europe/Istanbul', '+03', 3, '+03', 3],
  ['Atlantic/Azores', '-01', -1, '+00', 0],
  ['Africa/Lagos', 'WAT', 1, 'WAT', 1],
  ['Africa/Nairobi', 'EAT', 3, 'EAT', 3],
  ['Africa/Johannesburg', 'SAST', 2, 'SAST', 2],
]

suite('createZone', () => {
  for (const [name, january, januaryHours, july, julyHours] of zones) {
    test(`${name} is ${january} in January and ${july} in July`, () => {
      const zone = createZone(name)
      assert.deepEqual(zone(winter), {
        offsetSeconds: januaryHours * 3600,
        abbreviation: january,
      })
      assert.deepEqual(zone(summer), { offsetSeconds: julyHours * 3600, abbreviation: july })
    })
  }

  test('every zone that JavaScript knows has an abbreviation of letters, or its offset', () => {
    for (const name of Intl.supportedValuesOf('timeZone')) {
      for (const atMs of [winter, summer]) {
        const { offsetSeconds, abbreviation } = createZone(name)(atMs)
        assert.match(abbreviation, /^(?:[A-Z][A-Za-z]{2,4}|[+-]\d{2}(?:\d{2})?)$/, name)
        if (/^[+-]/.test(abbreviation)) {
          const sign = abbreviation.startsWith('-') ? -1 : 1
          const hours = Number(abbreviation.slice(1, 3))
          const minutes = Number(abbreviation.slice(3) || '0')
          assert.equal(sign * (hours * 3600 + minutes * 60), offsetSeconds, name)
        }
      }
    }
  })
})

function noTimer(): () => void {
  return () => undefined
}
