import type { Random } from '../ports/random.ts'

/** A password or a client's secret of 192 random bits: 32 characters of base64url. */
export function mintSecret(random: Random): string {
  return Buffer.from(random.bytes(24)).toString('base64url')
}
