/** Keys that tokens are bound to, at the token endpoint (RFC 9449, sections 5 to 8 and 10). */
import { proofProblems } from '../../../protocol/dpop.ts'
import type { SurfaceRequest } from '../../surface.ts'
import type { OAuthClient } from '../../oauth-client.ts'
import type { CallError } from './client-call.ts'
import type { OAuthService } from './service.ts'

/** SHA-256 thumbprint of a key (RFC 7638). */
export const THUMBPRINT: RegExp = /^[\w-]{43}$/

/** The key that a client has proved to have; without one its tokens are bearer tokens. */
export interface Holder {
  readonly thumbprint?: string
}

/** What is said where the proof of a key is not good. */
export type HolderError = CallError<'invalid_dpop_proof' | 'use_dpop_nonce'>

/**
 * Uses the proof of a request for tokens, where it has one.
 *
 * @throws {Refusal} `store_unavailable`.
 */
export async function readHolder(
  { core, options }: OAuthService,
  request: SurfaceRequest,
): Promise<Holder | HolderError> {
  const sent = request.header('dpop')
  if (sent === undefined) return {}
  const { method, publicUrl, path } = request
  const needsNonce = options.dpopNonces
  const proof = await core.proofs.use({ proof: sent, method, url: publicUrl + path, needsNonce })
  if (typeof proof !== 'string') return { thumbprint: proof.thumbprint }
  const error = proof === 'nonce' ? 'use_dpop_nonce' : 'invalid_dpop_proof'
  return { error, why: proofProblems[proof] }
}

/**
 * What of a session is bound to the key of a client: the refresh tokens of those that prove nothing
 * else.
 */
export function bindingOf({ methods }: OAuthClient, { thumbprint }: Holder): { boundTo?: string } {
  return thumbprint !== undefined && methods.includes('none') ? { boundTo: thumbprint } : {}
}

/** Headers of an answer of the token endpoint: a nonce where one is needed. */
export async function nonceHeaders(
  { core, options }: OAuthService,
  said: object,
): Promise<Readonly<Record<string, string>>> {
  const isWanted = 'error' in said && said.error === 'use_dpop_nonce'
  return isWanted || options.dpopNonces ? { 'dpop-nonce': await core.proofs.nonce() } : {}
}
