/**
 * AuthN tokens: what a device has once its viewer logged in. Each is a session of the core, bound
 * to the device scope, so that a logout of the device ends it, its authorizations and its media
 * tokens at once.
 */
import { createHash } from 'node:crypto'
import type { Generations } from '../../../domain/generation.ts'
import { claimsForLogout } from '../../../domain/mvpd-logout.ts'
import type { Json, Session, SessionStatus } from '../../../domain/session.ts'
import { cameFrom, type Caller } from '../../came-from.ts'
import type { Mvpd } from './options.ts'
import { ADOBE_PASS, type Pass } from './pass.ts'

export interface Login {
  readonly requestor: string
  readonly deviceKey: string
  readonly mvpd: string
  /** The provider's own id of the viewer. */
  readonly userId: string
  readonly deviceType: string
  readonly metadata: Readonly<Record<string, Json>>
  /** What the provider's logout is made of: see `keptClaims`. */
  readonly claims?: Readonly<Record<string, string>>
  readonly lifetimeMs: number
}

/** Opens the AuthN token of a viewer on a device. */
export async function openAuthentication(
  pass: Pass,
  caller: Caller,
  login: Login,
): Promise<Session> {
  const { mvpd, userId, deviceType, metadata, claims = {} } = login
  const { session } = await pass.core.openSession({
    subjectId: subjectIdOf(mvpd, userId),
    clientId: login.requestor,
    deviceKey: login.deviceKey,
    dialect: ADOBE_PASS,
    audience: ADOBE_PASS,
    accessLifetimeMs: pass.options.mediaLifetimeMs,
    sessionLifetimeMs: login.lifetimeMs,
    attributes: {
      ...cameFrom(caller),
      mvpd,
      userId,
      deviceType,
      metadata,
      metadataUpdated: Math.floor(pass.clock.nowMs() / 1000),
      ...(Object.keys(claims).length > 0 ? { logoutClaims: claims } : {}),
    },
  })
  return session
}

/** The counters as they are for a device whose viewer is not known. */
export function generationsOfDevice(
  pass: Pass,
  clientId: string,
  deviceKey: string,
): Promise<Generations> {
  return pass.core.sessions.generations({ subjectId: deviceKey, clientId, deviceKey })
}

/** The live AuthN token of a device, the newest where there are several. */
export async function findAuthentication(
  pass: Pass,
  deviceKey: string,
): Promise<Session | undefined> {
  const session = await pass.core.sessions.findOfDevice(deviceKey)
  return session?.dialect === ADOBE_PASS ? session : undefined
}

/** Whether the device's last AuthN token ended by itself, as far as is remembered. */
export async function hasExpired(pass: Pass, deviceKey: string): Promise<boolean> {
  return (await lastAuthentication(pass, deviceKey))?.state === 'expired'
}

/** The device's last AuthN token, whatever its status, as far as it is remembered. */
export async function lastAuthentication(
  pass: Pass,
  deviceKey: string,
): Promise<SessionStatus | undefined> {
  const page = { limit: 1, cursor: undefined }
  const filter = { deviceKey, dialect: ADOBE_PASS }
  const { items } = await pass.core.sessions.list(filter, page)
  return items[0]
}

/** Longer claims are not kept: each login has a copy. */
const MAX_CLAIM_LENGTH = 4096

/** A JWE in the compact form with `dir`, which has no encrypted key (RFC 7516, section 7.1). */
const SEALED = /^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/

/**
 * Of what a provider says at a login, what its logout is made of later. A token that it has not
 * encrypted is not kept: databases and operators would have it.
 */
export function keptClaims(
  { logout }: Mvpd,
  said: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const kept = claimsForLogout(logout).flatMap((name) => {
    const value = Object.hasOwn(said, name) ? said[name] : undefined
    const isText = typeof value === 'string' && value !== '' && value.length <= MAX_CLAIM_LENGTH
    const isGood = isText && (logout?.kind !== 'revocation' || SEALED.test(value))
    return isGood ? [[name, value] as const] : []
  })
  return Object.fromEntries(kept)
}

interface Viewer {
  readonly mvpd: string
  readonly userId: string
  readonly claims: Readonly<Record<string, string>>
}

/** The provider and the viewer of an AuthN token, and what the provider said at the login. */
export function viewerOf({ attributes }: Session): Viewer {
  const { mvpd, userId, logoutClaims } = attributes
  const claims = (logoutClaims ?? {}) as Readonly<Record<string, string>>
  return { mvpd: textOf(mvpd), userId: textOf(userId), claims }
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/**
 * The subject of a viewer: the provider's name and id where they fit a subject id, else a hash. Ids
 * hold no white space and no colon, and providers choose theirs as they like.
 */
export function subjectIdOf(mvpd: string, userId: string): string {
  if (/^[\w.@+=~-]{1,60}$/.test(userId)) return `${mvpd}/${userId}`
  return `${mvpd}/${createHash('sha256').update(userId).digest('base64url')}`
}
