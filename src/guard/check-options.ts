import { feedLimits } from '../protocol/feed.ts'
import type { GuardOptions, OnStale, ReadyOptions } from './options.ts'

/** What a value must be, in the words of the error message. */
export interface Rule {
  readonly allowed: string
  readonly allows: (value: unknown) => boolean
}

/** One rule for each option that there is. What is not in the table is not an option. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule }

const policies: readonly unknown[] = ['refuse', 'ask', 'allow'] satisfies OnStale[]

export const someText: Rule = { allowed: 'a string that is not empty', allows: isText }
export const aFunction: Rule = {
  allowed: 'a function',
  allows: (value) => typeof value === 'function',
}
export const aPolicy: Rule = {
  allowed: 'refuse, ask or allow',
  allows: (value) => policies.includes(value),
}
const aTime: Rule = {
  allowed: 'a number of milliseconds above 0',
  allows: (value) => isNumber(value) && value > 0,
}

const bareUrl: Rule = {
  allowed: 'an http or https URL without user name, password, query and fragment',
  allows: isBareUrl,
}

const guardOptions: Rules<GuardOptions> = {
  server: bareUrl,
  publicUrl: bareUrl,
  credential: someText,
  audience: someText,
  onStale: aPolicy,
  name: {
    allowed: `a string of ${feedLimits.nameBytes} bytes at most`,
    allows: (value) => typeof value === 'string' && byteLength(value) <= feedLimits.nameBytes,
  },
  cacheSize: {
    allowed: 'a whole number from 0',
    allows: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  askTimeoutMs: aTime,
  issuer: someText,
  issuers: {
    allowed: 'a list of names',
    allows: (value) => Array.isArray(value) && value.every(isText),
  },
  log: {
    allowed: 'an object with info, warn and error',
    allows: (value) => hasAll(value, ['info', 'warn', 'error']),
  },
  fetch: aFunction,
  keys: aFunction,
  connect: aFunction,
  clock: {
    allowed: 'an object with nowMs, monotonicMs and after',
    allows: (value) => hasAll(value, ['nowMs', 'monotonicMs', 'after']),
  },
  random: aFunction,
}

const readyOptions: Rules<ReadyOptions> = {
  timeoutMs: aTime,
  signal: {
    allowed: 'an AbortSignal',
    allows: (value) => hasAll(value, ['addEventListener', 'throwIfAborted']),
  },
}

/**
 * Refuses options that cannot work, and unknown ones, before anything is opened: discovered later,
 * they would end the process or let in more than was meant.
 *
 * @throws {TypeError} That names the option, what was given, and what is allowed.
 */
export function checkOptions(options: GuardOptions): void {
  check('create guard', options, guardOptions, ['server', 'credential'])
  // A variable that is not set must not mean "whichever API it is for".
  if ('audience' in options && options.audience === undefined) {
    throw new TypeError(
      'Cannot create guard: "audience" is undefined; leave it out to accept tokens for every API',
    )
  }
}

/** The same for `ready`. */
export function checkReadyOptions(options: ReadyOptions): void {
  check('get ready', options, readyOptions)
}

/**
 * The same for any table.
 *
 * @param verb What cannot be done.
 */
export function check<Options extends object>(
  verb: string,
  options: Options,
  rules: Rules<Options>,
  needed: readonly (keyof Options)[] = [],
): void {
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot ${verb}: ${why}`)
  }
  if (typeof options !== 'object' || options === null) {
    refuse(`the options are ${shown(options)}, not an object`)
  }
  const known = Object.keys(rules)
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) refuse(`there is no option "${name}", but ${known.join(', ')}`)
  }
  for (const name of known as (keyof Options & string)[]) {
    const value = options[name]
    if (value === undefined && !needed.includes(name)) continue
    const { allows, allowed } = rules[name]
    if (!allows(value)) refuse(`"${name}" is ${shown(value, name)}, not ${allowed}`)
  }
}

function isBareUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, username, password, search, hash } = new URL(value)
  const isBare = username + password + search + hash === ''
  return isBare && (protocol === 'http:' || protocol === 'https:')
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function hasAll(value: unknown, methods: readonly string[]): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

function byteLength(value: string): number {
  return new TextEncoder().encode(value).length
}

/** What was given, in a few words; nothing of what may be a secret. */
function shown(value: unknown, name = ''): string {
  if (value === '') return 'empty'
  if (typeof value === 'string') {
    const isSecret = name === 'credential' || /[@?#]/.test(value)
    return isSecret ? 'what it is' : JSON.stringify(value.slice(0, 40))
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value)
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}
