import { defined } from './defined.ts'
import { profiles, type Profile } from './profile.ts'
import type { Scope } from './scope.ts'
import type { IssuerTerms, TokenRules } from './token-rules.ts'

/** An identity provider whose tokens are accepted and ended here. */
export interface Issuer extends IssuerTerms {
  /** The product that it is. */
  readonly profile: Profile
  /** How long a person may stay logged in there: the end of a login is remembered for that long. */
  readonly maxSessionSeconds: number
  /** Our client ids there: a logout token must be for one of them. None: none is taken. */
  readonly logoutClients: readonly string[]
}

/** What a node knows of the keys of an issuer. */
export interface KeySetStatus {
  /** How many keys verify tokens now. */
  readonly count: number
  /** When they were fetched, by the wall clock; undefined: never yet. */
  readonly fetchedAtMs: number | undefined
  /** Why the last attempt failed, where it did. The keys from before go on verifying. */
  readonly failure: string | undefined
}

/** Names of claims in place of those of a profile. */
export type ClaimNames = Partial<
  Pick<TokenRules, 'subject' | 'session' | 'client' | 'id' | 'audience' | 'types'>
>

/** The rules of a profile, with what an installation has changed. */
export function rulesOf(profile: Profile, changed: ClaimNames): TokenRules {
  return { ...profiles[profile], ...defined(changed) }
}

/**
 * Other `iss` of the same issuer. Entra ID signs tokens of version 1.0 and 2.0 for the same people
 * under two names; which one an API gets is a setting of its registration.
 */
export function aliasesOf(profile: Profile, issuer: string): readonly string[] {
  const tenant =
    profile === 'entra' &&
    /^https:\/\/login\.microsoftonline\.com\/([^/]+)\/v2\.0$/.exec(issuer)?.[1]
  return tenant ? [`https://sts.windows.net/${tenant}/`] : []
}

/** Whether its tokens name the login that they come from: then one login can be ended. */
export function namesSessions({ rules }: Pick<Issuer, 'rules'>): boolean {
  return rules.session.length > 0
}

/** An end that is about to be stored. */
export interface ForeignEnd {
  readonly scope: Scope
  readonly nowMs: number
  /** Of a cut-off: all that was issued in this second or before. */
  readonly cutoffSeconds: number | undefined
  /** When the token expires that is ended, where that is known. */
  readonly expiresAtSeconds: number | undefined
}

/**
 * The last second that is cut off by a logout at a moment: what the issuer has issued until then,
 * also by a clock that is ahead of ours.
 */
export function cutoffAt(issuer: Pick<Issuer, 'clockSkewSeconds'>, nowMs: number): number {
  return Math.floor(nowMs / 1000) + issuer.clockSkewSeconds
}

/**
 * When the last token has expired that an end concerns. Of a login that is every token that the
 * issuer may still make of it, by a refresh token say.
 */
export function forgetAfterMs(issuer: Issuer, end: ForeignEnd): number {
  const { maxTokenLifeSeconds, maxSessionSeconds, clockSkewSeconds } = issuer
  const lastSeconds = maxTokenLifeSeconds + clockSkewSeconds
  if (end.scope === 'token') {
    return (end.expiresAtSeconds ?? end.nowMs / 1000 + lastSeconds) * 1000
  }
  const fromSeconds = Math.max(end.nowMs / 1000, end.cutoffSeconds ?? 0)
  return (fromSeconds + maxSessionSeconds + lastSeconds) * 1000
}
