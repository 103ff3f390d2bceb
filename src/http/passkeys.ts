/**
 * Passkeys at the pages of this server (WebAuthn Level 3). It owns the two ceremonies: a challenge
 * that is good once, for five minutes and for the browser that asked for it, and the check of what
 * the browser brings back. Whose a passkey is, and what it opens, is the surface's business.
 */
import { isIP } from 'node:net'
import type {
  AuthenticationResponseJSON,
  AuthenticatorTransportFuture,
  RegistrationResponseJSON,
  WebAuthnCredential,
} from '@simplewebauthn/server'
import { digest } from '../core/handles.ts'
import { refuse } from '../domain/failure.ts'
import { MAX_PASSKEY_NAME_LENGTH, type Passkey } from '../domain/passkey.ts'
import type { SurfaceContext } from './context.ts'
import { ownCookieName, readCookie, type Cookie } from './cookie.ts'
import type { Answer, SurfaceRequest } from './surface.ts'

export interface PasskeyHolder {
  /** `Passkey.holder`. */
  readonly holder: string
  /** What the browser shows when it asks which passkey. */
  readonly name: string
}

export interface PasskeyPages {
  /** False where browsers know no passkeys: at an address, or without TLS but on `localhost`. */
  readonly isPossible: boolean
  /** Asks a browser to make a passkey: JSON for its script, and a cookie. */
  askToRegister(holder: PasskeyHolder): Promise<Answer>
  /**
   * Checks what the browser made, and keeps it.
   *
   * @param name What its holder calls it. What is too long is cut.
   * @returns The id of the passkey.
   * @throws {Refusal} `credentials_invalid`, `conflict`.
   */
  register(
    request: SurfaceRequest,
    holder: PasskeyHolder,
    response: string,
    name?: string,
  ): Promise<string>
  /** Asks a browser to sign with any passkey that it has for this server. */
  askToSign(): Promise<Answer>
  /**
   * Whose passkey has signed.
   *
   * @throws {Refusal} `credentials_invalid` for whatever is not right, a counter that has not grown
   *   included.
   */
  authenticate(request: SurfaceRequest, response: string): Promise<Passkey>
}

const KIND = 'passkey-challenge'
const CHALLENGE_MS = 300_000

/** ES256, EdDSA, RS256: what authenticators have. */
const ALGORITHMS = [-7, -8, -257]

/** Loaded when a passkey is first used: it would be a fifth of what a server loads at its start. */
const webAuthn = () => import('@simplewebauthn/server')

type Purpose = 'register' | 'sign'

export function createPasskeyPages({
  core,
  issuer,
}: Pick<SurfaceContext, 'core' | 'issuer'>): PasskeyPages {
  const { origin, hostname, protocol } = new URL(issuer)
  const secure = protocol === 'https:'

  const challenges = challengesOf(core, secure)
  const site: Site = {
    expectedOrigin: origin,
    expectedRPID: hostname,
    requireUserVerification: true,
  }

  return {
    isPossible: isIP(hostname.replace(/^\[|\]$/g, '')) === 0 && (secure || isLocal(hostname)),

    async askToRegister({ holder, name }) {
      const known = await core.passkeys.list(holder)
      const { generateRegistrationOptions } = await webAuthn()
      const options = await generateRegistrationOptions({
        rpName: 'Outright',
        rpID: hostname,
        userName: name,
        userID: new Uint8Array(Buffer.from(userHandleOf(holder), 'base64url')),
        excludeCredentials: known.map(({ id }) => ({ id })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
        timeout: CHALLENGE_MS,
      })
      return challenges.give(options, 'register')
    },

    async register(request, { holder }, text, name = '') {
      const expectedChallenge = await challenges.take(request, 'register')
      const credential = await checkRegistration(site, text, expectedChallenge)
      const { id, publicKey, counter, transports = [] } = credential
      await core.passkeys.add({
        id,
        holder,
        name: shortName(name),
        publicKey: Buffer.from(publicKey).toString('base64url'),
        counter,
        transports: transports.filter((one) => KNOWN_TRANSPORTS.has(one)),
      })
      return id
    },

    async askToSign() {
      const { generateAuthenticationOptions } = await webAuthn()
      const options = await generateAuthenticationOptions({
        rpID: hostname,
        userVerification: 'required',
        timeout: CHALLENGE_MS,
      })
      return challenges.give(options, 'sign')
    },

    async authenticate(request, text) {
      const expectedChallenge = await challenges.take(request, 'sign')
      const response = parse<AuthenticationResponseJSON>(text)
      const passkey =
        typeof response.id === 'string' ? await core.passkeys.find(response.id) : undefined
      if (passkey === undefined || !isOf(passkey, response)) return invalid()
      const counter = await checkSignature(site, passkey, response, expectedChallenge)
      await core.passkeys.use(passkey.id, counter)
      return passkey
    },
  }
}

/** Where the cut leaves half of a character (UTF-16), that goes as well: it is not text. */
function shortName(name: string): string {
  const clean = name.replaceAll(/\s+|\p{Cc}/gu, ' ').trim()
  return clean.slice(0, MAX_PASSKEY_NAME_LENGTH).replace(/\p{Cs}$/u, '')
}

interface Challenges {
  /** Options of a ceremony, whose challenge is kept under a handle that only this browser has. */
  give(options: { readonly challenge: string }, purpose: Purpose): Promise<Answer>
  /** Used up by whatever is brought, also where that is wrong. */
  take(request: SurfaceRequest, purpose: Purpose): Promise<string>
}

function challengesOf(
  { handles }: Pick<SurfaceContext['core'], 'handles'>,
  secure: boolean,
): Challenges {
  return {
    async give(options, purpose) {
      const value = { challenge: options.challenge, purpose }
      const handle = await handles.issue({ kind: KIND, value, lifetimeMs: CHALLENGE_MS })
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(options),
        cookies: [challengeCookie(secure, handle)],
      }
    },
    async take(request, purpose) {
      const handle = readCookie(request, cookieName(secure)) ?? ''
      const found = (await handles.find(KIND, handle)) as
        { readonly challenge: string; readonly purpose: Purpose } | undefined
      if (found?.purpose !== purpose) return invalid()
      return (await handles.take(KIND, handle)) ? found.challenge : invalid()
    },
  }
}

/** Where a browser must have been, and that it must have asked the person. */
interface Site {
  readonly expectedOrigin: string
  readonly expectedRPID: string
  readonly requireUserVerification: true
}

async function checkRegistration(
  site: Site,
  text: string,
  expectedChallenge: string,
): Promise<WebAuthnCredential> {
  const response = parse<RegistrationResponseJSON>(text)
  const { verifyRegistrationResponse } = await webAuthn()
  const { verified, registrationInfo } = await orInvalid(() =>
    verifyRegistrationResponse({
      ...site,
      response,
      expectedChallenge,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  )
  return verified && registrationInfo !== undefined ? registrationInfo.credential : invalid()
}

/**
 * The user whom the authenticator names must own the passkey here (WebAuthn Level 3, section 7.2,
 * step 6): no name was entered, so the authenticator has to give one.
 */
function isOf({ holder }: Passkey, { response }: AuthenticationResponseJSON): boolean {
  return response?.userHandle === userHandleOf(holder)
}

/** Reveals nothing about the person: authenticators show it to anyone who holds them. */
function userHandleOf(holder: string): string {
  return digest(holder)
}

/** @returns The counter that was signed. The store compares it, in the statement that moves it. */
async function checkSignature(
  site: Site,
  { id, publicKey }: Passkey,
  response: AuthenticationResponseJSON,
  expectedChallenge: string,
): Promise<number> {
  const key = new Uint8Array(Buffer.from(publicKey, 'base64url'))
  const credential = { id, publicKey: key, counter: 0 }
  const { verifyAuthenticationResponse } = await webAuthn()
  const { verified, authenticationInfo } = await orInvalid(() =>
    verifyAuthenticationResponse({ ...site, response, expectedChallenge, credential }),
  )
  return verified ? authenticationInfo.newCounter : invalid()
}

const KNOWN_TRANSPORTS: ReadonlySet<AuthenticatorTransportFuture> = new Set([
  'ble',
  'cable',
  'hybrid',
  'internal',
  'nfc',
  'smart-card',
  'usb',
])

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost')
}

function cookieName(secure: boolean): string {
  return ownCookieName('passkey', secure)
}

function challengeCookie(secure: boolean, value: string): Cookie {
  const maxAgeSeconds = CHALLENGE_MS / 1000
  return { name: cookieName(secure), value, path: '/', secure, sameSite: 'strict', maxAgeSeconds }
}

function parse<T>(text: string): T {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as T
  } catch {
    // Whatever it is, no browser made it.
  }
  return invalid()
}

/** The library throws for whatever is not right. What was brought is not repeated. */
async function orInvalid<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check()
  } catch {
    return invalid()
  }
}

function invalid(): never {
  return refuse({ kind: 'credentials_invalid' })
}
