import type { Random } from '../ports/random.ts'

/** Makes up a code that people read and type: each character is as likely as any other. */
export function mintCode(random: Random, alphabet: string, length: number): string {
  let code = ''
  while (code.length < length) {
    for (const byte of random.bytes(length)) {
      // Bytes above the largest multiple would make the first characters more likely.
      if (byte < 256 - (256 % alphabet.length) && code.length < length) {
        code += alphabet.charAt(byte % alphabet.length)
      }
    }
  }
  return code
}
