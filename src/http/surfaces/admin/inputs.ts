/** What several routes take: texts with their rules, pages, and whether to wait. */
import { MAX_PASSWORD_LENGTH } from '../../../core/password.ts'
import { accountStatuses, type AccountStatus, type Attributes } from '../../../domain/identity.ts'
import type { OptionalSetting } from '../../../settings/schema.ts'
import {
  anything,
  anyText,
  choice,
  optional,
  strict,
  text,
  withRule,
  type Schema,
} from '../../schema.ts'

/** Text on one line: without what cannot be stored as UTF-8 and read back the same. */
export function singleLine(
  maxLength: number,
  description?: string,
  wrong: (value: string) => string | undefined = () => undefined,
): Schema<string> {
  return text(maxLength, description === undefined ? {} : { description }, (value) =>
    /\p{Cc}/u.test(value) || !value.isWellFormed()
      ? 'must not hold control characters'
      : wrong(value),
  )
}

/** Ids of subjects and clients: no white space, no colon (which keeps `client:42` apart). */
export const idText: Schema<string> = singleLine(128, undefined, (value) =>
  /[\s:]/.test(value) ? 'must not hold white space or a colon' : undefined,
)

export const nameText: Schema<string> = singleLine(200)

/** A password, or the secret of a client. */
export const secretText: Schema<string> = singleLine(MAX_PASSWORD_LENGTH)

export const statusWord: Schema<AccountStatus> = choice(accountStatuses, {})

const MAX_ATTRIBUTES_LENGTH = 16_384
export const tooLong: string = `is longer than ${String(MAX_ATTRIBUTES_LENGTH)} characters of JSON`

export const attributes: Schema<Attributes> = withRule(
  anything as Schema<Attributes>,
  isShort,
  tooLong,
)

export function isShort(value: Attributes): boolean {
  return JSON.stringify(value).length <= MAX_ATTRIBUTES_LENGTH
}

/** A filter of a list, or another parameter of a query. */
export function filter(description: string): OptionalSetting<string> {
  return optional(singleLine(1024, description))
}

/** A time. */
export function moment(description: string): Schema<string> {
  return singleLine(40, description, (value) =>
    Number.isNaN(Date.parse(value)) ? 'is not a time' : undefined,
  )
}

/** Of calls that end something. */
export const preferring: Schema<{ readonly prefer?: string }> = strict<{
  readonly prefer?: string
}>({
  prefer: optional(
    anyText({ description: '`respond-async`: answers as soon as it is stored (RFC 7240)' }),
  ),
})
