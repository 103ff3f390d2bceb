const length = 36
const hyphen = 0x2d
const noDigit = 0xff
/** What each character is worth as a lower-case hexadecimal digit. */
const digits = new Uint8Array(0x80).fill(noDigit)
for (let digit = 0; digit < 16; digit++) digits[digit.toString(16).charCodeAt(0)] = digit

/**
 * Whether a text is a UUID of RFC 9562, in lower case: version 1 to 8, its variant. By hand, as a
 * guard has no library for it, and asks about every new token.
 */
export function isUuid(text: string): boolean {
  if (text.length !== length) return false
  for (let at = 0; at < length; at++) {
    const isBetween = at === 8 || at === 13 || at === 18 || at === 23
    if (isBetween ? text.charCodeAt(at) !== hyphen : digitAt(text, at) === noDigit) return false
  }
  const version = digitAt(text, 14)
  return version >= 1 && version <= 8 && digitAt(text, 19) >> 2 === 0b10
}

/**
 * The last 64 bits of a UUID, as two signed integers.
 *
 * @param uuid What {@link isUuid} found to be one.
 */
export function lastHalf(uuid: string): { readonly high: number; readonly low: number } {
  return {
    high: (fourDigits(uuid, 19) << 16) | fourDigits(uuid, 24),
    low: (fourDigits(uuid, 28) << 16) | fourDigits(uuid, 32),
  }
}

function fourDigits(text: string, at: number): number {
  return (
    (digitAt(text, at) << 12) |
    (digitAt(text, at + 1) << 8) |
    (digitAt(text, at + 2) << 4) |
    digitAt(text, at + 3)
  )
}

function digitAt(text: string, at: number): number {
  return digits[text.charCodeAt(at)] ?? noDigit
}
