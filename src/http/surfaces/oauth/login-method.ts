/** How people prove who they are, and what relying parties learn about it. */

import type { ExtraClaims } from '../../../core/sign-access.ts'

/**
 * By method, from the weakest: the class of authentication, and the methods by the names that IANA
 * keeps (RFC 8176). What keeps the key of a passkey is not attested, so it is `pop` and neither
 * `hwk` nor `swk`; that a person unlocked it by a PIN or a finger makes it `user` and `mfa`. `phr`
 * says that a page of another site cannot make it sign (OpenID Connect EAP ACR Values 1.0).
 */
export const loginMethods = {
  password: {
    acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    amr: ['pwd'],
  },
  passkey: { acr: 'phr', amr: ['pop', 'user', 'mfa'] },
} as const

export type LoginMethod = keyof typeof loginMethods

/** What is remembered of a login, and goes from one thing that comes of it to the next. */
export interface LoginFacts {
  readonly authTimeMs: number
  readonly method: LoginMethod
  /** What a client has asked it to be called; undefined: as `loginMethods` says. */
  readonly acr?: string
}

/** As an ID token says it (OpenID Connect Core 1.0, section 2). */
export function loginClaims({ authTimeMs, method, acr: asked }: LoginFacts): ExtraClaims {
  const { acr, amr } = loginMethods[method]
  return { auth_time: Math.floor(authTimeMs / 1000), acr: asked ?? acr, amr }
}
