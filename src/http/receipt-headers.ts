import type { Receipt } from '../domain/receipt.ts'

/** How the headers are described in the OpenAPI document. */
export const receiptHeaderForms: Readonly<Record<string, object>> = {
  'Outright-Revocation': { description: 'Id of the revocation', schema: { type: 'string' } },
  'Outright-Confirmed': {
    description: 'Verifiers that confirmed, of all',
    schema: { type: 'string' },
  },
}

/**
 * The receipt as headers of a logout's answer.
 *
 * @param receipt What is known of the confirmation.
 * @param waited False where the caller asked not to wait (RFC 7240, section 4.1).
 */
export function receiptHeaders(receipt: Receipt, waited: boolean): Record<string, string> {
  const { acknowledged, verifiers, lapsed, elapsedMs } = receipt
  return {
    'outright-revocation': receipt.revocationId,
    'outright-confirmed': `${acknowledged}/${verifiers};lapsed=${lapsed};ms=${Math.round(elapsedMs)}`,
    ...(waited ? {} : { 'preference-applied': 'respond-async' }),
  }
}
