/**
 * The provider's logout URL (OpenID Connect RP-Initiated Logout 1.0), called without a browser: a
 * POST with `logout_hint`.
 *
 * Many a provider answers such a call with a page that asks the viewer, and 200. What proves that
 * it has logged the viewer out is that it sends the caller back to `post_logout_redirect_uri` with
 * `state` (section 3), so nothing less counts.
 */
import { rpInitiatedParameters, type RpInitiatedLogout } from '../../domain/mvpd-logout.ts'
import type { SendOutcome } from '../../ports/delivery.ts'
import { outcomeOf, type Answer } from '../exchange.ts'
import { formHeaders, impossible, type ChannelWorld, type TellProvider } from './channel.ts'

export function rpInitiatedChannel(
  settings: RpInitiatedLogout,
  { exchange, nowMs, newId, returnUrl }: ChannelWorld,
): TellProvider {
  return async ({ facts: { userId }, signal }) => {
    const state = newId()
    const body = rpInitiatedParameters(settings, { userId, returnUrl, state }).toString()
    const answer = await exchange(settings.url, {
      method: 'POST',
      headers: formHeaders,
      body,
      signal,
    })
    return answer.kind === 'answer' ? outcome(answer, { returnUrl, state }, nowMs()) : answer
  }
}

function outcome(
  answer: Answer,
  wanted: { readonly returnUrl: string; readonly state: string },
  nowMs: number,
): SendOutcome {
  if (isBack(answer, wanted)) return { kind: 'delivered' }
  const said = outcomeOf(answer, nowMs)
  if (said.kind !== 'delivered') return said
  return impossible(
    `it answered ${String(answer.status)} and did not redirect back: it asks the viewer, who is not present`,
  )
}

function isBack(
  { status, headers }: Answer,
  { returnUrl, state }: { readonly returnUrl: string; readonly state: string },
): boolean {
  const location = URL.parse(headers['location'] ?? '')
  if ((status !== 302 && status !== 303) || location === null) return false
  return (
    location.origin + location.pathname === returnUrl &&
    location.searchParams.get('state') === state
  )
}
