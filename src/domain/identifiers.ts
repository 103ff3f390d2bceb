/**
 * The names by which people log in, in one form each: two spellings of a phone number, an e-mail
 * address or a user name are one person's, however they are written. Stores keep the normal form
 * and look up by it.
 */
import { refuse } from './failure.ts'
import type { Subject } from './identity.ts'

export type Identifier = 'username' | 'email' | 'phone'

/**
 * What cannot be seen or turns the direction of text: control and format characters (zero width,
 * bidi marks), line separators, halves of surrogate pairs, and code points that mean nothing.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\p{Co}]/u
/** What people and forms put between the digits of a phone number. */
const PHONE_PUNCTUATION = /[\s().\-\u{2010}-\u{2013}]/gu
/** ITU-T E.164: a country code and at most fifteen digits in all. */
const PHONE = /^[1-9]\d{3,14}$/
const FULL_OR_HALF_WIDTH = /[\u{FF01}-\u{FFEE}]/gu
const LATIN = /\p{Script=Latin}/u
/** Alphabets with letters that look like Latin ones. */
const LOOK_ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}]/u

/**
 * The normal form of one identifier.
 *
 * - `phone`: E.164 as digits, country code first, without the plus sign: `919999900001`.
 * - `email`: NFC, in lower case, without white space around it.
 * - `username`: NFC, full-width letters as ordinary ones. Its case matters.
 *
 * @returns Undefined where the text cannot be one, so no account has it.
 */
export function normalIdentifier(by: Identifier, text: string): string | undefined {
  switch (by) {
    case 'phone': {
      const digits = text
        .trim()
        .replace(/^(?:\+|00)/, '')
        .replaceAll(PHONE_PUNCTUATION, '')
      return PHONE.test(digits) ? digits : undefined
    }
    case 'email':
      return visible(text.trim().toLowerCase())
    case 'username':
      return visible(text.replaceAll(FULL_OR_HALF_WIDTH, (letter) => letter.normalize('NFKC')))
  }
}

export type Identifiers = Pick<Subject, Identifier>

/**
 * The same with the identifiers that are given in normal form.
 *
 * @throws {Refusal} `invalid_parameter` where one cannot be used: it has invisible characters,
 *   mixes alphabets that look alike, or is not a phone number.
 */
export function withNormalIdentifiers<T extends Partial<Identifiers>>(given: T): T {
  const { username, email, phone } = given
  return {
    ...given,
    ...(username === undefined ? {} : { username: required('username', username) }),
    ...(email === undefined ? {} : { email: required('email', email) }),
    ...(phone === undefined ? {} : { phone: required('phone', phone) }),
  }
}

function required(by: Identifier, text: string): string {
  const normal = normalIdentifier(by, text)
  if (normal === undefined) {
    const reason =
      by === 'phone'
        ? 'must be a phone number with its country code, at most 15 digits'
        : 'must not be empty or have invisible characters'
    return refuse({ kind: 'invalid_parameter', parameter: by, reason })
  }
  if (by === 'username' && LATIN.test(normal) && LOOK_ALIKE.test(normal)) {
    const reason = 'must not mix Latin letters with Cyrillic or Greek ones, which look alike'
    return refuse({ kind: 'invalid_parameter', parameter: by, reason })
  }
  return normal
}

function visible(text: string): string | undefined {
  return text === '' || INVISIBLE.test(text) ? undefined : text.normalize('NFC')
}
