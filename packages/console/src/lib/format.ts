/** Numbers and times as people read them, in the language of the page. */
import { locale } from './preferences.ts'

export function count(value: number): string {
  return value.toLocaleString(locale())
}

/** `0.4 ms`, `11 ms`, `2.3 s`. */
export function duration(ms: number): string {
  const number = (value: number, digits: number): string =>
    value.toLocaleString(locale(), { maximumFractionDigits: digits })
  if (ms < 10) return `${number(ms, 1)} ms`
  if (ms < 1000) return `${number(ms, 0)} ms`
  if (ms < 60_000) return `${number(ms / 1000, 1)} s`
  if (ms < 3_600_000) return `${number(ms / 60_000, 0)} min`
  if (ms < 86_400_000) return `${number(ms / 3_600_000, 1)} h`
  return `${number(ms / 86_400_000, 1)} d`
}

/** A time before (−) or after (+) a moment. */
export function signedDuration(ms: number): string {
  return (ms < 0 ? '−' : '+') + duration(Math.abs(ms))
}

/** The day and the time to the second. */
export function moment(instant: string): string {
  return new Date(instant).toLocaleString(locale(), {
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
}

export function clockTime(instant: string): string {
  return new Date(instant).toLocaleTimeString(locale())
}

const steps = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** `3 minutes ago`, `in 2 hours`. */
export function ago(instant: string): string {
  const ms = Date.parse(instant) - Date.now()
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' })
  const [unit, size] = steps.find(([, length]) => Math.abs(ms) >= length) ?? ['second', 1000]
  return format.format(Math.round(ms / size), unit)
}

/** The head of an id, which is enough to tell it from the others on a page. */
export function short(id: string): string {
  return id.length > 18 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id
}
